"""Hazards of classifiers in integers: another answer than NumPy's, at borders, odd sides, the largest sums and in all
views; a network of another form that is taken for one; a library that computes something else and is believed.
"""

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as ops

from vedette.adapters.classifier_network import open_classifier
from vedette.adapters.native_classifier import IntegerKernel, NativeClassifier
from vedette.adapters.openvino_integers import read_integer_network
from vedette.adapters.openvino_network import OpenVinoNetwork
from vedette.core.errors import InvalidInputError
from vedette.runtime.cpu import read_cpu_flags
from vedette.runtime.native import CLASSIFY_KERNEL, KERNEL_BUILDS, NATIVE, find_kernel, kernel_name
from vedette.vision.classify.integer import (
    IntegerLayer,
    IntegerNetwork,
    classify_integer,
    find_features,
)
from vedette.vision.models.registry import InstalledModel, ModelRegistry

FLAGS = read_cpu_flags()
BUILDS = [NATIVE / kernel_name(CLASSIFY_KERNEL, name) for name, _, needed in KERNEL_BUILDS if needed <= FLAGS]
needs_library = pytest.mark.skipif(
    find_kernel(CLASSIFY_KERNEL, FLAGS) is None, reason="not compiled at set-up, or not for this processor"
)
builds = pytest.mark.parametrize("library", BUILDS, ids=lambda path: path.stem)
Shape = tuple[int, bool, bool]


def load(name: str) -> InstalledModel:
    registry = ModelRegistry(Path())
    return registry.load(registry.find_named(name))


def make_picture(side: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (3, side, side)).astype(np.float32)


def make_network(widths: list[Shape], views: int = 1, stem: int = 16, seed: int = 0) -> IntegerNetwork:
    """One whose levels are neither all 0 nor all 255. `widths`: outputs, whether there is a border, and pooling."""
    random = np.random.default_rng(seed)
    layers, inputs = [], stem
    for outputs, has_border, is_pooled in widths:
        weights = random.integers(-128, 128, (outputs, inputs, 3, 3)).astype(np.int8)
        scale = random.uniform(0.5, 2, outputs) / (200 * np.sqrt(9 * inputs))
        layers.append(
            IntegerLayer(
                weights,
                scale.astype(np.float32),
                random.normal(40, 40, outputs).astype(np.float32),
                has_border,
                is_pooled,
            )
        )
        inputs = outputs
    return IntegerNetwork(
        stem=random.normal(0, 0.2, (stem, 3, 2, 2)).astype(np.float32),
        stem_bias=random.normal(40, 20, stem).astype(np.float32),
        layers=tuple(layers),
        dense=random.normal(0, 0.003, (7, inputs)).astype(np.float32),
        dense_bias=random.normal(0, 1, 7).astype(np.float32),
        views=views,
    )


def check(library: Path, network: IntegerNetwork, side: int, pictures: int = 2) -> None:
    kernel = IntegerKernel(library, network, side)
    for seed in range(pictures):
        picture = make_picture(side, seed)
        found = kernel.classify(picture)
        wanted = find_features(picture, network)
        count = len(network.layers[-1].weights)
        np.testing.assert_array_equal(kernel.features[0, :count], wanted)
        assert (kernel.features[0, count:] == 0).all()
        np.testing.assert_allclose(found, classify_integer(picture, network), rtol=1e-4, atol=1e-6)
        assert np.ptp(wanted) > 0


FORMS = {
    "small": [(32, False, True), (32, True, False), (64, False, True), (64, True, False)],
    "large": [(48, True, True), (48, True, False), (96, True, True), (96, True, False)],
    "one layer": [(16, True, False)],
    "no border": [(16, False, False), (16, False, False)],
    "odd channels": [(20, True, True), (7, True, False), (33, False, False)],
}


@needs_library
@builds
@pytest.mark.parametrize("side", [8, 11, 32, 33])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("views", "stem"), [(1, 16), (4, 24)])
def test_every_form_is_computed_bit_by_bit_as_by_numpy(
    library: Path, form: str, side: int, views: int, stem: int
) -> None:
    if form == "small" and side < 15:
        pytest.skip("nothing would be left of it")
    check(library, make_network(FORMS[form], views, stem), side)


@needs_library
@builds
@pytest.mark.parametrize("weight", [-128, 127])
def test_largest_sums_do_not_overflow_and_larger_ones_are_refused(library: Path, weight: int) -> None:
    made = make_network([(16, True, False), (16, True, False)], stem=256)
    full = np.zeros((16, 256, 3, 3), np.int8)
    full[:, :152] = weight
    first = replace(made.layers[0], weights=full, scale=np.full(16, 1e-6, np.float32))
    bright = replace(made, layers=(first, made.layers[1]), stem_bias=np.full(256, 999, np.float32))
    check(library, bright, 10)
    first = replace(
        first, scale=np.full(16, 100 / (9 * 152 * 255 * 128), np.float32), bias=np.full(16, 120, np.float32)
    )
    check(library, replace(bright, layers=(first, made.layers[1])), 10)
    full[:, :154] = weight
    with pytest.raises(InvalidInputError, match="together"):
        IntegerKernel(library, replace(bright, layers=(replace(first, weights=full), made.layers[1])), 10)


