"""Transfer: what a network that knows ImageNet is worth for other classes, and one network with several heads.

MobileNet-v1 (the weights of the quantised file, put into Keras as float32, so that it can be trained on), 224 pixels.
Two tasks: Caltech-101 (eight pictures a class to learn from, four to measure, sorted by name) and CIFAR-10 (`--cifar`,
40 and 20 a class). Frozen features with a linear head (softmax) and a linear SVM, against the last two blocks and the
head fine-tuned. Then heads on one shared network against a fine-tuned network for each task: accuracy, bytes,
milliseconds on one thread.
"""

import statistics
import time
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import openvino as ov
from keras import layers
from numpy.typing import NDArray

from evals.cascade import BACKBONE, Split, read_splits
from evals.common import SHARED, Figures, fingerprint, make_parser, write_result
from vedette.lab.cascade.linear_svm import fit_linear_svm
from vedette.lab.cascade.stages import compile_for_one_thread
from vedette.lab.compress.graph import lay_open

TRUNK_END = "conv_pw_11_relu"
_EPOCHS, _BATCH, _RATE, _HEAD_EPOCHS, _HEAD_RATE = 8, 32, 3e-4, 40, 1e-2
Maps = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Task:
    """Pictures of one task as maps at the end of the trunk, (N, 14, 14, 512)."""

    name: str
    learn: Maps
    learn_labels: NDArray[np.int64]
    test: Maps
    test_labels: NDArray[np.int64]


def load_keras_backbone(path: Path) -> keras.Model:
    """MobileNet-v1 without its top, with the file's weights: normalisations are folded into them there."""
    model = keras.applications.MobileNet(weights=None, include_top=False, input_shape=(224, 224, 3))
    kernels = read_kernels(path)
    convolutions = [layer for layer in model.layers if isinstance(layer, layers.Conv2D | layers.DepthwiseConv2D)]
    for layer, (kernel, bias) in zip(convolutions, kernels, strict=True):
        layer.set_weights([kernel])
        norm = model.get_layer(layer.name + "_bn")
        one = np.ones_like(bias)
        norm.set_weights([one, bias, np.zeros_like(bias), one - norm.epsilon])
    return model


def read_kernels(path: Path) -> list[tuple[Maps, Maps]]:
    """Kernels in Keras's order of axes, and offsets, of all convolutions in order of computation."""
    model = lay_open(ov.Core().read_model(path), None)
    found = []
    for node in model.get_ordered_ops():
        kind = node.get_type_name()
        if kind not in {"Convolution", "GroupConvolution"}:
            continue
        kernel = compute(node.input_value(1))
        bias = compute(next(iter(node.output(0).get_target_inputs())).get_node().input_value(1)).reshape(-1)
        if kind == "GroupConvolution":  # (C, 1, 1, h, w)
            found.append((kernel[:, 0].transpose(2, 3, 0, 1), bias))
        else:
            found.append((kernel.transpose(2, 3, 1, 0), bias))
    return found


def compute(source: ov.Output) -> Maps:
    """The value of a constant expression."""
    compiled = ov.Core().compile_model(ov.Model([ov.opset13.result(source)], []), "CPU")
    return np.array(compiled([])[0], np.float32)


def to_openvino(model: keras.Model) -> ov.Model:
    """For one picture."""
    from tempfile import TemporaryDirectory  # noqa: PLC0415

    with TemporaryDirectory() as folder:
        model.export(f"{folder}/model.xml", format="openvino", verbose=False)
        network = ov.Core().read_model(f"{folder}/model.xml")
    network.reshape([1, *model.input_shape[1:]])
    return network


def run_trunk(trunk: ov.InferRequest, split: Split) -> Maps:
    """Maps of all pictures."""
    rows = []
    for picture in split.pictures:
        trunk.infer({0: prepare(picture)})
        rows.append(np.array(trunk.get_output_tensor(0).data[0], np.float16))
    return np.array(rows)


def prepare(picture: NDArray[np.uint8]) -> Maps:
    """(1, 224, 224, 3) -1..1."""
    return picture[None].astype(np.float32) / 127.5 - 1


def make_tail(backbone: keras.Model) -> keras.Model:
    """From the trunk's maps to the features (N, 1024), with weights of its own."""
    start = backbone.get_layer(TRUNK_END).output
    part = keras.Model(start, layers.GlobalAveragePooling2D()(backbone.output))
    copy = keras.models.clone_model(part)
    copy.set_weights(part.get_weights())
    return copy


def with_head(tail: keras.Model, classes: int) -> keras.Model:
    """Features scaled to length 1, times 16, and a linear layer, as softmax learns slowly from long vectors."""
    features = layers.UnitNormalization()(tail.output) * 16.0
    return keras.Model(tail.input, layers.Dense(classes, name="head")(features))


