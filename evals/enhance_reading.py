"""Whether enlarging helps to read: plates and faces made small and compressed, read with no enlargement as the product
does, enlarged bicubically, and enlarged by super-resolution.

Only the reading differs: the plate's corners and the face's landmarks are those found in the small picture, for all
three alike; a plate or face that is not found there is wrong for all. The weight set is the one the bank chooses by the
JPEG's own table, the best that the product could know. Figures by size, JPEG quality (`q0`: not compressed) and half:
`tuning` (pictures that training saw; people of the first half), on which a choice may be made, and `held_out`, which
shows whether it holds. Plates: `exact` and `cer` (edits over signs). Faces: each small picture against every other
picture in full size: `tar`, the share of right pairs accepted where 1 in 100 wrong ones is; `found`, that of the small
pictures in which a face is found at all.

`--data` is the folder of plates (OpenALPR's `.txt` or `plates_gt*.csv`) or of people (`<person>/*`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from evals.common import SHARED, Figures, fingerprint, installed_models, make_parser, write_result
from evals.faces import Person, read_people
from evals.super_resolution import load_bank
from vedette.adapters.openvino_network import OpenVinoNetwork
from vedette.core.errors import NotFoundError
from vedette.lab.plates.labels import LabelledPicture, PlateLabel, is_held_out, read_labels
from vedette.lab.plates.tally import count_edits, wanted_text
from vedette.node.face_recognizer import make_picture_face_detector
from vedette.vision.boxes import iou_matrix
from vedette.vision.enhance.bank import WeightBank, choose_set
from vedette.vision.enhance.headers import read_header
from vedette.vision.enhance.picture import enlarge_bgr
from vedette.vision.enhance.plain import enlarge, to_pixels
from vedette.vision.models.registry import InstalledModel
from vedette.vision.picture import Image
from vedette.vision.recognize.face_detector import FaceFinder
from vedette.vision.recognize.face_protocol import Verification
from vedette.vision.recognize.face_traits import EMBEDDING_SIZE, FaceEmbedder
from vedette.vision.recognize.plate_finder import SIDE_PX, PlateFinder
from vedette.vision.recognize.plate_reader import PlateReader

WAYS = ("none", "bicubic", "ours")
HALVES = ("tuning", "held_out")
PLATE_WIDTHS_PX = (28, 40, 56, 80)
FACE_SIDES_PX = (16, 24, 32, 48)
QUALITIES = (0, 90, 70, 50)
_SAME_IOU = 0.3
_MARGIN = 0.5
"""Around a plate, of its width: its cut-outs reach beyond the corners, and the network sees 7 pixels far."""
_FMR = 0.01


@dataclass(frozen=True, slots=True)
class Small:
    """A picture as a camera far away would have sent it. `scale`: of the original; `quality`: as the bank reads it."""

    image_bgr: Image
    scale: float
    quality: float


def degrade(image_bgr: Image, scale: float, quality: int) -> Small:
    """Shrinks (never enlarges) and compresses."""
    scale = min(scale, 1.0)
    small = cv2.resize(image_bgr, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    if not quality:
        return Small(np.asarray(small, np.uint8), scale, 100.0)
    data = bytes(cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, quality])[1])
    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    return Small(np.asarray(decoded, np.uint8), scale, read_header(data).quality)


def cut_and_enlarge(small: Small, points_xy: NDArray[np.float32], way: str, bank: WeightBank) -> tuple[Image, NDArray]:
    """The surroundings of some points, enlarged in one of `WAYS`, and the points in them."""
    if way == "none":
        return small.image_bgr, points_xy
    low, high = points_xy.min(axis=0), points_xy.max(axis=0)
    margin = _MARGIN * float((high - low).max()) + 8
    height, width = small.image_bgr.shape[:2]
    left, top = np.maximum(np.floor(low - margin), 0).astype(int)
    right, bottom = np.minimum(np.ceil(high + margin), (width, height)).astype(int)
    cut = np.ascontiguousarray(small.image_bgr[top:bottom, left:right])
    # A pixel's middle is a half from its edge: the middle of pixel 0 lies at 0.5 of the two that it becomes.
    moved = (points_xy - (left, top)) * 2 + 0.5
    if way == "bicubic":
        return np.asarray(cv2.resize(cut, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC), np.uint8), moved
    arrays = bank.get(choose_set(small.quality)).arrays
    return enlarge_bgr(cut, lambda luma: to_pixels(enlarge(luma, arrays))), moved


# --- plates ---


@dataclass
class PlateTally:
    labels: int = 0
    exact: int = 0
    edits: int = 0
    signs: int = 0


class PlateBench:
    """Finder and reader as the product composes them."""

    def __init__(self, detector: InstalledModel, reader: InstalledModel) -> None:
        thresholds = detector.manifest.thresholds
        network = OpenVinoNetwork(detector, (1, SIDE_PX, SIDE_PX, 3))
        self.finder = PlateFinder(network, thresholds["floor"], thresholds["sure"])
        self.reader = PlateReader(OpenVinoNetwork(reader))
        self.release = f"{self.finder.release}+{self.reader.release}"

    def place(self, image_bgr: Image, labels: Sequence[PlateLabel]) -> list[NDArray[np.float32] | None]:
        """For each label the box (4,) of its plate in the original picture: as labelled, or the find read best."""
        if all(label.box_xyxy for label in labels):
            return [np.array(label.box_xyxy, np.float32) for label in labels]
        found = self.finder.find_everywhere(image_bgr)
        reads = [self.reader.read(image_bgr, corners) for corners in found.corners_xy]
        boxes: list[NDArray[np.float32] | None] = []
        for label in labels:
            wanted = wanted_text(label)
            edits = [count_edits(read.text if read else "", wanted) for read in reads]
            best = int(np.argmin(edits)) if edits else -1
            boxes.append(found.boxes_xyxy[best] if edits and edits[best] <= 2 else None)
        return boxes

    def find_near(self, small: Small, box_xyxy: NDArray[np.float32]) -> NDArray[np.float32] | None:
        """The corners found in the small picture for a plate of the original."""
        found = self.finder.find_everywhere(small.image_bgr)
        overlap = iou_matrix((box_xyxy * np.float32(small.scale))[None], found.boxes_xyxy)[0]
        return found.corners_xy[int(overlap.argmax())] if len(overlap) and overlap.max() >= _SAME_IOU else None


def measure_plates(
    bench: PlateBench, bank: WeightBank, pictures: Sequence[LabelledPicture], qualities: Sequence[int]
) -> Figures:
    """All widths and qualities; a plate narrower than the width in the original is left out there."""
    tallies: dict[str, PlateTally] = {}
    for number, picture in enumerate(pictures, 1):
        print(f"{number}/{len(pictures)} {picture.path.name}", flush=True)
        image = cv2.imread(str(picture.path))
        half = HALVES[is_held_out(picture)]
        for label, box in zip(picture.plates, bench.place(image, picture.plates), strict=True):
            if box is None:
                continue
            for width_px in (each for each in PLATE_WIDTHS_PX if each <= box[2] - box[0]):
                for quality in qualities:
                    small = degrade(image, width_px / float(box[2] - box[0]), quality)
                    _read_plate(bench, bank, small, box, wanted_text(label), f"w{width_px}_q{quality}_{half}", tallies)
    return {
        name: value
        for key, tally in sorted(tallies.items())
        for name, value in (
            (f"{key}_exact", tally.exact / tally.labels),
            (f"{key}_cer", tally.edits / max(tally.signs, 1)),
            (f"{key}_plates", tally.labels),
        )
    }


def _read_plate(
    bench: PlateBench,
    bank: WeightBank,
    small: Small,
    box: NDArray[np.float32],
    wanted: str,
    key: str,
    tallies: dict[str, PlateTally],
) -> None:
    corners = bench.find_near(small, box)
    for way in WAYS:
        read = None if corners is None else bench.reader.read(*cut_and_enlarge(small, corners, way, bank))
        edits = count_edits(read.text if read else "", wanted)
        tally = tallies.setdefault(f"plate_{key}_{way}", PlateTally())
        tally.labels += 1
        tally.exact += edits == 0
        tally.edits += min(edits, len(wanted))
        tally.signs += len(wanted)


# --- faces ---


class FaceBench:
    """Detector and embedder as the product composes them."""

    def __init__(self, detector: FaceFinder, embedder: FaceEmbedder) -> None:
        self.detector = detector
        self.embedder = embedder
        self.release = f"{detector.release}+{embedder.release}"

    def find(self, image_bgr: Image) -> tuple[NDArray[np.float32], float] | None:
        """Landmarks (5, 2) and side in pixels of the largest face."""
        faces = self.detector.detect(image_bgr)
        if not len(faces):
            return None
        areas = (faces.boxes[:, 2:] - faces.boxes[:, :2]).prod(axis=1)
        best = int(areas.argmax())
        return faces.points[best], float(np.sqrt(areas[best]))


def measure_faces(bench: FaceBench, bank: WeightBank, people: Sequence[Person], qualities: Sequence[int]) -> Figures:
    """All sides and qualities, each half of the people by itself."""
    figures: Figures = {}
    middle = len(people) // 2
    for half, chosen in zip(HALVES, (people[:middle], people[middle:]), strict=True):
        images = [np.asarray(cv2.imread(str(path)), np.uint8) for person in chosen for path in person.paths]
        who = np.array([number for number, person in enumerate(chosen) for _ in person.paths])
        found = [bench.find(image) for image in images]
        full = _stack(
            [None if f is None else bench.embedder.embed(image, f[0]) for image, f in zip(images, found, strict=True)]
        )
        for side_px in FACE_SIDES_PX:
            for quality in qualities:
                print(f"{half}, face of {side_px} px, quality {quality}", flush=True)
                smalls = [
                    None if f is None else degrade(image, side_px / f[1], quality)
                    for image, f in zip(images, found, strict=True)
                ]
                for way, vectors in _embed_ways(bench, bank, smalls).items():
                    pairs = compare(vectors, full, who)
                    key = f"face_s{side_px}_q{quality}_{half}_{way}"
                    figures[f"{key}_tar"] = pairs.tar_at_far(_FMR) or 0.0
                    figures[f"{key}_found"] = float(np.isfinite(vectors).all(axis=1).mean())
    return figures


def _embed_ways(bench: FaceBench, bank: WeightBank, smalls: Sequence[Small | None]) -> dict[str, NDArray[np.float32]]:
    rows: dict[str, list[NDArray[np.float32] | None]] = {way: [] for way in WAYS}
    for small in smalls:
        face = None if small is None else bench.find(small.image_bgr)
        for way in WAYS:
            if small is None or face is None:
                rows[way].append(None)
            else:
                rows[way].append(bench.embedder.embed(*cut_and_enlarge(small, face[0], way, bank)))
    return {way: _stack(vectors) for way, vectors in rows.items()}


def _stack(vectors: Sequence[NDArray[np.float32] | None]) -> NDArray[np.float32]:
    missing = np.full(EMBEDDING_SIZE, np.nan, np.float32)
    return np.array([missing if vector is None else vector for vector in vectors], np.float32)


def compare(probes: NDArray[np.float32], gallery: NDArray[np.float32], who: NDArray[np.int64]) -> Verification:
    """Each probe against every picture but its own original; row i of both shows person `who[i]`."""
    scores = np.nan_to_num(probes.astype(np.float64) @ gallery.T.astype(np.float64), nan=-np.inf)
    is_same = who[:, None] == who[None, :]
    is_other_picture = ~np.eye(len(who), dtype=bool)
    return Verification(np.sort(scores[is_same & is_other_picture]), np.sort(scores[~is_same]))


def print_table(figures: Figures) -> None:
    """One line for each size, quality and half: the three ways side by side."""
    keys = sorted({name.rsplit("_", 2)[0] for name in figures})
    for key in keys:
        cells = []
        for measure in ("exact", "cer", "plates", "tar", "found"):
            values = [figures.get(f"{key}_{way}_{measure}") for way in WAYS]
            if values[0] is not None:
                cells.append(f"{measure} " + " / ".join(f"{value:.3f}" for value in values))
        print(f"{key:28} {'   '.join(cells)}")


def main() -> None:
    parser = make_parser(__doc__, SHARED / "data/openalpr/eu")
    parser.add_argument("--most", type=int, default=10_000, help="pictures, or people, at most")
    parser.add_argument("--qualities", type=int, nargs="+", default=QUALITIES, help="JPEG qualities; 0: not compressed")
    given = parser.parse_args()
    bank = load_bank()
    try:
        pictures = read_labels(given.data)[: given.most]
    except NotFoundError:
        people = read_people(given.data)[: given.most]
        with installed_models("yunet-n", "face-reid-0095") as models:
            detector = make_picture_face_detector(models["yunet-n"])
            faces = FaceBench(detector, FaceEmbedder(OpenVinoNetwork(models["face-reid-0095"])))
            figures = measure_faces(faces, bank, people, given.qualities)
        used, release = [path for person in people for path in person.paths], faces.release
    else:
        with installed_models("plate-detector", "plate-reader") as models:
            plates = PlateBench(models["plate-detector"], models["plate-reader"])
            figures = measure_plates(plates, bank, pictures, given.qualities)
        used, release = [picture.path for picture in pictures], plates.release
    print("none / bicubic / ours")
    print_table(figures)
    write_result(figures, f"{release}+{bank.release}", fingerprint(used, given.data), given.json)


if __name__ == "__main__":
    main()
