"""How well faces are told apart: 1:1 over all pairs or given ones, 1:N by enrolled people, any folder of `<person>/*`.

The first five pictures of each person (sorted by name) are enrolled, the rest probed. FNMR is given at every FMR that
the data are enough for (one impostor pair at least), with an upper bound; the open-set figures search for each person
once with him on the list and once without. `sure` and `unsure` are the release's thresholds, on templates as the
system makes them: the mean of five pictures against the mean of two. Besides, it shows on made examples (each picture
blurred, and shrunk) what the quality gate lets pass. The pack `default` only finds faces: `not_detected` alone.
"""

import argparse
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from evals.common import SHARED, Figures, fingerprint, installed_models, make_parser, write_result
from evals.face_pairs import PairList, embed_sets, read_lfw_pairs, read_template_matches
from vedette.adapters.openvino_network import OpenVinoNetwork
from vedette.node.face_recognizer import make_picture_face_detector
from vedette.vision.picture import Image
from vedette.vision.recognize.face_detector import FaceFinder
from vedette.vision.recognize.face_protocol import (
    Verification,
    bound_rate,
    find_rank1,
    search_open_set,
    verify_all_pairs,
    verify_pairs,
)
from vedette.vision.recognize.face_quality import QualityPolicy, judge_face
from vedette.vision.recognize.face_terms import MatchTerms, read_terms
from vedette.vision.recognize.face_track import MIN_SIGHTINGS, mean_direction
from vedette.vision.recognize.face_traits import EMBEDDING_SIZE, FaceEmbedder

ENROLLED = 5
_PICTURES = {".pgm", ".png", ".jpg", ".jpeg", ".bmp", ".webp"}
_BLUR_SIGMA_SHARE, _TINY_SIDE_PX = 0.06, 18
"""A blur of 6 % of the face's side (4 px of 70): features run into each other. And a face of 18 px."""
_FARS = {"1e3": 1e-3, "1e4": 1e-4, "1e5": 1e-5, "1e6": 1e-6}
_FPIRS = {"1e1": 1e-1, "1e2": 1e-2, "1e3": 1e-3}


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

    def __init__(self, detector: FaceFinder, embedder: FaceEmbedder) -> None:
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


@dataclass(frozen=True, slots=True)
class Embedded:
    """Pictures as vectors: (N, 256), NaN without a face; who is on each; and whether it is one of the first five."""

    vectors: NDArray[np.float32]
    who: NDArray[np.int64]
    is_enrolled: NDArray[np.bool_]


def embed_people(bench: FaceBench, people: list[Person]) -> Embedded:
    """Embeds every picture once."""
    rows, who, enrolled = [], [], []
    for number, person in enumerate(people):
        for place, path in enumerate(person.paths):
            rows.append(embed_file(bench, path))
            who.append(number)
            enrolled.append(place < ENROLLED)
    return Embedded(np.array(rows, np.float32), np.array(who, np.int64), np.array(enrolled, bool))


def embed_file(bench: FaceBench, path: Path) -> NDArray[np.float32]:
    image = cv2.imread(str(path))
    return np.full(EMBEDDING_SIZE, np.nan, np.float32) if image is None else bench.embed(np.asarray(image, np.uint8))


def figure_verification(pairs: Verification) -> Figures:
    """1:1: a rate that the data cannot show is left out, TAR at 1e-3 apart, which is 0 then."""
    eer, threshold = pairs.equal_error_rate()
    figures: Figures = {
        "eer": eer,
        "eer_threshold": threshold,
        "genuine_pairs": len(pairs.genuine),
        "impostor_pairs": len(pairs.impostor),
        "lowest_fmr_shown": 1 / max(len(pairs.impostor), 1),
    }
    for name, far in _FARS.items():
        at, tar = pairs.threshold_at_fmr(far), pairs.tar_at_far(far)
        if at is not None and tar is not None:
            figures[f"tar_at_far_{name}"], figures[f"fnmr_at_fmr_{name}"] = tar, 1 - tar
            missed = round((1 - tar) * len(pairs.genuine))
            figures[f"fnmr_at_fmr_{name}_upper95"] = bound_rate(missed, len(pairs.genuine))
            figures[f"threshold_at_fmr_{name}"] = at
    figures.setdefault("tar_at_far_1e3", 0.0)
    return figures


def measure_protocol(found: Embedded) -> Figures:
    """The figures of the protocol."""
    enrolled, probed = found.is_enrolled, ~found.is_enrolled
    figures: Figures = {
        "rank1": find_rank1(found.vectors[enrolled], found.who[enrolled], found.vectors[probed], found.who[probed]),
        "not_detected": int(np.isnan(found.vectors).any(axis=1).sum()),
        "people": len(np.unique(found.who)),
        "pictures": len(found.who),
    }
    return figure_verification(verify_all_pairs(found.vectors, found.who)) | figures


