"""Pictures for training: frames of the videos and the photographs that the trainer names, labelled once and kept."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import cv2
import numpy as np

from vedette.core.detections import CLASS_NAMES
from vedette.core.errors import InvalidInputError
from vedette.core.time import TICKS_PER_S
from vedette.lab.detector.labelled import LabelledPicture, find_labels
from vedette.lab.detector.teachers import Found, Teachers
from vedette.media.decode import FileFrames, UndecodableError
from vedette.testing.scenes.car_park import make_car_park
from vedette.testing.scenes.catalog import VERSION
from vedette.testing.scenes.corridor import make_corridor
from vedette.testing.scenes.gate import make_gate
from vedette.testing.scenes.renderer import SceneRenderer
from vedette.testing.scenes.scene import FRAMES, Scene
from vedette.testing.scenes.street import make_street
from vedette.vision.picture import Image, shrink, to_bgr

_PHOTOS = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".pgm", ".webp"})
_VIDEOS = frozenset({".mp4", ".avi", ".mkv", ".mov", ".webm", ".ts"})
_LONGEST_PX = 960
_SHORTEST_PX = 64
_FRAMES_A_VIDEO = 120
_APART_S = 0.4
_PLACES = {"gate": make_gate, "car_park": make_car_park, "street": make_street, "corridor": make_corridor}
_SEEDS = (21, 22, 23)
_FRAMES_A_SCENE = 30
_PLAIN, _HARDLY = 0.45, 0.3
"""Share of an actor that is seen from which it counts, and the score of one that hides."""

Origin = Literal["teachers", "scene", "people"]


@dataclass(frozen=True, slots=True)
class TaughtPicture:
    """A picture (H, W, 3) BGR and what is in it: as teachers found, as a scene was drawn, or as people labelled it."""

    image_bgr: Image
    found: Found
    labels_of: Origin = "teachers"

    @property
    def is_sure(self) -> bool:
        """Whether nobody needs to be asked about it."""
        return self.labels_of != "teachers"


def collect_pictures(
    sources: Sequence[Path], teachers: Teachers, kept: Path, tell: Callable[[str], None]
) -> list[list[TaughtPicture]]:
    """The pictures below the sources in groups: of one video, or the photographs of one folder.

    What was labelled before is read from `kept`.

    Raises:
        InvalidInputError: there is no picture in any source.
    """
    files = sorted(file for source in sources for file in files_below(source))
    kept.mkdir(parents=True, exist_ok=True)
    groups: dict[Path, list[TaughtPicture]] = {}
    for number, file in enumerate(files):
        store = kept / f"{hashlib.sha256(str(file.resolve()).encode()).hexdigest()[:20]}.npz"
        if not store.is_file():
            _write(store, list(_label(file, teachers)))
            tell(f"labelled {number + 1} of {len(files)}: {file.name}")
        groups.setdefault(group_of(file), []).extend(_read(store))
    found = [group for group in groups.values() if group]
    if not found:
        raise InvalidInputError("there is no picture to learn from", "Name folders of videos or photographs.")
    return found


def group_of(file: Path) -> Path:
    """What a file's pictures count with: a video is a group, and the photographs of one folder are."""
    return file.parent if _is_photo(file) else file


def _is_photo(file: Path) -> bool:
    return file.suffix.lower() in _PHOTOS


def files_below(source: Path) -> Iterator[Path]:
    """Videos and photographs in a folder or its folders, or the one file."""
    found = [source] if source.is_file() else source.rglob("*")
    return (path for path in found if path.suffix.lower() in _PHOTOS | _VIDEOS)


def _label(file: Path, teachers: Teachers) -> Iterator[TaughtPicture]:
    labelled = find_labels(file) if _is_photo(file) else None
    for image in read_images(file):
        if labelled is not None:
            yield _as_kept(image, _as_found(labelled), "people")
        elif min(image.shape[:2]) >= _SHORTEST_PX:
            yield _as_kept(image, teachers.label(image), "teachers")


