"""How well faces are told apart: 1:1 over all pairs and 1:N by enrolled people, any folder of `<person>/*`.

The first five pictures of each person (sorted by name) are enrolled, the rest probed. Besides the protocol's figures
it shows on made examples (each picture blurred, and shrunk) what the quality gate lets pass.
"""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from evals.common import SHARED, Figures, fingerprint, installed_models, make_parser, write_result
from vedette.adapters.openvino_network import OpenVinoNetwork
from vedette.node.face_recognizer import PICTURE_SIDE_PX, make_face_detector
from vedette.vision.picture import Image
from vedette.vision.recognize.face_detector import FaceDetector
from vedette.vision.recognize.face_protocol import find_rank1, verify_all_pairs
from vedette.vision.recognize.face_quality import QualityPolicy, judge_face
from vedette.vision.recognize.face_traits import EMBEDDING_SIZE, FaceEmbedder

ENROLLED = 5
_PICTURES = {".pgm", ".png", ".jpg", ".jpeg", ".bmp", ".webp"}
_BLUR_SIGMA_SHARE, _TINY_SIDE_PX = 0.06, 18
"""A blur of 6 % of the face's side (4 px of 70): features run into each other. And a face of 18 px."""
_FARS = {"1e3": 1e-3, "1e4": 1e-4, "1e5": 1e-5, "1e6": 1e-6}


@dataclass(frozen=True, slots=True)
class Person:
    """One folder of pictures, sorted by name."""

    name: str
    paths: list[Path]


def read_people(folder: Path) -> list[Person]:
    """People with at least one picture."""
    people = []
    for inner in sorted(path for path in folder.iterdir() if path.is_dir()):
        paths = sorted(path for path in inner.iterdir() if path.suffix.lower() in _PICTURES)
        if paths:
            people.append(Person(inner.name, paths))
    if not people:
        raise SystemExit(f"{folder} has no folders with pictures")
    return people


class FaceBench:
    """Detection, gate and embedding as the system composes them."""

    def __init__(self, detector: FaceDetector, embedder: FaceEmbedder) -> None:
        self._detector = detector
        self._embedder = embedder
        self._policy = QualityPolicy()

    def embed(self, image: Image) -> np.ndarray:
        """(256,) of the largest face; NaN when none is found."""
        faces = self._detector.detect(image)
        if not len(faces):
            return np.full(EMBEDDING_SIZE, np.nan, np.float32)
        sides = faces.boxes[:, 2:] - faces.boxes[:, :2]
        return self._embedder.embed(image, faces.points[int(sides.prod(axis=1).argmax())])

    def passes_gate(self, image: Image) -> bool:
        """Whether the picture may be enrolled: a face is found and its quality reaches the floor."""
        faces = self._detector.detect(image)
        if not len(faces):
            return False
        height, width = image.shape[:2]
        left, top, right, bottom = np.clip(faces.boxes[0].round(), 0, [width, height, width, height]).astype(int)
        if right - left < 4 or bottom - top < 4:
            return False
        face = image[top:bottom, left:right]
        return judge_face(face, faces.points[0], float(faces.scores[0]), self._policy).may_match(self._policy)

    def find_side_px(self, image: Image) -> float:
        """The size of the best face, 0 when none is found."""
        faces = self._detector.detect(image)
        return float(np.sqrt((faces.boxes[0, 2:] - faces.boxes[0, :2]).prod())) if len(faces) else 0.0


def blur(image: Image, face_side_px: float) -> Image:
    """Out of focus, in proportion to the face."""
    return np.asarray(cv2.GaussianBlur(image, (0, 0), max(0.5, face_side_px * _BLUR_SIGMA_SHARE)), np.uint8)


def shrink(image: Image, face_side_px: float) -> Image:
    """So small that the face has 18 pixels, in a grey surrounding as large as before."""
    scale = min(1.0, _TINY_SIDE_PX / max(face_side_px, 1.0))
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    framed = np.full_like(image, 114)
    framed[: small.shape[0], : small.shape[1]] = small
    return framed


def measure_protocol(bench: FaceBench, people: list[Person]) -> Figures:
    """The figures of the protocol."""
    rows, who, enrolled = [], [], []
    for number, person in enumerate(people):
        for place, path in enumerate(person.paths):
            image = cv2.imread(str(path))
            rows.append(bench.embed(image) if image is not None else np.full(EMBEDDING_SIZE, np.nan, np.float32))
            who.append(number)
            enrolled.append(place < ENROLLED)
    embeddings, ids, is_enrolled = np.array(rows, np.float32), np.array(who, np.int64), np.array(enrolled, bool)
    pairs = verify_all_pairs(embeddings, ids)
    eer, threshold = pairs.equal_error_rate()
    figures: Figures = {
        "eer": eer,
        "eer_threshold": threshold,
        "rank1": find_rank1(embeddings[is_enrolled], ids[is_enrolled], embeddings[~is_enrolled], ids[~is_enrolled]),
        "not_detected": int(np.isnan(embeddings).any(axis=1).sum()),
        "people": len(people),
        "pictures": len(ids),
        "genuine_pairs": len(pairs.genuine),
        "impostor_pairs": len(pairs.impostor),
    }
    for name, far in _FARS.items():
        tar = pairs.tar_at_far(far)
        if tar is not None:
            figures[f"tar_at_far_{name}"], figures[f"fnmr_at_fmr_{name}"] = tar, 1 - tar
    figures.setdefault("tar_at_far_1e3", 0.0)
    return figures


def measure_gate(bench: FaceBench, people: list[Person]) -> Figures:
    """Shares of pictures that pass the gate: as they are, blurred, tiny. One picture per person."""
    images = [image for person in people if (image := cv2.imread(str(person.paths[0]))) is not None]
    sides = [bench.find_side_px(image) for image in images]
    kinds = {
        "as_is": images,
        "blurred": [blur(image, side) for image, side in zip(images, sides, strict=True)],
        "tiny": [shrink(image, side) for image, side in zip(images, sides, strict=True)],
    }
    return {
        f"gate_passes_{kind}": float(np.mean([bench.passes_gate(image) for image in made]))
        for kind, made in kinds.items()
    }


def main() -> None:
    parser = make_parser(__doc__, SHARED / "data/orl_faces")
    given = parser.parse_args()
    if given.pack == "default":
        raise SystemExit("the default pack has no face embedding; use --pack standard")
    people = read_people(given.data)
    with installed_models("yunet-n", "face-reid-0095") as models:
        embedder = FaceEmbedder(OpenVinoNetwork(models["face-reid-0095"]))
        bench = FaceBench(make_face_detector(models["yunet-n"], PICTURE_SIDE_PX), embedder)
        figures = measure_protocol(bench, people) | measure_gate(bench, people)
        release = "+".join(model.manifest.release for model in models.values())
    paths = [path for person in people for path in person.paths]
    write_result(figures, release, fingerprint(paths, given.data), given.json)


if __name__ == "__main__":
    main()
