"""How surely people are found again by how they look: `rank1_best_shot`, `rank1_mean`, `map_mean`, `baseline_rank1`.

DIR is a video or a folder of videos. People are found, followed and looked at as the system does it with a file; every
look that passes the gate is a moment. Protocols: `evals.reid_protocol`. The baseline is a colour histogram of the same
moments. `--visits FILE` names who comes back (columns video,person,from_s,to_s,x,y) and adds figures `visits_*`.
"""

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from evals.common import SHARED, Figures, fingerprint, installed_detector, installed_models, make_parser, write_result
from evals.reid_protocol import (
    Moment,
    Ranks,
    Visit,
    choose_best,
    find_visits,
    join_mean,
    rank_split,
    rank_visits,
    read_visits,
    split_tracks,
)
from vedette.core.detections import Tracks
from vedette.core.time import TICKS_PER_S
from vedette.media.decode import FileFrames
from vedette.media.planes import PlanarFrame
from vedette.node.attribute_recognizers import make_appearance_recognizer
from vedette.vision.engine import PictureAnalysis
from vedette.vision.models.kept import NOTHING_KEPT
from vedette.vision.picture import Image
from vedette.vision.ports import Detector
from vedette.vision.recognize.appearance import AppearanceRecognizer
from vedette.vision.recognize.attribute_forms import APPEARANCE, APPEARANCE_FORM, APPEARANCE_MODELS
from vedette.vision.recognize.crop import make_crop, measure_sharpness
from vedette.vision.recognize.describer import Ask, TrackDescriber
from vedette.vision.recognize.shots import ShotPolicy
from vedette.vision.track.tracker import Tracker
from vedette.vision.wire import decode_boxes

_VIDEO = {".avi", ".mp4", ".mkv", ".mov", ".webm", ".ts", ".wmv", ".mpg", ".m4v"}
_SHOTS = ShotPolicy(per_s=12.0)
"""Of a file."""
_STRIPES, _BINS = 4, (8, 4, 4)

Moments = Sequence[Moment]
Join = Callable[[Moments], NDArray[np.float32]]


@dataclass(slots=True)
class Watched:
    """The moments of one video, and what they cost."""

    name: str
    moments: list[Moment] = field(default_factory=list)
    trails: list[tuple[float, Tracks]] = field(default_factory=list)
    asks: int = 0
    detections: int = 0
    detecting_s: float = 0.0
    embedding_s: float = 0.0


def find_videos(data: Path) -> list[Path]:
    """The video, or those of the folder."""
    found = [data] if data.is_file() else sorted(path for path in data.rglob("*") if path.suffix.lower() in _VIDEO)
    if not found:
        raise SystemExit(f"{data} is no video and holds none")
    return found


def watch(path: Path, detector: Detector, recognizer: AppearanceRecognizer) -> Watched:
    """Looks at the people of one video."""
    watched, tracker = Watched(path.name), Tracker()
    describer = TrackDescriber({APPEARANCE: APPEARANCE_FORM}, _SHOTS)
    analysis = PictureAnalysis(detector, (), gated=False)
    with path.open("rb") as file:
        for frame in FileFrames(file).frames():
            began_s = time.perf_counter()
            result = analysis.analyse(frame)
            watched.detecting_s += time.perf_counter() - began_s
            watched.detections += 1
            at_s = result.pts_90k / TICKS_PER_S
            tracks = tracker.push(decode_boxes(result.boxes or b""), at_s).tracks
            watched.trails.append((at_s, tracks))
            ask = describer.plan(0, result, at_s, tracks, room=len(tracks))
            if ask is not None:
                watched.moments += look(frame, ask, recognizer, watched)
    return watched


def look(frame: PlanarFrame, ask: Ask, recognizer: AppearanceRecognizer, watched: Watched) -> Iterator[Moment]:
    """The moments of one question that pass the gate."""
    for number, one in zip(ask.track_ids, ask.request.asks, strict=True):
        crop = make_crop(frame, one.box, one.class_name, one.covered)
        began_s = time.perf_counter()
        [records] = recognizer.describe([crop])
        watched.embedding_s += (time.perf_counter() - began_s) * len(records)
        watched.asks += 1
        for record in records:
            width, height = crop.size_px
            vector = np.frombuffer(record.vector, np.float32)
            goodness = width * height * (1 - one.covered)
            weight = max(0.05, measure_sharpness(crop))
            yield Moment(number, ask.at_s, goodness, weight, vector, count_colours(crop.image_bgr))