def _as_found(labelled: LabelledPicture) -> Found:
    """What people labelled; what they would rather have ignored hardly counts, as the class that is most."""
    rows = [(box, 1.0, CLASS_NAMES.index(name)) for name, boxes in labelled.boxes.items() for box in boxes]
    rows += [(box, _HARDLY, CLASS_NAMES.index("vehicle")) for box in labelled.ignored]
    boxes, scores, classes = zip(*rows, strict=True) if rows else ((), (), ())
    corners = np.array(boxes, np.float32).reshape(-1, 4)
    return Found(corners, np.array(scores, np.float32), np.array(classes, np.int16))


def read_images(file: Path) -> Iterator[Image]:
    """A photograph, or frames of a video some time apart; nothing of a file that cannot be decoded."""
    if _is_photo(file):
        image = cv2.imread(str(file), cv2.IMREAD_COLOR)
        if image is not None:
            yield np.asarray(image, np.uint8)
        return
    try:
        with file.open("rb") as opened:
            video = FileFrames(opened)
            apart_90k = max(_APART_S, video.duration_s / _FRAMES_A_VIDEO) * TICKS_PER_S
            next_90k = 0.0
            for frame in video.frames():
                if frame.pts_90k >= next_90k:
                    next_90k = frame.pts_90k + apart_90k
                    width, height = frame.size_px
                    yield to_bgr(frame, width // 2 * 2, height // 2 * 2)
    except UndecodableError:
        return


def _as_kept(image: Image, found: Found, labels_of: Origin) -> TaughtPicture:
    """A picture and its boxes as small as they are stored."""
    scale = min(1.0, _LONGEST_PX / float(max(image.shape[:2])))
    boxes_px = found.boxes_px * np.float32(scale)
    return TaughtPicture(shrink(image, _LONGEST_PX), Found(boxes_px, found.score, found.class_id), labels_of)


def _write(path: Path, pictures: list[TaughtPicture]) -> None:
    arrays: dict[str, np.ndarray] = {"count": np.array(len(pictures))}
    for index, picture in enumerate(pictures):
        _, jpeg = cv2.imencode(".jpg", picture.image_bgr, [cv2.IMWRITE_JPEG_QUALITY, 92])
        found = picture.found
        arrays |= {f"jpeg{index}": jpeg, f"boxes{index}": found.boxes_px, f"score{index}": found.score,
                   f"class{index}": found.class_id, f"labels{index}": np.array(picture.labels_of)}  # fmt: skip
    part = path.with_suffix(".part.npz")
    np.savez(part, allow_pickle=False, **arrays)
    part.replace(path)


def _read(path: Path) -> list[TaughtPicture]:
    with np.load(path, allow_pickle=False) as stored:
        return [
            TaughtPicture(
                np.asarray(cv2.imdecode(stored[f"jpeg{index}"], cv2.IMREAD_COLOR), np.uint8),
                Found(stored[f"boxes{index}"], stored[f"score{index}"], stored[f"class{index}"]),
                next(origin for origin in get_args(Origin) if origin == stored[f"labels{index}"]),
            )
            for index in range(int(stored["count"]))
        ]


def draw_scenes(kept: Path, tell: Callable[[str], None]) -> list[list[TaughtPicture]]:
    """Pictures of generated scenes that no simulated camera shows, labelled by what was drawn."""
    groups = []
    for name, make in _PLACES.items():
        for seed in _SEEDS:
            store = kept / f"{name}-{seed}-v{VERSION}.npz"
            if not store.is_file():
                _write(store, _draw_scene(make(seed), seed))
                tell(f"drew {name} {seed}")
            groups.append(_read(store))
    return groups


def _draw_scene(scene: Scene, seed: int) -> list[TaughtPicture]:
    renderer = SceneRenderer(scene, seed)
    pictures = []
    for frame in range(0, FRAMES, FRAMES // _FRAMES_A_SCENE):
        image, boxes = renderer.render(frame)
        corners = np.array([box.box_px for box in boxes], np.float32).reshape(-1, 4)
        corners[:, 2:] += corners[:, :2]
        score = np.array([1.0 if box.visibility >= _PLAIN else _HARDLY for box in boxes], np.float32)
        found = Found(corners, score, np.array([box.class_id for box in boxes], np.int16))
        pictures.append(_as_kept(image, found, "scene"))
    return pictures
