"""Decides which pictures of a stream are analysed, and which of those need the model.

Pure. Decoding cannot be skipped (nearly all P frames are references: media.md section 6), analysing can.
"""

from dataclasses import dataclass

from vedette.core.time import TICKS_PER_S


class FrameSampler:
    """Picks frames at no more than a given rate, evenly in media time.

    Args:
        due_90k: When the next is due, to go on as an earlier one; None: with the first that comes.
    """

    def __init__(self, fps: float, due_90k: float | None = None) -> None:
        self._interval_90k = TICKS_PER_S / fps
        self._due_90k = due_90k

    @property
    def due_90k(self) -> float | None:
        """When the next frame is due."""
        return self._due_90k

    def set_fps(self, fps: float) -> None:
        """Goes on at another rate."""
        self._interval_90k = TICKS_PER_S / fps
        self._due_90k = None

    def wants(self, pts_90k: int) -> bool:
        """Tells whether to analyse the frame at `pts_90k`.

        The due time moves on by the interval, not from the frame taken, so that 25 frames a second sampled at
        10 give 10 and not 8.3. After a jump in time, either way, it starts again.
        """
        interval = self._interval_90k
        if self._due_90k is None or not -2 * interval <= pts_90k - self._due_90k <= 2 * interval:
            self._due_90k = pts_90k + interval
            return True
        if pts_90k + interval * 0.02 < self._due_90k:
            return False
        self._due_90k += interval
        return True


class BacklogThinning:
    """Thins analysis out when packets wait: every second picture, then every third, and so on.

    Decoding alone is three to ten times cheaper than analysing, so this nearly always catches up; the other way,
    dropping to the next key frame, blinds the camera for seconds and breaks its tracks.
    """

    def __init__(self, step: int = 8) -> None:
        self._step = step
        self._left_out = 0

    def wants(self, backlog: int) -> bool:
        """Tells whether to analyse the next picture while `backlog` packets wait behind it."""
        if self._left_out < backlog // self._step:
            self._left_out += 1
            return False
        self._left_out = 0
        return True


@dataclass(frozen=True, slots=True)
class GatePolicy:
    """When the model runs: always while something moved or was seen lately, else now and then.

    Attributes:
        level: Motion above this share of the picture wakes the model.
        hold_s: How long after the last motion or detection every picture is inferred.
        idle_s: Longest time without inference: a thing may stand in the picture from the start.
    """

    level: float = 0.0004
    hold_s: float = 2.0
    idle_s: float = 0.8


class InferenceGate:
    """Saves inference on a still picture without missing what appears."""

    def __init__(self, policy: GatePolicy | None = None) -> None:
        self._policy = policy or GatePolicy()
        self._awake_until_s = float("-inf")
        self._last_s = float("-inf")

    def wants(self, at_s: float, motion_level: float) -> bool:
        """Tells whether the model should see the picture at `at_s`."""
        if motion_level > self._policy.level:
            self._awake_until_s = at_s + self._policy.hold_s
        due = at_s <= self._awake_until_s or at_s - self._last_s >= self._policy.idle_s or at_s < self._last_s
        if due:
            self._last_s = at_s
        return due

    def note_found(self, at_s: float) -> None:
        """Something was detected: stay awake, it may move any moment."""
        self._awake_until_s = max(self._awake_until_s, at_s + self._policy.hold_s)