@needs_library
@builds
@pytest.mark.parametrize("name", ["classifier-small-int8", "classifier-large-int8"])
def test_shipped_classifiers_answer_as_in_numpy_and_as_on_openvino(library: Path, name: str) -> None:
    model = load(name)
    native, other = NativeClassifier(library, model), OpenVinoNetwork(model)
    network = read_integer_network(ov.Core().read_model(*model.files))
    assert (native.release, native.shape) == (model.manifest.release, (1, 3, 32, 32))
    for seed in range(3):
        picture = make_picture(32, seed)
        [found] = native.infer(picture[None]).values()
        np.testing.assert_allclose(found[0], classify_integer(picture, network), atol=1e-5)
        [wanted] = other.infer(picture[None]).values()
        np.testing.assert_allclose(found, wanted, atol=0.03)  # a level may be rounded the other way
        assert native.infer(picture[None]).keys() == other.infer(picture[None]).keys()


@needs_library
def test_answer_is_nobody_elses_later() -> None:
    classifier = NativeClassifier(BUILDS[0], load("classifier-small-int8"))
    [first] = classifier.infer(make_picture(32)[None]).values()
    kept = first.copy()
    classifier.infer(make_picture(32, 1)[None])
    np.testing.assert_array_equal(first, kept)


@needs_library
def test_compiled_one_is_chosen_for_int8_alone_and_where_it_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(open_classifier(load("classifier-small-int8")), NativeClassifier)
    assert isinstance(open_classifier(load("classifier-small")), OpenVinoNetwork)
    monkeypatch.setenv("VEDETTE_NATIVE", "0")
    assert isinstance(open_classifier(load("classifier-small-int8")), OpenVinoNetwork)


@needs_library
@pytest.mark.parametrize(("old", "new"), [("0xd8", "0xd4"), ("out[1] = _mm256_sub_epi16", "out[1] = _mm256_add_epi16")])
def test_library_that_computes_something_else_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str
) -> None:
    source, library = tmp_path / "other.c", tmp_path / "other.so"
    text = CLASSIFY_KERNEL.read_text("utf-8")
    assert old in text
    options = ["-std=c11", "-O1", "-mavx2", "-mfma", "-shared", "-fPIC", f"-I{CLASSIFY_KERNEL.parent}"]
    for code, path in ((text, tmp_path / "same.so"), (text.replace(old, new), library)):
        source.write_text(code, "utf-8")
        subprocess.run([os.environ.get("CC", "cc"), *options, "-o", path, source, "-lm"], check=True)
    NativeClassifier(tmp_path / "same.so", load("classifier-small-int8"))
    with pytest.raises(InvalidInputError, match="does not compute"):
        NativeClassifier(library, load("classifier-small-int8"))
    monkeypatch.setattr("vedette.adapters.classifier_network.find_kernel", lambda *_: library)
    assert isinstance(open_classifier(load("classifier-small-int8")), OpenVinoNetwork)


@needs_library
def test_pictures_too_small_for_a_network_are_refused() -> None:
    for side in (4, 7):
        with pytest.raises(InvalidInputError, match="leave"):
            IntegerKernel(BUILDS[0], make_network([(16, False, False)] * 3), side)
    check(BUILDS[0], make_network([(16, False, False)] * 3), 8)
    with pytest.raises(InvalidInputError, match="leave"):
        IntegerKernel(BUILDS[0], make_network([(16, True, True)]), 8)


@needs_library
def test_library_of_something_else_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="cannot be used"):
        IntegerKernel(next(NATIVE.glob("vedette_native*")), make_network(FORMS["one layer"]), 8)


