"""Hazards of self-tests: one that every model passes, one that a sound model fails elsewhere, one that never runs."""

from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest

from tests.unit.vision.test_models import manifest_text
from vedette.adapters.openvino_network import OpenVinoNetwork
from vedette.core.errors import InvalidInputError
from vedette.node.face_recognizer import CROP_SIDE_PX, HEAD_SIDE_PX, PICTURE_SIDE_PX
from vedette.node.model_selftests import run_selftest, take_selftest
from vedette.vision.models.manifest import parse_manifest
from vedette.vision.models.registry import ModelRegistry
from vedette.vision.models.selftest import (
    SelfTest,
    SelfTestFailedError,
    check_outputs,
    find_difference,
    make_input,
    take_vector,
)

EMBEDDED = ("plate-detector", "plate-reader")
PICTURE = parse_manifest(manifest_text(), "tiny.yaml").input


def scores(seed: int = 1, rows: int = 50) -> np.ndarray:
    return np.random.default_rng(seed).random((rows, 5)).astype(np.float32)


def a_test(output: np.ndarray, tolerance: float = 0.02, column: int | None = None) -> SelfTest:
    vector = take_vector(output, has_places=column is None, column=column)
    return SelfTest(7, [1, 3, 48, 64], tolerance, {"out": vector})


def test_input_is_the_same_on_every_machine_and_looks_like_a_picture() -> None:
    made = make_input([1, 3, 48, 64], 7, PICTURE)
    assert (made.shape, made.dtype, made.flags.c_contiguous) == ((1, 3, 48, 64), np.float32, True)
    assert made[0, 0, 0, :3].tolist() == [160, 154, 169], "whole levels: what a network that takes bytes is asked"
    assert 0 <= made.min() < 40
    assert 215 < made.max() <= 255
    neighbours = float(np.abs(np.diff(made, axis=-1)).mean())
    assert neighbours < float(made.std()) / 3, "smooth: noise alone shows a network nothing"
    last = make_input([1, 48, 64, 3], 7, msgspec.structs.replace(PICTURE, layout="NHWC"))
    assert np.array_equal(np.moveaxis(last, -1, 1), made)


def test_rounding_passes_and_another_model_does_not() -> None:
    output = scores()
    check_outputs("m", a_test(output), {"out": output + np.float32(0.005)})
    for other in (scores(2), output * 2, output[::-1], output[:, ::-1], output[:49], np.zeros_like(output)):
        with pytest.raises(SelfTestFailedError):
            check_outputs("m", a_test(output), {"out": np.ascontiguousarray(other)})


def test_equal_detections_may_change_places_but_not_their_confidences() -> None:
    boxes = scores()
    test = a_test(boxes, column=4)
    check_outputs("m", test, {"out": boxes[np.random.default_rng(3).permutation(len(boxes))]})
    with pytest.raises(SelfTestFailedError):
        check_outputs("m", test, {"out": boxes * np.array([1, 1, 1, 1, 0.5], np.float32)})
    with pytest.raises(SelfTestFailedError, match="no column"):
        check_outputs("m", test, {"out": boxes[:, :4]})


def test_output_that_is_missing_empty_or_no_number_fails() -> None:
    test = a_test(scores())
    for outputs in ({}, {"out": np.full((50, 5), np.nan, np.float32)}, {"out": np.zeros((0, 5), np.float32)}):
        with pytest.raises(SelfTestFailedError):
            check_outputs("m", test, outputs)
    assert find_difference(take_vector(scores(), has_places=True), take_vector(scores(), has_places=False)) > 1


@pytest.mark.parametrize(
    "text",
    [
        "selftest: {seed: 1, shape: [1, 3, 48, 64], tolerance: 0.02, outputs: {}}",
        "selftest: {seed: 1, shape: [3, 48, 64], tolerance: 0.02, outputs: {o: {quantiles: [0, 0, 0, 0, 0, 0, 0]}}}",
        "selftest: {seed: 1, shape: [1, 3, 48, 64], tolerance: 1, outputs: {o: {quantiles: [0, 0, 0, 0, 0, 0, 0]}}}",
        "selftest: {seed: 1, shape: [1, 3, 48, 64], tolerance: 0.02, outputs: {o: {quantiles: [0]}}}",
    ],
)
def test_vector_that_proves_nothing_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError, match="self-test"):
        parse_manifest(manifest_text(extra=text), "tiny.yaml")


def test_every_shipped_manifest_has_a_vector_of_a_shape_that_is_really_loaded() -> None:
    for manifest in ModelRegistry(Path("none")).manifests():
        assert manifest.selftest is not None, manifest.name
        shape, given = manifest.selftest.shape, manifest.input
        assert (given.height, given.width) == tuple(shape[1:3] if given.layout == "NHWC" else shape[2:])
    yunet = ModelRegistry(Path("none")).find_named("yunet-n")
    assert yunet.input.width in {HEAD_SIDE_PX, CROP_SIDE_PX, PICTURE_SIDE_PX}


@pytest.mark.parametrize("name", EMBEDDED)
def test_embedded_models_pass_here_and_with_another_vector_are_not_loaded(name: str) -> None:
    model = ModelRegistry(Path("none")).load(ModelRegistry(Path("none")).find_named(name))
    assert run_selftest(model)
    test = take_selftest(model)
    [(output, vector)] = test.outputs.items()
    shifted = msgspec.structs.replace(vector, projections=[value + 1 for value in vector.projections])
    changed = msgspec.structs.replace(test, outputs={output: shifted})
    wrong = replace(model, manifest=msgspec.structs.replace(model.manifest, selftest=changed))
    with pytest.raises(SelfTestFailedError, match=name):
        OpenVinoNetwork(wrong, test.shape)
