"""Accuracy of tracking: `mota`, `idf1`, `hota`, `id_switches` (TrackEval's definitions, see `track_metrics`).

DIR holds one video and `gt.txt` (MOT rows in the video's pixels, flag 0 = ignore), or sequences of a MOT folder
(`gt/gt.txt` beside `img1/` and `seqinfo.ini`). `--detections public` takes the boxes of `det/det.txt` instead of the
detector's: then only the tracker is judged, and pictures are not needed. People are scored, every picture is
analysed, and of the pack `default` everything that moves counts, named or not.
"""

import argparse
import configparser
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from evals.common import SHARED, Figures, fingerprint, installed_detector, make_parser, write_result
from evals.mot_rows import MotRows, match_frames, parse_rows, read_rows
from evals.track_metrics import TrackingCounts, count_tracking, no_counts
from vedette.core.detections import CLASS_NAMES, MOVING_CLASS, Detections
from vedette.core.time import TICKS_PER_S
from vedette.media.decode import FileFrames
from vedette.media.planes import PlanarFrame
from vedette.vision.engine import PictureAnalysis
from vedette.vision.picture import to_planes
from vedette.vision.ports import Detector
from vedette.vision.track.tracker import Tracker
from vedette.vision.wire import decode_boxes

_VIDEO = {".avi", ".mp4", ".mkv", ".mov", ".webm", ".ts", ".flv", ".wmv", ".mpg", ".m4v"}
_FALLBACK_FPS = 25.0
_FOLLOWED = [CLASS_NAMES.index(name) for name in ("person", MOVING_CLASS)]

Detected = Iterator[tuple[int, float, tuple[int, int], Detections]]
"""Picture from 1, its time in seconds, the picture's size, and what was found in it."""


@dataclass(frozen=True, slots=True)
class Sequence:
    """One labelled sequence. `source`: a video, or a MOT folder."""

    name: str
    source: Path
    labels: Path

    def files(self) -> list[Path]:
        if self.source.is_file():
            return [self.source, self.labels]
        return [
            self.labels,
            *(p for p in self.source.rglob("*") if p.suffix in {".jpg", ".png"} or p.name == "det.txt"),
        ]


def find_sequences(data: Path) -> list[Sequence]:
    """The one video, or every MOT folder under DIR."""
    if (data / "gt.txt").exists():
        videos = sorted(path for path in data.iterdir() if path.suffix.lower() in _VIDEO)
        if len(videos) != 1:
            raise SystemExit(f"{data} has a gt.txt and {len(videos)} videos; one is needed")
        return [Sequence(videos[0].stem, videos[0], data / "gt.txt")]
    found = [Sequence(path.parent.parent.name, path.parent.parent, path) for path in sorted(data.rglob("gt/gt.txt"))]
    if not found:
        raise SystemExit(f"{data} holds neither a video with gt.txt nor MOT sequences")
    return found


def detect_frames(sequence: Sequence, detector: Detector | None) -> Detected:
    """Decodes a sequence and detects in every picture."""
    analysis = PictureAnalysis(detector, (), gated=False)
    for number, frame in _read_frames(sequence):
        result = analysis.analyse(frame)
        found = decode_boxes(result.boxes or b"")
        yield number, frame.pts_90k / TICKS_PER_S, frame.size_px, found


def _read_frames(sequence: Sequence) -> Iterator[tuple[int, PlanarFrame]]:
    if sequence.source.is_file():
        with sequence.source.open("rb") as file:
            yield from enumerate(FileFrames(file).frames(), start=1)
        return
    fps = _read_fps(sequence.source)
    pictures = sorted(path for path in (sequence.source / "img1").glob("*") if path.suffix in {".jpg", ".png"})
    for path in pictures:
        frame = to_planes(cv2.imread(str(path)))
        number = int(path.stem)
        yield number, PlanarFrame(round(number / fps * TICKS_PER_S), frame.y, frame.u, frame.v)