def learn(model: keras.Model, task: Task, epochs: int, rate: float) -> float:
    """Trains what is trainable, normalisations as they are; gives the accuracy."""
    keras.utils.set_random_seed(6)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    steps = epochs * (len(task.learn) // _BATCH + 1)
    model.compile(keras.optimizers.AdamW(keras.optimizers.schedules.CosineDecay(rate, steps)), loss)
    model.fit(task.learn, task.learn_labels, batch_size=_BATCH, epochs=epochs, verbose=0)
    answers = model.predict(task.test, batch_size=_BATCH, verbose=0).argmax(axis=1)
    return float((answers == task.test_labels).mean())


def measure_task(task: Task, backbone: keras.Model) -> Figures:
    """Frozen with two heads, and fine-tuned."""
    tail = make_tail(backbone)
    rows = [tail.predict(maps, batch_size=_BATCH, verbose=0) for maps in (task.learn, task.test)]
    unit = [np.asarray(row / np.linalg.norm(row, axis=1, keepdims=True), np.float32) for row in rows]
    classes = int(task.learn_labels.max()) + 1
    vectors = keras.Input((unit[0].shape[1],))
    linear = keras.Model(vectors, layers.Dense(classes)(vectors * 16.0))
    frozen = Task(task.name, unit[0], task.learn_labels, unit[1], task.test_labels)
    svm = fit_linear_svm(unit[0], task.learn_labels)
    tuned = with_head(tail, classes)
    for layer in tuned.layers:
        layer.trainable = not isinstance(layer, layers.BatchNormalization)
    began = time.perf_counter()
    head_accuracy = learn(linear, frozen, _HEAD_EPOCHS, _HEAD_RATE)
    between = time.perf_counter()
    tuned_accuracy = learn(tuned, task, _EPOCHS, _RATE)
    return {
        f"{task.name}_frozen_linear": head_accuracy,
        f"{task.name}_frozen_svm": float((svm.predict(unit[1]) == task.test_labels).mean()),
        f"{task.name}_fine_tuned": tuned_accuracy,
        f"{task.name}_frozen_linear_s": between - began,
        f"{task.name}_fine_tuned_s": time.perf_counter() - between,
        f"{task.name}_measured": len(task.test_labels),
    }


def measure_sharing(backbone: keras.Model, class_counts: list[int]) -> Figures:
    """Bytes and milliseconds of one network with all heads, and of one network a task, both run in turn."""
    features = layers.GlobalAveragePooling2D()(backbone.output)
    heads = [layers.Dense(count) for count in class_counts]
    shared = keras.Model(backbone.input, [head(features) for head in heads])
    alone = [keras.Model(backbone.input, head(features)) for head in heads]
    requests = [compile_for_one_thread(to_openvino(model)) for model in (shared, *alone)]
    picture = prepare(np.zeros((224, 224, 3), np.uint8))
    taken: list[list[float]] = [[] for _ in requests]
    for _ in range(20):
        for request, times in zip(requests, taken, strict=True):
            began = time.perf_counter()
            request.infer({0: picture})
            times.append(1e3 * (time.perf_counter() - began))
    medians = [statistics.median(times) for times in taken]
    return {
        "shared_ms": medians[0],
        "separate_ms": sum(medians[1:]),
        "shared_bytes": 4 * shared.count_params(),
        "separate_bytes": 4 * sum(model.count_params() for model in alone),
        "heads": len(class_counts),
    }


def main() -> None:
    parser = make_parser(__doc__, SHARED / "data/caltech101")
    parser.add_argument("--cifar", type=Path, help="folder of CIFAR-10 pictures, <class>/*.jpg")
    parser.add_argument("--backbone", type=Path, default=SHARED / BACKBONE)
    given = parser.parse_args()
    backbone = load_keras_backbone(given.backbone)
    trunk = keras.Model(backbone.input, backbone.get_layer(TRUNK_END).output)
    request = compile_for_one_thread(to_openvino(trunk))
    folders = {"caltech": (given.data, (8, 0, 4))}
    if given.cifar is not None:
        folders["cifar"] = (given.cifar, (40, 0, 20))
    figures, paths, counts = Figures(), [], []
    for name, (folder, split) in folders.items():
        learn_split, _, test_split = read_splits(folder, split)
        task = Task(
            name,
            run_trunk(request, learn_split),
            learn_split.labels,
            run_trunk(request, test_split),
            test_split.labels,
        )
        found = measure_task(task, backbone)
        print({key: round(value, 4) for key, value in found.items()}, flush=True)
        figures |= found
        counts.append(int(task.learn_labels.max()) + 1)
        paths += [*learn_split.paths, *test_split.paths] if name == "caltech" else []
    figures |= measure_sharing(backbone, counts if len(counts) > 1 else counts * 2)
    write_result(figures, "mobilenet-v1-transfer-1", fingerprint(paths, given.data), given.json)


if __name__ == "__main__":
    main()
