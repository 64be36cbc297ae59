"""Runs the self-tests of installed models here, and takes the vectors that go into manifests."""

from collections.abc import Mapping
from functools import partial

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from vedette.adapters.enlarger import open_strip_network
from vedette.adapters.openvino_network import OpenVinoNetwork
from vedette.vision.enhance.bank import read_bank
from vedette.vision.enhance.strips import StripRunner
from vedette.vision.models.manifest import ModelManifest
from vedette.vision.models.registry import InstalledModel
from vedette.vision.models.selftest import OutputVector, SelfTest, check_outputs, make_input, take_vector

_SEED = 7
_TOLERANCES = {"int8": 0.5, "fp16": 0.02, "fp32": 0.02}
"""By precision. What processors make of it: docs/design/vision.md."""
_CONFIDENCE = 4
"""Column of a detection."""
_SCALE = "_16"
"""Of outputs that come in several scales the middle one is tested."""


def run_selftest(model: InstalledModel) -> bool:
    """Whether there is a test; raises SelfTestFailedError when it is not passed."""
    test = model.manifest.selftest
    if test is None:
        return False
    check_outputs(model.manifest.name, test, _answer(model, test.shape, test.seed))
    return True


def take_selftest(model: InstalledModel) -> SelfTest:
    """The vector of a model as it runs here. Of detections the numbers have no place of their own, except in our own
    detector, which answers for every cell; nor have labels.
    """
    given = model.manifest.input
    size = [given.height, given.width]
    channels = 1 if given.colour == "GREY" else 3
    shape = [1, *size, channels] if given.layout == "NHWC" else [1, channels, *size]
    outputs = _answer(model, shape, _SEED)
    has_places = model.manifest.task != "detection" or model.manifest.obtain == "embedded"
    column = None if has_places else _CONFIDENCE
    vectors: dict[str, OutputVector] = {}
    for name in _choose_outputs(model.manifest, outputs):
        vectors[name] = take_vector(outputs[name], has_places=has_places, column=column)
    return SelfTest(_SEED, shape, _TOLERANCES[model.manifest.precision], vectors)


def _choose_outputs(manifest: ModelManifest, outputs: Mapping[str, object]) -> list[str]:
    """Those that the manifest names; all, where it calls a single one otherwise than the file does."""
    names = [name if name in outputs else f"{name}{_SCALE}" for name in manifest.outputs]
    known = [name for name in names if name in outputs] or list(outputs)
    return [name for name in known if not (manifest.task == "detection" and name == "labels")]


def _answer(model: InstalledModel, shape: list[int], seed: int) -> dict[str, NDArray[np.float32]]:
    bare = InstalledModel(replace(model.manifest, selftest=None), model.files)
    tensor = make_input(shape, seed, model.manifest.input)
    if model.manifest.task == "super_resolution":
        return _enlarge(model, tensor)
    return OpenVinoNetwork(bare, shape).infer(tensor)


def _enlarge(model: InstalledModel, tensor: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
    """What each weight set of super-resolution makes of luma (1, 1, H, W)."""
    luma = tensor[0, 0].astype(np.uint8)
    size_px = (luma.shape[1], luma.shape[0])
    answers = {}
    for name, weights in read_bank(model).sets.items():
        runner = StripRunner(size_px, partial(open_strip_network, weights, threads=1))
        answers[name] = runner.enlarge(luma).astype(np.float32)
    return answers
