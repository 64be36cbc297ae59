"""The protocols by which finding people again is judged, from vectors. Pure.

`split`: needs no labels. The life of each track is cut in two at its middle. What was seen within `GAP_S` / 2 of the
middle is left out; the rest of the first half is the gallery, that of the second the probe. Tracks with fewer than
`LEAST_MOMENTS` moments in either are left out. A probe is compared with the gallery of its own video; the right answer
is its own track. A tracker that changes people within a track makes this figure worse, never better.

`visits`: for people who leave the picture and come back, who must be labelled (`read_visits`). Each visit is compared
with all other visits of its video, those of other people and of people who come only once among them; asked about is
every visit of somebody who has another.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vedette.core.detections import Tracks

Table = NDArray[np.float64]
GAP_S = 2.0
LEAST_MOMENTS = 2


@dataclass(frozen=True, slots=True)
class Moment:
    """One look at one person.

    Attributes:
        goodness: By which the best shot is chosen.
        weight: In the mean.
        vector, histogram: Of unit length.
    """

    track_id: int
    at_s: float
    goodness: float
    weight: float
    vector: NDArray[np.float32]
    histogram: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Visit:
    """A person stood at (x, y), in fractions of the picture, at `from_s`, and was that person's track until `to_s`."""

    video: str
    person: str
    from_s: float
    to_s: float
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Ranks:
    """One row per probe: whether the most similar entry was right, and the average precision."""

    first: Table
    precision: Table


def read_visits(path: Path) -> list[Visit]:
    """Reads a CSV with the columns of `Visit`."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    try:
        return [
            Visit(row["video"], row["person"], *(float(row[name]) for name in ("from_s", "to_s", "x", "y")))
            for row in rows
        ]
    except (KeyError, ValueError) as error:
        raise SystemExit(f"{path} needs the columns video,person,from_s,to_s,x,y with numbers: {error}") from error


def split_tracks(moments: Sequence[Moment]) -> tuple[list[list[Moment]], list[list[Moment]]]:
    """Gallery and probes, track by track in the same order."""
    gallery, probes = [], []
    for number in sorted({moment.track_id for moment in moments}):
        own = [moment for moment in moments if moment.track_id == number]
        middle_s = (min(one.at_s for one in own) + max(one.at_s for one in own)) / 2
        before = [moment for moment in own if moment.at_s <= middle_s - GAP_S / 2]
        after = [moment for moment in own if moment.at_s >= middle_s + GAP_S / 2]
        if min(len(before), len(after)) >= LEAST_MOMENTS:
            gallery.append(before)
            probes.append(after)
    return gallery, probes


def find_visits(
    moments: Sequence[Moment], trails: Sequence[tuple[float, Tracks]], visits: Sequence[Visit]
) -> tuple[list[list[Moment]], list[str]]:
    """The moments of each visit that was seen, and who it is. `trails`: time and tracks of every picture."""
    found, people = [], []
    for visit in visits:
        number = _find_track(trails, visit)
        own = [one for one in moments if one.track_id == number and visit.from_s <= one.at_s <= visit.to_s]
        if own:
            found.append(own)
            people.append(visit.person)
    return found, people


def _find_track(trails: Sequence[tuple[float, Tracks]], visit: Visit) -> int:
    """The track around the visit's point at its beginning, 0 when there is none."""
    _, tracks = min(trails, key=lambda seen: abs(seen[0] - visit.from_s))
    boxes = tracks.boxes_norm_xyxy
    point = np.array([visit.x, visit.y])
    holds = ((boxes[:, :2] <= point) & (boxes[:, 2:] >= point)).all(axis=1)
    far = np.where(holds, np.abs((boxes[:, :2] + boxes[:, 2:]) / 2 - point).sum(axis=1), np.inf)
    return int(tracks.track_id[far.argmin()]) if holds.any() else 0


def join_mean(moments: Sequence[Moment], name: str) -> NDArray[np.float32]:
    """The weighted mean direction of a field of the moments."""
    vectors = np.array([getattr(moment, name) for moment in moments], np.float64)
    mean = np.average(vectors, axis=0, weights=[moment.weight for moment in moments])
    return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-9), np.float32)


def choose_best(moments: Sequence[Moment]) -> NDArray[np.float32]:
    """The vector of the best shot."""
    return max(moments, key=lambda moment: moment.goodness).vector


def rank(similarity: Table, is_right: NDArray[np.bool_], is_asked: NDArray[np.bool_]) -> Ranks:
    """Ranks entries for probes.

    Args:
        similarity: (P, G); -inf: not to be compared.
        is_right: (P, G) whether it is the same person.
        is_asked: (P,) probes that have a right answer.
    """
    first, precision = [], []
    for row in np.flatnonzero(is_asked):
        order = np.argsort(-similarity[row], kind="stable")
        right = is_right[row][order][np.isfinite(similarity[row][order])]
        places = np.flatnonzero(right) + 1
        first.append(float(right[0]))
        precision.append(float(np.mean(np.arange(1, len(places) + 1) / places)))
    return Ranks(np.array(first), np.array(precision))


def rank_split(gallery: Table, probes: Table) -> Ranks:
    """Probe n is entry n of the gallery."""
    count = len(gallery)
    return rank(probes @ gallery.T, np.eye(count, dtype=bool), np.ones(count, bool))


def rank_visits(vectors: Table, people: Sequence[str]) -> Ranks:
    """Each visit among all others."""
    similarity = vectors @ vectors.T
    np.fill_diagonal(similarity, -np.inf)
    names = np.array(people)
    is_right = names[:, None] == names[None, :]
    np.fill_diagonal(is_right, val=False)
    return rank(similarity, is_right, is_right.any(axis=1))