def read_public(sequence: Sequence) -> Detected:
    """The sequence's own detections up to its last label, confidence cut to 0..1; the picture is as large as they."""
    rows = np.loadtxt(sequence.source / "det/det.txt", delimiter=",", ndmin=2)
    rows = rows[rows[:, 0] <= read_rows(sequence.labels).frame.max(initial=0)]
    fps = _read_fps(sequence.source)
    size = np.ceil((rows[:, 2:4] + rows[:, 4:6]).max(axis=0)).astype(int)
    scale = np.array([*size, *size])
    for number in range(1, int(rows[:, 0].max()) + 1):
        own = rows[rows[:, 0] == number]
        corners = np.concatenate([own[:, 2:4], own[:, 2:4] + own[:, 4:6]], axis=1) / scale
        found = Detections(
            np.clip(corners, 0, 1).astype(np.float32),
            np.clip(own[:, 6], 0, 1).astype(np.float32),
            np.zeros(len(own), np.int16),
        )
        yield number, number / fps, (int(size[0]), int(size[1])), found


def _read_fps(folder: Path) -> float:
    parser = configparser.ConfigParser()
    parser.read(folder / "seqinfo.ini")
    return parser.getfloat("Sequence", "frameRate", fallback=_FALLBACK_FPS)


def follow(detected: Detected, tracker: Tracker) -> tuple[MotRows, int]:
    """Tracks a sequence. Gives the rows, and how many pictures there were."""
    rows: list[tuple[float, ...]] = []
    last = 0
    for last, at_s, size, found in detected:
        tracks = tracker.push(found, at_s).tracks
        boxes = tracks.boxes_norm_xyxy * np.array([*size, *size], np.float32)
        for row in np.flatnonzero(np.isin(tracks.class_id, _FOLLOWED)):
            left, top, right, bottom = (float(value) for value in boxes[row])
            rows.append((last, int(tracks.track_id[row]), left, top, right - left, bottom - top))
    return parse_rows(np.array(rows, np.float64).reshape(-1, 6)), last


def judge(sequence: Sequence, found: MotRows, frames: int) -> TrackingCounts:
    """Scores the pictures that exist; labels of others are left out."""
    truth = read_rows(sequence.labels)
    return count_tracking(match_frames(truth.select(truth.frame <= frames), found))


def print_row(name: str, counts: TrackingCounts, numbers: int) -> None:
    print(
        f"{name:<24} mota {counts.mota:.3f}  idf1 {counts.idf1:.3f}  hota {counts.hota:.3f}  deta {counts.deta:.3f}"
        f"  assa {counts.assa:.3f}  switches {counts.id_switches}  numbers {numbers}"
    )


def main() -> None:
    parser = make_parser(__doc__, SHARED / "data/mot17_mini")
    parser.add_argument("--detections", choices=["own", "public"], default="own")
    given = parser.parse_args()
    sequences = find_sequences(given.data)
    total, numbers, release = no_counts(), 0, ""
    with ExitStack() as stack:
        detector = _take_detector(given, stack)
        release = "public detections" if given.detections == "public" else detector.release
        for sequence in sequences:
            detected = read_public(sequence) if given.detections == "public" else detect_frames(sequence, detector)
            found, frames = follow(detected, Tracker())
            counts = judge(sequence, found, frames)
            own_numbers = len(np.unique(found.number))
            print_row(sequence.name, counts, own_numbers)
            total, numbers = total + counts, numbers + own_numbers
    files = sorted({path for sequence in sequences for path in sequence.files()})
    write_result(_figures(total, numbers), release, fingerprint(_inside(files, given.data), given.data), given.json)


def _take_detector(given: argparse.Namespace, stack: ExitStack) -> Detector | None:
    return None if given.detections == "public" else stack.enter_context(installed_detector(given.pack))


def _inside(files: Iterable[Path], root: Path) -> list[Path]:
    return [path for path in files if path.is_relative_to(root)]


def _figures(counts: TrackingCounts, numbers: int) -> Figures:
    return {
        "mota": counts.mota,
        "idf1": counts.idf1,
        "hota": counts.hota,
        "id_switches": counts.id_switches,
        "deta": counts.deta,
        "assa": counts.assa,
        "false_positives": counts.false_positives,
        "misses": counts.misses,
        "labels": counts.true_positives + counts.misses,
        "track_numbers": numbers,
    }


if __name__ == "__main__":
    main()
