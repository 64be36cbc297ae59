"""What deciding early saves: exits in depth on an ImageNet network, and a network that chooses its own depth.

Exits: MobileNet-v1 (quantised, 224 pixels, OpenVINO, one thread) with four exits. Caltech-101: of each class four
pictures fit the linear classifiers, four set the thresholds, the others are measured. CIFAR-10: 40, 40 and 20 a class;
`kinds`: the same pictures, only whether an animal or a machine is seen.
`saved`: of the time of the whole network without exits, both run in turn; `accuracy_full`: the last exit alone.

`--adaptive` trains residual networks of six units on 4,000 CIFAR pictures, minutes each: all units, and adaptive
computation time with two values of tau.
"""

import statistics
import time
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import openvino as ov
from numpy.typing import NDArray

from evals.common import SHARED, Figures, fingerprint, make_parser, write_result
from vedette.lab.cascade.early_exit import EarlyExit, Stage, fit_early_exit, pool_features
from vedette.lab.cascade.stages import compile_stage, split_openvino
from vedette.lab.compress.graph import lay_open

BACKBONE = "models/image_embedding/mobilenet_v1_quant_embedding_extractor.tflite"
CHANNELS_AXIS = 1
_IS_ANIMAL = np.array([0, 0, 1, 1, 1, 1, 1, 1, 0, 0], np.int64)
"""CIFAR-10's classes by name: airplane, automobile, bird, cat, deer, dog, frog, horse, ship, truck."""
_PUBLISHED = """published (arXiv 1612.02297, COCO, Faster R-CNN): ResNet-101 100 % of the operations 29.24 mAP;
  SACT tau .001 72.4 % 29.04; tau .005 56 % 27.61; ResNet-50 46.6 % 25.56"""


@dataclass(frozen=True, slots=True)
class Split:
    """Pictures (N, 224, 224, 3) RGB of one part of the data, and their classes."""

    pictures: NDArray[np.uint8]
    labels: NDArray[np.int64]
    paths: list[Path]


def read_splits(folder: Path, counts: tuple[int, int, int]) -> list[Split]:
    """So many pictures of each class (sorted by name) for the fit, the thresholds and the measurement."""
    splits = []
    classes = sorted(path for path in folder.iterdir() if path.is_dir())
    if len(classes) < 2:
        raise SystemExit(f"{folder} has no folders of classes")
    start = 0
    for count in counts:
        rows = [
            (path, label)
            for label, inner in enumerate(classes)
            for path in sorted(inner.iterdir())[start : start + count]
        ]
        start += count
        pictures = np.array([read_square(path) for path, _ in rows], np.uint8)
        splits.append(Split(pictures, np.array([label for _, label in rows], np.int64), [path for path, _ in rows]))
    return splits


def read_square(path: Path, side_px: int = 224) -> NDArray[np.uint8]:
    """(side, side, 3) RGB, its aspect not kept."""
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise SystemExit(f"{path} cannot be read")
    way = cv2.INTER_AREA if min(image.shape[:2]) > side_px else cv2.INTER_CUBIC
    resized = cv2.resize(image, (side_px, side_px), interpolation=way)
    return np.asarray(cv2.cvtColor(resized, cv2.COLOR_BGR2RGB), np.uint8)


