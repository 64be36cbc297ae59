"""Glasses on folders `<person>/*` of faces: how often they are told, and told rightly, at four sizes of the face.

`--worn FILE` says who wears some (lines of `person` or `person/picture`). `accuracy_<side>` is over all faces, at
whichever answer is likelier; `told_<side>` is the share that one picture alone is sure enough of, and
`accuracy_told_<side>` is over those. A track is decided over all its pictures. Faces are shrunk to the side (in pixels
of the aligned face) and enlarged again; `whole`: as they come. With `--folds N` the network is trained N times anew
(extra `lab`), each time without the people that it is asked about.
"""

import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np

from evals.common import SHARED, Figures, fingerprint, installed_models, make_parser, write_result
from vedette.adapters.openvino_network import OpenVinoNetwork
from vedette.lab.detector.pictures import files_below
from vedette.lab.glasses.samples import Face, collect_people, read_worn
from vedette.node.face_recognizer import HEAD_SIDE_PX, make_face_detector
from vedette.runtime.clock import SystemClock
from vedette.vision.recognize.face_align import ALIGNED_PX
from vedette.vision.recognize.faces_list import GLASSES_FLOOR
from vedette.vision.recognize.glasses import as_probability, cut_eyes

SIDES_PX = {"whole": ALIGNED_PX, "64": 64, "40": 40, "32": 32}
Judge = Callable[[np.ndarray], float]
"""Strip (1, 32, 64, 1) to the logit of glasses."""


def ask(judge: Judge, faces: Sequence[Face]) -> np.ndarray:
    """Probabilities (faces, sizes)."""
    told = np.empty((len(faces), len(SIDES_PX)))
    for row, face in enumerate(faces):
        for column, side in enumerate(SIDES_PX.values()):
            small = cv2.resize(face.image_bgr, (side, side), interpolation=cv2.INTER_AREA)
            enlarged = np.asarray(cv2.resize(small, (ALIGNED_PX, ALIGNED_PX)), np.uint8)
            told[row, column] = as_probability(judge(cut_eyes(enlarged)[None]))
    return told


def ask_anew(faces: Sequence[Face], folds: int) -> np.ndarray:
    """The same of networks that never saw these people."""
    import keras  # noqa: PLC0415 -- only with the extra

    from vedette.lab.glasses.training import PLAN, train_on_faces  # noqa: PLC0415 -- as above

    people = sorted({face.person for face in faces})
    told = np.empty((len(faces), len(SIDES_PX)))
    for fold in range(folds):
        asked = np.array([people.index(face.person) % folds == fold for face in faces])
        taught = [face for face, is_asked in zip(faces, asked, strict=True) if not is_asked]
        keras.utils.set_random_seed(fold)
        with tempfile.TemporaryDirectory() as folder:
            model = train_on_faces(taught, Path(folder), PLAN, SystemClock(), _tell)
        others = [face for face, is_asked in zip(faces, asked, strict=True) if is_asked]
        told[asked] = ask(lambda strip, model=model: float(model(strip)[0, 0]), others)  # type: ignore[misc]
    return told


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def judge_answers(faces: Sequence[Face], told: np.ndarray) -> Figures:
    """Figures of all sizes; prints who was told wrongly."""
    worn = np.array([face.is_worn for face in faces])
    figures: Figures = {"faces": len(faces), "faces_with_glasses": int(worn.sum())}
    for column, name in enumerate(SIDES_PX):
        likely = told[:, column]
        right = (likely >= 0.5) == worn
        sure = np.maximum(likely, 1 - likely) >= GLASSES_FLOOR
        figures[f"accuracy_{name}"] = float(right.mean())
        figures[f"told_{name}"] = float(sure.mean())
        figures[f"accuracy_told_{name}"] = float(right[sure].mean()) if sure.any() else 0.0
        wrong = [face.person for face, is_wrong in zip(faces, sure & ~right, strict=True) if is_wrong]
        print(f"{name:>5}: surely wrong about", *(wrong or ["nobody"]))
    return figures


def main() -> None:
    parser = make_parser(__doc__, SHARED / "data/orl_faces")
    parser.add_argument("--worn", type=Path, default=Path(__file__).parent / "labels/orl_glasses.txt")
    parser.add_argument("--folds", type=int, default=0, help="train so often anew, without those who are asked about")
    given = parser.parse_args()
    with installed_models("face-detector", "glasses") as models:
        finder = make_face_detector(models["face-detector"], HEAD_SIDE_PX)
        faces = collect_people(given.data, read_worn(given.worn), finder.detect)
        network = OpenVinoNetwork(models["glasses"])
    if given.folds:
        told = ask_anew(faces, given.folds)
    else:
        told = ask(lambda strip: float(next(iter(network.infer(strip).values())).reshape(-1)[0]), faces)
    files = sorted(files_below(given.data))
    release = f"trained {given.folds} times" if given.folds else network.release
    write_result(judge_answers(faces, told), release, fingerprint(files, given.data), given.json)


if __name__ == "__main__":
    main()
