"""A small residual network that learns how many of its units a picture needs (`adaptive` has the rule)."""

from collections.abc import Callable
from dataclasses import dataclass
from tempfile import TemporaryDirectory

import keras
import numpy as np
import openvino as ov
from keras import layers, ops
from numpy.typing import NDArray

from vedette.lab.cascade.adaptive import EPSILON
from vedette.lab.cascade.stages import compile_for_one_thread
from vedette.lab.export import outputs_in_order
from vedette.lab.layers import conv, residual

_HARDLY = -2.0
"""Bias of the halting scores at the start: h = 0.12, so that all units are used and learn before some are left out."""


@keras.saving.register_keras_serializable(package="vedette")
class AdaptiveSum(layers.Layer):
    """Outputs of all units and their halting scores -> their weighted sum; adds tau times the mean cost to the loss."""

    def __init__(self, tau: float, **given: object) -> None:
        super().__init__(**given)
        self.tau = tau

    def get_config(self) -> dict[str, object]:
        return {**super().get_config(), "tau": self.tau}

    def call(self, inputs: list[keras.KerasTensor]) -> keras.KerasTensor:
        *outputs, halts = inputs
        weights, cost = weigh_units(halts)
        self.add_loss(self.tau * ops.mean(cost))
        return sum(output * weights[:, place, None, None, None] for place, output in enumerate(outputs))


def weigh_units(halts: keras.KerasTensor) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """Weights p (B, L) and cost N + R (B,) of halting scores (B, L), as `adaptive.plan_halting`, with gradients."""
    before = ops.cumsum(halts, axis=1) - halts
    runs = ops.cast(before < 1 - EPSILON, "float32")
    stops = runs * ops.cast(before + halts >= 1 - EPSILON, "float32")
    last = ops.concatenate([stops[:, :-1], runs[:, -1:]], axis=1)
    remainder = 1 - before
    weights = last * remainder + (runs - last) * halts
    return weights, ops.sum(runs, axis=1) + ops.sum(last * remainder, axis=1)


def build_adaptive(units: int, channels: int, classes: int, tau: float | None) -> keras.Model:
    """Picture (N, 32, 32, 3) 0..1 -> class logits. `tau` None: no halting, all units, only the last one's output."""
    image = keras.Input((32, 32, 3), name="image")
    x = conv(conv(image, channels // 2), channels, 2)
    x = layers.Identity(name="stem")(x)
    outputs, halts = [], []
    for place in range(units):
        x = layers.Identity(name=f"unit_{place}")(residual(x, channels))
        outputs.append(x)
        pooled = layers.GlobalAveragePooling2D()(x)
        bias = keras.initializers.Constant(_HARDLY)
        halts.append(layers.Dense(1, "sigmoid", bias_initializer=bias, name=f"halt_{place}")(pooled))
    if tau is not None:
        x = AdaptiveSum(tau, name="sum")([*outputs, layers.Concatenate(name="halts")(halts)])
    x = conv(x, 2 * channels, 2)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(image, layers.Dense(classes, name="logits")(x), name="adaptive")


Part = Callable[[NDArray[np.float32]], list[NDArray[np.float32]]]


@dataclass(frozen=True, slots=True)
class Parts:
    """The trained network in parts, on OpenVINO, one thread: as many units are run as a picture needs.

    Attributes:
        is_adaptive: It was trained to halt; else all units are run.
    """

    stem: Part
    units: list[Part]
    tail: Part
    is_adaptive: bool

    def classify(self, picture: NDArray[np.float32]) -> tuple[int, int]:
        """(1, 32, 32, 3) 0..1 -> class, and number of units computed."""
        x = self.stem(picture)[0]
        if not self.is_adaptive:
            for unit in self.units:
                x = unit(x)[0]
            return int(self.tail(x)[0].argmax()), len(self.units)
        total, output = 0.0, np.zeros_like(x)
        for number, unit in enumerate(self.units, 1):
            x, halt = unit(x)
            h = float(halt.reshape(-1)[0])
            if number == len(self.units) or total + h >= 1 - EPSILON:
                output += x * np.float32(1 - total)
                break
            output += x * np.float32(h)
            total += h
        return int(self.tail(output)[0].argmax()), number


def take_apart(model: keras.Model, units: int) -> Parts:
    """The parts of a network of `build_adaptive`."""
    names = {layer.name for layer in model.layers}
    points = [model.get_layer(name).output for name in ("stem", *(f"unit_{place}" for place in range(units)))]
    parts = []
    for place in range(units):
        halt = [model.get_layer(f"halt_{place}").output] if "sum" in names else []
        parts.append(compile_part(keras.Model(points[place], [points[place + 1], *halt])))
    end = model.get_layer("sum").output if "sum" in names else points[-1]
    stem, tail = keras.Model(model.input, points[0]), keras.Model(end, model.output)
    return Parts(compile_part(stem), parts, compile_part(tail), "sum" in names)


def compile_part(part: keras.Model) -> Part:
    """A Keras model of one input on OpenVINO: one picture, one thread; outputs in order."""
    with TemporaryDirectory() as folder:
        part.export(f"{folder}/part.xml", format="openvino", verbose=False)
        network = ov.Core().read_model(f"{folder}/part.xml")
        network.reshape([1, *part.inputs[0].shape[1:]])
        places = [network.outputs.index(output) for output in outputs_in_order(network)]
        request = compile_for_one_thread(network)

    def run(x: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        request.infer({0: x})
        return [np.array(request.get_output_tensor(place).data, np.float32) for place in places]

    return run