def load_backbone(path: Path) -> tuple[Stage, list[Stage]]:
    """The whole network, and its four stages: up to 256 channels at 28 x 28, 512 at 14 x 14 (the middle and the last
    of them), and the 1,024 features.
    """
    model = lay_open(ov.Core().read_model(path), None)
    quantised = [node for node in model.get_ordered_ops() if node.get_type_name() == "FakeQuantize"]
    pointwise = [node for node in quantised if _is_behind_pointwise(node)]
    by_shape = {}
    for node in pointwise:
        by_shape.setdefault(tuple(node.get_output_shape(0))[1:3], []).append(node.get_friendly_name())
    wide = by_shape[512, 14]
    *stages, last = split_openvino(model, [by_shape[256, 28][-1], wide[len(wide) // 2], wide[-1]])
    return compile_stage(model), [*stages, lambda maps: last(maps).reshape(1, -1)]


def _is_behind_pointwise(node: ov.Node) -> bool:
    source = node.input_value(0).get_node()
    return source.get_type_name() == "Add" and source.input_value(0).get_node().get_type_name() == "Convolution"


def extract(stages: list[Stage], pictures: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
    """The pooled features of every stage, one array each."""
    rows: list[list[NDArray[np.float32]]] = [[] for _ in stages]
    for picture in pictures:
        maps = picture[None]
        for stage, kept in zip(stages, rows, strict=True):
            maps = stage(maps)
            kept.append(pool_features(maps, CHANNELS_AXIS)[0])
    return [np.array(kept, np.float32) for kept in rows]


class Bench:
    """The network, one data set's pictures and their features at every exit."""

    def __init__(self, folder: Path, counts: tuple[int, int, int], backbone: Path) -> None:
        self.whole, self.stages = load_backbone(backbone)
        self.splits = read_splits(folder, counts)
        self.features = [extract(self.stages, split.pictures) for split in self.splits]


def measure_exits(name: str, bench: Bench, relabel: NDArray[np.int64] | None = None) -> Figures:
    """Figures of one task, named after it. `relabel`: (classes,) what each class counts as."""
    fit, held, test = (
        split if relabel is None else replace(split, labels=relabel[split.labels]) for split in bench.splits
    )
    features = bench.features
    model = fit_early_exit(features[0], fit.labels, features[1], held.labels)
    decisions = model.decide(features[2])
    levels = np.array([decision.level for decision in decisions])
    right = np.array([decision.label for decision in decisions]) == test.labels
    full = model.heads[-1].predict(features[2][-1]) == test.labels
    early_ms, full_ms = time_exits(
        model, bench.whole, bench.stages, test.pictures[:: max(1, len(test.pictures) // 150)]
    )
    figures: Figures = {
        f"{name}_accuracy": float(right.mean()),
        f"{name}_accuracy_full": float(full.mean()),
        f"{name}_ms": early_ms,
        f"{name}_ms_full": full_ms,
        f"{name}_saved": 1 - early_ms / full_ms,
        f"{name}_pictures": len(test.labels),
    }
    for level, head in enumerate(model.heads):
        is_here = levels == level
        figures[f"{name}_stopped_at_{level + 1}"] = float(is_here.mean())
        figures[f"{name}_accuracy_of_stopped_at_{level + 1}"] = float(right[is_here].mean()) if is_here.any() else 0.0
        alone = head.predict(features[2][level]) == test.labels
        figures[f"{name}_accuracy_alone_{level + 1}"] = float(alone.mean())
    return figures


def time_exits(model: EarlyExit, whole: Stage, stages: list[Stage], pictures: NDArray[np.uint8]) -> tuple[float, float]:
    """Mean milliseconds a picture, with exits and without, both run in turn; the mean, as it is a mix that is saved."""
    last = model.heads[-1]
    early, full = [], []
    for picture in pictures:
        began = time.perf_counter()
        model.classify(picture[None], stages, CHANNELS_AXIS)
        early.append(time.perf_counter() - began)
        began = time.perf_counter()
        last.scores(pool_features(whole(picture[None]).reshape(1, -1), CHANNELS_AXIS))
        full.append(time.perf_counter() - began)
    return 1e3 * statistics.fmean(early), 1e3 * statistics.fmean(full)


def main() -> None:
    parser = make_parser(__doc__, SHARED / "data/caltech101")
    parser.add_argument("--cifar", type=Path, help="folder of CIFAR-10 pictures, <class>/*.jpg")
    parser.add_argument("--backbone", type=Path, default=SHARED / BACKBONE)
    parser.add_argument("--adaptive", action="store_true", help="train the adaptive networks too (needs --cifar)")
    given = parser.parse_args()
    bench = Bench(given.data, (4, 4, 4), given.backbone)
    paths = [path for split in bench.splits for path in split.paths]
    figures = measure_exits("caltech", bench)
    if given.cifar is not None:
        bench = Bench(given.cifar, (40, 40, 20), given.backbone)
        figures |= measure_exits("cifar", bench) | measure_exits("kinds", bench, _IS_ANIMAL)
    if given.adaptive and given.cifar is not None:
        from evals.cascade_adaptive import measure_adaptive  # noqa: PLC0415 -- loads the training packages

        figures |= measure_adaptive(given.cifar)
    print(_PUBLISHED)
    write_result(figures, "mobilenet-v1-exits-1", fingerprint(paths, given.data), given.json)


if __name__ == "__main__":
    main()