def measure_open_set(found: Embedded) -> Figures:
    """1:N with people who are on no list: FNIR at a fixed FPIR, one mean template per person."""
    names, gallery = _join(found, found.is_enrolled, ENROLLED)
    probed = ~found.is_enrolled
    searches = search_open_set(gallery, names, found.vectors[probed], found.who[probed])
    figures: Figures = {"open_set_enrolled": len(names), "open_set_searches": len(searches.others)}
    for name, fpir in _FPIRS.items():
        fnir = searches.fnir_at_fpir(fpir)
        if fnir is not None:
            figures[f"fnir_at_fpir_{name}"] = fnir
    return figures


def measure_thresholds(found: Embedded, sure: float, unsure: float) -> Figures:
    """What the release's thresholds do to templates as the system makes them."""
    names, gallery = _join(found, found.is_enrolled, ENROLLED)
    whose, probes = _join(found, ~found.is_enrolled, MIN_SIGHTINGS)
    vectors, people = np.concatenate([gallery, probes]), np.concatenate([names, whose])
    rows = np.array([(g, len(names) + p) for g in range(len(names)) for p in range(len(whose))], np.int64)
    rows = rows.reshape(-1, 2)
    pairs = verify_pairs(vectors, rows, people[rows[:, 0]] == people[rows[:, 1]])
    figures: Figures = {"template_genuine": len(pairs.genuine), "template_impostor": len(pairs.impostor)}
    for name, threshold in (("sure", sure), ("unsure", unsure)):
        figures[f"template_fmr_{name}"] = pairs.false_match_rate(threshold)
        figures[f"template_fmr_{name}_upper95"] = bound_rate(
            round(pairs.false_match_rate(threshold) * len(pairs.impostor)), len(pairs.impostor)
        )
        figures[f"template_fnmr_{name}"] = pairs.false_non_match_rate(threshold)
    return figures


def _join(found: Embedded, chosen: NDArray[np.bool_], size: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Mean templates of `size` chosen pictures each, of people who have so many; and whose each is."""
    whose, templates = [], []
    is_seen = np.isfinite(found.vectors).all(axis=1)
    for number in np.unique(found.who):
        rows = np.flatnonzero(chosen & is_seen & (found.who == number))
        for first in range(0, len(rows) - size + 1, size):
            whose.append(int(number))
            templates.append(mean_direction(found.vectors[rows[first : first + size]]))
    return np.array(whose, np.int64), np.array(templates, np.float32).reshape(-1, EMBEDDING_SIZE)


def measure_pairs(bench: FaceBench, given: PairList) -> Figures:
    """1:1 by a protocol's own list of pairs."""
    vectors = embed_sets(given.sets, partial(embed_file, bench))
    missing = int(np.isnan(vectors).any(axis=1).sum())
    pairs = verify_pairs(vectors, given.pairs, given.is_same)
    return figure_verification(pairs) | {"templates": len(given.sets), "not_detected": missing}


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


def _read_pairs(given: argparse.Namespace) -> PairList | None:
    if given.templates is not None and given.matches is not None:
        return read_template_matches(given.templates, given.matches, given.data)
    return None if given.pairs is None else read_lfw_pairs(given.pairs, given.data)


def measure_people(bench: FaceBench, people: list[Person], terms: MatchTerms) -> Figures:
    """All figures of a folder of people."""
    found = embed_people(bench, people)
    figures = measure_protocol(found) | measure_open_set(found)
    return figures | measure_thresholds(found, terms.sure, terms.unsure) | measure_gate(bench, people)


def measure_default_pack(given: argparse.Namespace, people: list[Person]) -> None:
    """The default pack finds faces and has no embedding: nothing can be compared with it."""
    paths = [path for person in people for path in person.paths]
    with installed_models("face-detector") as models:
        detector = make_picture_face_detector(models["face-detector"])
        images = [image for path in paths if (image := cv2.imread(str(path))) is not None]
        missed = sum(not len(detector.detect(image)) for image in images)
    figures: Figures = {"not_detected": missed, "people": len(people), "pictures": len(images)}
    write_result(figures, detector.release, fingerprint(paths, given.data), given.json)


def main() -> None:
    parser = make_parser(__doc__, SHARED / "data/orl_faces")
    parser.add_argument("--pairs", type=Path, help="LFW's pairs.txt: only these pairs are compared")
    parser.add_argument("--templates", type=Path, help="IJB's CSV of templates, with --matches")
    parser.add_argument("--matches", type=Path, help="IJB's CSV of pairs of templates")
    given = parser.parse_args()
    pairs = _read_pairs(given)
    people = [] if pairs else read_people(given.data)
    if given.pack == "default":
        measure_default_pack(given, people)
        return
    with installed_models("yunet-n", "face-reid-0095") as models:
        embedder = FaceEmbedder(OpenVinoNetwork(models["face-reid-0095"]))
        bench = FaceBench(make_picture_face_detector(models["yunet-n"]), embedder)
        manifest = models["face-reid-0095"].manifest
        terms = read_terms(manifest.release, manifest.thresholds)
        figures = measure_pairs(bench, pairs) if pairs else measure_people(bench, people, terms)
        release = "+".join(model.manifest.release for model in models.values())
    paths = [path for person in people for path in person.paths]
    paths += sorted({path for pictures in pairs.sets for path in pictures if path.exists()}) if pairs else []
    write_result(figures, release, fingerprint(paths, given.data), given.json)


if __name__ == "__main__":
    main()
