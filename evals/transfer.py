"""Learning from few pictures with a network that was taught other things, and one network with several heads.

Transfer: the small lean network is taught six classes of CIFAR-10; four others are then learned from 10, 50 and 250
pictures a class: by a linear head on its frozen features, by training it on, and by the same network from nothing.

Heads: three questions about each picture (its class, animal or machine, by how many quarters it is turned), answered
by one network with three heads, by three networks of its size, and by three of a third of its work. `*_ms`: all three
answers about a picture, in OpenVINO, float32, one thread, the sides in turn; `*_weights`: of all of a side's networks.

Needs the extra `lab`; `--data`: CIFAR-10's training pictures, `<class>/*.jpg`.
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import openvino as ov

from evals.common import SHARED, Figures, fingerprint, make_parser, write_result
from vedette.lab.classifier.networks import SIDE_PX
from vedette.lab.classifier.pictures import LabelledPictures, find_pictures, load_pictures
from vedette.lab.classifier.transfer import (
    Effort,
    Questions,
    compare_heads,
    compare_transfer,
    train_heads,
    turn_quarters,
)

NEW_CLASSES = ("bird", "deer", "horse", "truck")
"""Each has a relative among the six that the network knows, as a camera's new question would."""
FEW = (10, 50, 250)
SEEDS = (1, 2, 3)
WIDTHS = (32, 64, 128)
THIRD_WIDTHS = (18, 37, 74)
_ANIMALS = frozenset({"bird", "cat", "deer", "dog", "frog", "horse"})
_TAUGHT, _ASKED = 1000, 200
_TIMED = 300
Ask = Callable[[np.ndarray], object]


def take(labelled: LabelledPictures, start: int, count: int, names: tuple[str, ...]) -> LabelledPictures:
    """So many pictures of each of these classes, from a place on; the classes counted anew."""
    rows = [np.flatnonzero(labelled.labels == labelled.names.index(name))[start : start + count] for name in names]
    labels = np.repeat(np.arange(len(names)), [len(of_class) for of_class in rows])
    return LabelledPictures(names, labelled.pictures[np.concatenate(rows)], labels)


def measure_transfer(everything: LabelledPictures, held_out: LabelledPictures) -> Figures:
    known = tuple(name for name in everything.names if name not in NEW_CLASSES)
    source = take(everything, 0, _TAUGHT, known)
    backbone = train_heads(WIDTHS, Questions(source.pictures, {"class": source.labels}), Effort(8), seed=1)
    asked = take(held_out, 0, 10 * _ASKED, NEW_CLASSES)
    figures: Figures = {"transfer_asked": len(asked)}
    for few in FEW:
        effort = Effort(max(8, 4000 // (few * len(NEW_CLASSES))), batch=32, peak_rate=2e-3)
        rounds = [
            compare_transfer(backbone, WIDTHS, take(everything, few * seed, few, NEW_CLASSES), asked, effort, seed)
            for seed in SEEDS
        ]
        for way in rounds[0]:
            figures[f"transfer_{few}_{way}"] = statistics.median(one[way] for one in rounds)
        print({key: round(value, 4) for key, value in figures.items() if f"_{few}_" in key}, flush=True)
    return figures


def measure_heads(everything: LabelledPictures, held_out: LabelledPictures) -> Figures:
    names = everything.names
    groups = [int(name not in _ANIMALS) for name in names]
    taught = turn_quarters(take(everything, 0, _TAUGHT, names), 1, groups)
    asked = turn_quarters(take(held_out, 0, _ASKED, names), 2, groups)
    sides = compare_heads(WIDTHS, THIRD_WIDTHS, taught, asked, Effort(8), lambda line: print(line, flush=True))
    figures: Figures = {"heads_asked": len(asked.pictures)}
    for side, (right, models) in sides.items():
        figures |= {f"heads_{side}_{question}": value for question, value in right.items()}
        figures[f"heads_{side}_weights"] = sum(model.count_params() for model in models)
    taken = time_sides({side: compile_all(models) for side, (_, models) in sides.items()}, asked.pictures)
    return figures | {f"heads_{side}_ms": ms for side, ms in taken.items()}


def compile_all(models: list[keras.Model]) -> Ask:
    """All networks of a side, asked one after the other about one picture (1, 32, 32, 3) 0..1."""
    requests = []
    for model in models:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.xml"
            model.export(str(path), format="openvino", verbose=False)
            network = ov.Core().read_model(path)
            network.reshape([1, SIDE_PX, SIDE_PX, 3])
            options = {"INFERENCE_NUM_THREADS": 1, "INFERENCE_PRECISION_HINT": "f32"}
            requests.append(ov.Core().compile_model(network, "CPU", options).create_infer_request())
    return lambda picture: [request.infer([picture]) for request in requests]


def time_sides(sides: dict[str, Ask], pictures: np.ndarray) -> dict[str, float]:
    """Median milliseconds a picture of each side, asked in turn."""
    taken: dict[str, list[float]] = {side: [] for side in sides}
    for picture in pictures[:_TIMED].astype(np.float32)[:, None] / 255:
        for side, ask in sides.items():
            began = time.perf_counter()
            ask(picture)
            taken[side].append(1e3 * (time.perf_counter() - began))
    return {side: statistics.median(times) for side, times in taken.items()}


def main() -> None:
    given = make_parser(__doc__, SHARED / "data/cifar10/train").parse_args()
    pictures, is_held_out = load_pictures(given.data, SIDE_PX)
    everything, held_out = pictures.pick(~is_held_out), pictures.pick(is_held_out)
    figures = measure_transfer(everything, held_out) | measure_heads(everything, held_out)
    paths = [path for _, path in find_pictures(given.data)]
    write_result(figures, "lean-small, trained here", fingerprint(paths, given.data), given.json)


if __name__ == "__main__":
    main()