def make_model(other: str = "", views: int = 1, side: int = 12) -> ov.Model:
    """A classifier as trainings leave it in int8, or one of another form."""
    random = np.random.default_rng(5)
    f32 = np.float32

    def levels(node: ov.Node, high: float) -> ov.Node:
        low = 0.5 if other == "low" else 0.0
        out = high * 2 if other == "stretched" else high
        return ops.fake_quantize(node, f32(low), f32(high), f32(low), f32(out), 16 if other == "levels" else 256)

    def layer(node: ov.Node, inputs: int, outputs: int, border: int) -> ov.Node:
        weights = random.integers(-127, 128, (outputs, inputs, 3, 3)).astype(np.int8)
        scale = random.uniform(0.001, 0.002, (outputs, 1, 1, 1)).astype(f32)
        if other == "negative scale":
            scale = -scale
        stored = ops.convert(ops.constant(weights), "f32")
        if other == "floats":
            stored = ops.constant(weights.astype(f32) + f32(0.5))
        strides = [2, 2] if other == "strides" else [1, 1]
        ends = [0, 0] if other == "lopsided" else [border, border]
        apart = [2, 2] if other == "dilated" and border else [1, 1]
        weights = ops.multiply(stored, ops.constant(scale))
        product = ops.convolution(node, weights, strides, [border, border], ends, apart)
        bias = ops.constant(random.normal(0, 0.3, (1, outputs, 1, 1)).astype(f32))
        total = ops.add(product, bias)
        return ops.sigmoid(total) if other == "sigmoid" else ops.relu(total)

    picture = ops.parameter([2 if other == "batch" else 1, 3, side, side + 4 if other == "oblong" else side], f32)
    node = ops.multiply(picture, ops.constant(f32(1 / 255)))
    if views > 1:
        mirrored = ops.reverse_sequence(node, ops.constant(np.array([side])), 0, 3)
        both = ops.concat([node, mirrored], 0)
        ends = ops.constant(np.array([0, 0, 1, 1]))
        wide = ops.pad(both, ends, ends, "reflect")
        axes = ops.constant(np.array([2, 3]))
        ones = ops.constant(np.array([1, 1]))

        def cut(begin: int) -> ov.Node:
            points = (ops.constant(np.array([at, at])) for at in (begin, begin + side))
            return ops.slice(wide, *points, ones, axes)

        node = ops.concat([cut(1 if other == "other views" else 0), cut(2)], 0)
    stem = ops.constant(random.normal(0, 0.4, (16, 3, 2, 2)).astype(f32))
    steps, border = [2, 2] if other == "coarse stem" else [1, 1], [1, 1] if other == "stem with border" else [0, 0]
    node = ops.convolution(node, stem, steps, border, border, [1, 1])
    node = levels(ops.relu(ops.add(node, ops.constant(random.normal(0, 0.3, (1, 16, 1, 1)).astype(f32)))), 1.5)
    node = levels(layer(node, 16, 20, 1), 4.0)
    sides = 3 if other == "pooling" else 2
    node = ops.max_pool(node, [2, 2], [1, 1], [0, 0], [0, 0], [sides, sides], "floor").output(0)
    node = ops.reduce_max(layer(node, 20, 24, 0), ops.constant(np.array([2, 3])))
    dense = random.normal(0, 0.2 / views, (5, 24)).astype(f32)
    is_turned = other == "turned"
    node = ops.matmul(node, ops.constant(dense.T.copy() if is_turned else dense), False, not is_turned)
    node = ops.add(node, ops.constant(random.normal(0, 1, (1, 5)).astype(f32)))
    if views > 1:
        parts = ops.split(node, ops.constant(np.int64(0)), views).outputs()
        node = parts[0]
        for part in parts[1 : -1 if other == "some views" else None]:
            node = ops.add(node, part)
    node = ops.multiply(node, ops.constant(np.full((1, 1), 0.6, f32)))
    if other == "cubed":
        node = ops.multiply(node, ops.multiply(node, node))
    if other == "no softmax":
        return ov.Model([node], [picture], "made")
    return ov.Model([ops.softmax(node, -1)], [picture], "made")


@pytest.mark.parametrize("views", [1, 4])
def test_what_is_read_from_a_file_answers_as_the_file(views: int) -> None:
    model = make_model(views=views)
    options = {"INFERENCE_PRECISION_HINT": "f32"}
    compiled = ov.Core().compile_model(model, "CPU", options)
    network = read_integer_network(model)
    assert network.views == views
    answers = []
    for seed in range(8):
        picture = make_picture(12, seed) * np.float32(seed / 7)  # from black to bright
        [wanted] = compiled(picture[None])[0]
        np.testing.assert_allclose(classify_integer(picture, network), wanted, atol=0.01)
        answers.append(wanted)
    assert np.ptp(answers, 0).max() > 0.1


OTHERS = ["low", "stretched", "levels", "negative scale", "floats", "strides", "lopsided", "sigmoid", "batch"]


@pytest.mark.parametrize(
    "other",
    [
        *OTHERS,
        "coarse stem",
        "stem with border",
        "dilated",
        "oblong",
        "pooling",
        "turned",
        "cubed",
        "no softmax",
        "some views",
        "other views",
    ],
)
def test_network_of_another_form_is_not_taken_for_one(other: str) -> None:
    with pytest.raises(InvalidInputError, match="no classifier that is compiled"):
        read_integer_network(make_model(other, 4 if other.endswith(" views") else 1))


@pytest.mark.parametrize("name", ["classifier-small", "classifier-large", "person-reid-0287", "plate-reader"])
def test_other_shipped_networks_are_not_taken_for_one(name: str) -> None:
    registry = ModelRegistry(Path())
    manifest = registry.find_named(name)
    if not registry.is_installed(manifest):
        pytest.skip(f"{name} is not shipped")
    with pytest.raises(InvalidInputError, match="no classifier that is compiled"):
        read_integer_network(ov.Core().read_model(*registry.load(manifest).files[:2]))