def count_colours(person_bgr: Image) -> NDArray[np.float32]:
    """(512,) float32 of unit length: roots of the hue, saturation and value counts of four stripes of the middle."""
    small = cv2.cvtColor(cv2.resize(person_bgr, (32, 64), interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2HSV)[:, 6:26]
    counted = []
    for stripe in np.split(small, _STRIPES):
        counts = cv2.calcHist([np.ascontiguousarray(stripe)], [0, 1, 2], None, list(_BINS), [0, 180, 0, 256, 0, 256])
        counted.append(np.sqrt(counts.ravel() / counts.sum()))
    joined = np.concatenate(counted)
    return np.asarray(joined / np.linalg.norm(joined), np.float32)


WAYS: dict[str, Join] = {
    "best_shot": choose_best,
    "mean": lambda moments: join_mean(moments, "vector"),
    "baseline": lambda moments: join_mean(moments, "histogram"),
}


def judge_split(videos: Sequence[Watched]) -> Figures:
    """All videos' probes, each compared within its own."""
    pairs = [split_tracks(video.moments) for video in videos]
    ranks = {
        way: [rank_split(_stack(gallery, join), _stack(probes, join)) for gallery, probes in pairs if gallery]
        for way, join in WAYS.items()
    }
    return _tell(ranks, "", "tracks")


def judge_visits(videos: Sequence[Watched], visits: Sequence[Visit]) -> Figures:
    """All labelled visits, each compared within its own video."""
    ranks: dict[str, list[Ranks]] = {way: [] for way in WAYS}
    for video in videos:
        found, people = find_visits(video.moments, video.trails, [one for one in visits if one.video == video.name])
        for way, join in WAYS.items():
            ranks[way] += [rank_visits(_stack(found, join), people)] if found else []
    return _tell(ranks, "visits_", "probes")


def _stack(groups: Sequence[Moments], join: Join) -> NDArray[np.float64]:
    return np.array([join(group) for group in groups], np.float64)


def _tell(ranks: dict[str, list[Ranks]], prefix: str, counted: str) -> Figures:
    """Means over all probes. Without any there is nothing to tell but their number."""
    first = {way: np.concatenate([np.zeros(0), *(one.first for one in found)]) for way, found in ranks.items()}
    precision = np.concatenate([np.zeros(0), *(one.precision for one in ranks["mean"])])
    count = len(precision)
    if not count:
        return {f"{prefix}{counted}": 0}
    return {
        f"{prefix}rank1_best_shot": float(first["best_shot"].mean()),
        f"{prefix}rank1_mean": float(first["mean"].mean()),
        f"{prefix}map_mean": float(precision.mean()),
        f"{prefix}baseline_rank1": float(first["baseline"].mean()),
        f"{prefix}{counted}": count,
    }


def tell_cost(videos: Sequence[Watched]) -> Figures:
    """What a look costs beside a detection, wall time on one thread each."""
    moments = sum(len(video.moments) for video in videos)
    pictures = sum(video.detections for video in videos)
    return {
        "moments": moments,
        "refused_by_gate": sum(video.asks for video in videos) - moments,
        "ms_per_crop": 1000 * sum(video.embedding_s for video in videos) / max(moments, 1),
        "ms_per_picture": 1000 * sum(video.detecting_s for video in videos) / max(pictures, 1),
    }


def _parse() -> argparse.Namespace:
    parser = make_parser(__doc__, SHARED / "video/pets2009_s2l1")
    parser.add_argument("--visits", type=Path, help="CSV of people who come back")
    return parser.parse_args()


def main() -> None:
    given = _parse()
    paths = find_videos(given.data)
    visits = read_visits(given.visits) if given.visits else []
    best, embedded = APPEARANCE_MODELS
    name = best if given.pack == "standard" else embedded
    with installed_detector() as detector, installed_models(name) as models:
        recognizer = make_appearance_recognizer({best: models[name]}, NOTHING_KEPT)
        videos = [watch(path, detector, recognizer) for path in paths]
        release = f"{detector.release}+{recognizer.release}"
    for video in videos:
        print(f"{video.name}: {len(video.moments)} moments, {judge_split([video])}")
    figures = judge_split(videos) | (judge_visits(videos, visits) if visits else {}) | tell_cost(videos)
    root = given.data.parent if given.data.is_file() else given.data
    write_result(figures, release, fingerprint(paths, root), given.json)


if __name__ == "__main__":
    main()
