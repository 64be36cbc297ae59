"""Runs the self-tests of installed models here, and takes the vectors that go into manifests."""

from collections.abc import Mapping
from functools import partial

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from vedette.adapters.enlarger import open_strip_networks
from vedette.adapters.openvino_network import OpenVinoNetwork
from vedette.vision.enhance.bank import read_bank
from vedette.vision.enhance.strips import StripNetwork, StripRunner, plan_strips
from vedette.vision.models.manifest import ModelManifest
from vedette.vision.models.registry import InstalledModel
from vedette.vision.models.selftest import OutputVector, SelfTest, check_outputs, make_input, take_vector

Outputs = dict[str, NDArray[np.float32]]
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
    for outputs in _answer(model, test.shape, test.seed):
        check_outputs(model.manifest.name, test, outputs)
    return True


def take_selftest(model: InstalledModel) -> SelfTest:
    """The vector of a model as it runs here. Of detections the numbers have no place of their own, except in our own
    detector, which answers for every cell; nor have labels.
    """
    given = model.manifest.input
    size = [given.height, given.width]
    channels = 1 if given.colour == "GREY" else 3
    shape = [1, *size, channels] if given.layout == "NHWC" else [1, channels, *size]
    outputs = _answer(model, shape, _SEED)[0]
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


def _answer(model: InstalledModel, shape: list[int], seed: int) -> list[Outputs]:
    """What each of those that may run it makes of the test."""
    bare = InstalledModel(replace(model.manifest, selftest=None), model.files)
    tensor = make_input(shape, seed, model.manifest.input)
    if model.manifest.task == "super_resolution":
        return _enlarge(model, tensor)
    return [OpenVinoNetwork(bare, shape).infer(tensor)]


def _enlarge(model: InstalledModel, tensor: NDArray[np.float32]) -> list[Outputs]:
    """What each weight set of super-resolution makes of luma (1, 1, H, W), on the first and last that may run it."""
    luma = tensor[0, 0].astype(np.uint8)
    height, width = luma.shape
    first: Outputs = {}
    last: Outputs = {}
    for name, weights in read_bank(model).sets.items():
        made = []
        for network in open_strip_networks(weights, width, plan_strips(height)[0].bottom, threads=1):
            runner = StripRunner((width, height), partial(_give, network))
            made.append(runner.enlarge(luma).astype(np.float32))
        first[name], last[name] = made[0], made[-1]
    return [first, last]


def _give(network: StripNetwork, width: int, height: int) -> StripNetwork:
    assert network.window_px == (width, height)
    return network
