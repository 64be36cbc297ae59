"""Who is where at which moment of a scene's loop.

Pure. A path is a list of places with waiting times; smoothing over a window of time rounds its corners and
makes starts and stops soft. Everything repeats after the loop, so the last frame leads into the first.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vedette.core.errors import InvalidInputError
from vedette.testing.scenes.view import Floats

_GRID_HZ = 60
_STANDING_M_PER_S = 0.08


@dataclass(frozen=True, slots=True)
class Stop:
    """A place on the ground, in metres, and how long to wait there."""

    x: float
    y: float
    wait_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Track:
    """Motion of one actor, frame by frame.

    Attributes:
        position: (F, 2) metres.
        heading: (F,) radians from the x axis.
        moved_m: (F,) distance since the start.
        speed: (F,) metres per second.
        is_present: (F,) False while the actor is not in the scene.
    """

    position: Floats
    heading: Floats
    moved_m: Floats
    speed: Floats
    is_present: NDArray[np.bool_]


def plan_track(stops: Sequence[Stop], speed: float, start_s: float, loop_s: float, fps: int, smooth_s: float) -> Track:
    """Moves along stops at a speed, once in every loop.

    Raises:
        InvalidInputError: the way takes longer than the loop.
    """
    raw = _walk_grid(stops, speed)
    duration_s = len(raw) / _GRID_HZ
    if duration_s > loop_s + 1e-6:
        raise InvalidInputError(f"a way of {duration_s:.1f} s does not fit into a loop of {loop_s:.1f} s")
    position = _smooth(raw, smooth_s)
    velocity = np.gradient(position, axis=0) * _GRID_HZ if len(position) > 1 else np.zeros_like(position)
    pace = np.hypot(velocity[:, 0], velocity[:, 1])
    heading = _fill_heading(np.arctan2(velocity[:, 1], velocity[:, 0]), pace > _STANDING_M_PER_S)
    moved_m = np.concatenate([[0.0], np.cumsum(pace[1:]) / _GRID_HZ])
    local_s = (np.arange(round(loop_s * fps)) / fps - start_s) % loop_s
    index = np.minimum(np.round(local_s * _GRID_HZ).astype(np.int64), len(raw) - 1)
    return Track(position[index], heading[index], moved_m[index], pace[index], local_s < duration_s)


def stand_still(x: float, y: float, heading: float, frames: int) -> Track:
    """Stays in one place for the whole loop."""
    return Track(
        position=np.tile([x, y], (frames, 1)).astype(np.float64),
        heading=np.full(frames, heading),
        moved_m=np.full(frames, -1.0),
        speed=np.zeros(frames),
        is_present=np.ones(frames, np.bool_),
    )


def _walk_grid(stops: Sequence[Stop], speed: float) -> Floats:
    """(G, 2) positions on a fine grid of time, with hard corners and starts."""
    pieces: list[Floats] = []
    for here, after in itertools.pairwise(stops):
        pieces.append(np.tile([here.x, here.y], (round(here.wait_s * _GRID_HZ), 1)))
        steps = max(round(np.hypot(after.x - here.x, after.y - here.y) / speed * _GRID_HZ), 1)
        share = (np.arange(steps) / steps)[:, None]
        pieces.append(np.array([[here.x, here.y]]) * (1 - share) + np.array([[after.x, after.y]]) * share)
    last = stops[-1]
    pieces.append(np.tile([last.x, last.y], (max(round(last.wait_s * _GRID_HZ), 1), 1)))
    return np.concatenate([piece.reshape(-1, 2) for piece in pieces]).astype(np.float64)


def _smooth(raw: Floats, window_s: float) -> Floats:
    width = min(round(window_s * _GRID_HZ) // 2 * 2 + 1, len(raw))
    if width < 3:
        return raw
    kernel = np.hanning(width + 2)[1:-1]
    kernel /= kernel.sum()
    pad = width // 2
    head = raw[0] - (raw[1] - raw[0]) * np.arange(pad, 0, -1)[:, None]
    tail = raw[-1] + (raw[-1] - raw[-2]) * np.arange(1, pad + 1)[:, None]
    padded = np.concatenate([head, raw, tail])
    columns = [np.convolve(padded[:, axis], kernel, mode="valid")[: len(raw)] for axis in range(2)]
    return np.stack(columns, axis=1)


def _fill_heading(heading: Floats, is_moving: NDArray[np.bool_]) -> Floats:
    """Keeps the last direction while standing; before the first step, the first one."""
    if not is_moving.any():
        return np.zeros_like(heading)
    index = np.where(is_moving, np.arange(len(heading)), -1)
    index = np.maximum.accumulate(index)
    first = int(np.argmax(is_moving))
    filled: Floats = heading[np.where(index < 0, first, index)]
    return filled
