"""Whether likeness tells whom a network of appearance learnt from: `attack_*` by balanced accuracy, .5 is chance (M13).

An attacker has pictures of people and what an answer holds: likeness, to two places, of one picture to another. He
alters each of his pictures as the training did and asks how alike the copies are to it; what a network has learnt by
heart may change less (label-only attacks, Choquette-Choo et al. 2021). He is told the truth about half of them, sets a
threshold on the mean (`threshold`) or fits a linear SVM to all likenesses (`svm`), and is judged on the other half.

DIR is the shared data: videos and pictures that the shipped network learnt from, and others. They differ in more than
that, so `person-reid-0287`, which learnt from none of them, is attacked the same way: `attack_*_control`.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evals.common import SHARED, Figures, fingerprint, installed_detector, installed_models, make_parser, write_result
from vedette.lab.appearance.samples import Person, cut_box, cut_people, draw_view
from vedette.lab.cascade.linear_svm import fit_linear_svm
from vedette.lab.detector.pictures import TaughtPicture, files_below, group_of, read_images
from vedette.lab.detector.teachers import ask
from vedette.node.attribute_recognizers import make_appearance_recognizer
from vedette.vision.models.kept import NOTHING_KEPT
from vedette.vision.ports import Detector
from vedette.vision.recognize.appearance import AppearanceRecognizer
from vedette.vision.recognize.attribute_forms import APPEARANCE_MODELS

TAUGHT = (
    "video/fight_surv",
    "video/fall_ambianic",
    "video/people/atrium.mp4",
    "data/mot17_mini/train/MOT17-02-FRCNN/img1",
)
"""Of what docs/models/person-reid-small.md names, that which shows people."""
OTHERS = (
    "video/pets2009_s2l1",
    "video/people/intel_one-by-one-person-detection.mp4",
    "data/mot17_mini/train/MOT17-04-FRCNN/img1",
)
ATTACKED = {"": "person-reid-small", "_control": "person-reid-0287"}
_COPIES = 8
_MOST = 60
"""People of one video or folder: a long one shows few."""
_SPLITS = 25


def find_people(root: Path, sources: Sequence[str], detector: Detector) -> list[Person]:
    """People of videos and photographs, of each at most so many, spread over it."""
    people = list[Person]()
    for source in sources:
        groups = dict[Path, list[Person]]()
        for file in sorted(files_below(root / source)):
            found = groups.setdefault(group_of(file), [])
            for image in read_images(file):
                found += cut_people(TaughtPicture(image, ask(detector, image)))
        for found in groups.values():
            people += found[:: -(-len(found) // _MOST) or 1]
    return people


def ask_likeness(people: Sequence[Person], recognizer: AppearanceRecognizer) -> NDArray[np.float32]:
    """Likeness (people, copies) of each person's altered copies to the picture, to two places, the least first."""
    told = np.empty((len(people), _COPIES), np.float32)
    for row, person in enumerate(people):
        rng = np.random.default_rng(row)
        whole = cut_box(person, rng)
        vector = recognizer.embed(whole)
        copies = [recognizer.embed(draw_view(whole, whole[:, ::-1], rng)) for _ in range(_COPIES)]
        told[row] = np.sort(np.round(np.stack(copies) @ vector, 2))
    return told


def attack(taught: NDArray[np.float32], others: NDArray[np.float32], seed: int) -> tuple[float, float]:
    """Balanced accuracy of the threshold and of the SVM on halves that they were not told the truth about."""
    rng = np.random.default_rng(seed)
    count = min(len(taught), len(others))
    asked = np.concatenate([rng.permutation(taught)[:count], rng.permutation(others)[:count]])
    truth = np.repeat([1, 0], count)
    is_told = rng.permutation(2 * count) < count
    means = asked.mean(1)
    side, limit = max(
        ((side, limit) for side in (1, -1) for limit in np.unique(means[is_told])),
        key=lambda rule: _balanced(rule[0] * (means[is_told] - rule[1]) >= 0, truth[is_told]),
    )
    svm = fit_linear_svm(asked[is_told], truth[is_told])
    return (
        _balanced(side * (means[~is_told] - limit) >= 0, truth[~is_told]),
        _balanced(svm.predict(asked[~is_told]) == 1, truth[~is_told]),
    )


def _balanced(said: NDArray[np.bool_], truth: NDArray[np.int64]) -> float:
    return float((said[truth == 1].mean() + (~said[truth == 0]).mean()) / 2)


def main() -> None:
    parser = make_parser(__doc__, SHARED)
    given = parser.parse_args()
    with installed_detector("standard") as detector:
        taught, others = (find_people(given.data, sources, detector) for sources in (TAUGHT, OTHERS))
    figures: Figures = {"people_taught": len(taught), "people_others": len(others)}
    with installed_models(*ATTACKED.values()) as models:
        for ending, name in ATTACKED.items():
            recognizer = make_appearance_recognizer({APPEARANCE_MODELS[0]: models[name]}, NOTHING_KEPT)
            like_taught, like_others = (ask_likeness(people, recognizer) for people in (taught, others))
            accuracies = np.median([attack(like_taught, like_others, seed) for seed in range(_SPLITS)], axis=0)
            figures |= {f"attack_threshold{ending}": float(accuracies[0]), f"attack_svm{ending}": float(accuracies[1])}
            figures |= {f"likeness_taught{ending}": float(like_taught.mean())}
            figures |= {f"likeness_others{ending}": float(like_others.mean())}
    release = models["person-reid-small"].manifest.release
    files = sorted(file for source in TAUGHT + OTHERS for file in files_below(given.data / source))
    write_result(figures, release, fingerprint(files, given.data), given.json)


if __name__ == "__main__":
    main()
