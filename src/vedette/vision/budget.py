"""Fits the rates of the streams of one worker to the time that the worker has.

Pure. Costs are wall time measured in the worker, so that a machine busy with other work counts as a slower one and
recording, which is not niced down, comes first. All streams of a worker get the same rate up to what each asks for
(max-min fairness: Bertsekas & Gallager, Data Networks, 6.5.2). Where decoding alone does not fit, the streams that
are dearest to decode are cut to their key frames. Design: docs/design/vision.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass

CAPACITY_MS = 850.0
"""Of each second of a worker; the rest is for pictures asked for in between and for uneven arrival."""
LEAST_FPS = 1.0
"""Below this tracks make no sense; what is still too much is thinned and dropped by the queue, visibly."""
_DECODE_SHARE = 0.7
_FORGET = 0.97


@dataclass(frozen=True, slots=True)
class Demand:
    """What one stream asks for and costs.

    Attributes:
        most_fps: Analysed pictures a second that were asked for.
        decode_ms: Decoding all pictures of one second.
        picture_ms: Analysing one picture, in the mean over those that the gate kept from the model.
    """

    most_fps: float
    decode_ms: float
    picture_ms: float


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one stream may have. `fps`: analysed pictures a second at most."""

    fps: float
    key_frames_only: bool = False


def share_worker(demands: Sequence[Demand], capacity_ms: float = CAPACITY_MS) -> list[Allowance]:
    """Shares one worker among its streams; in the order of `demands`."""
    cut = _find_cut(demands, capacity_ms * _DECODE_SHARE)
    left_ms = capacity_ms - sum(one.decode_ms for index, one in enumerate(demands) if index not in cut)
    rate = _find_rate([one for index, one in enumerate(demands) if index not in cut], left_ms)
    return [Allowance(max(LEAST_FPS, min(one.most_fps, rate)), index in cut) for index, one in enumerate(demands)]


def _find_cut(demands: Sequence[Demand], decode_ms: float) -> set[int]:
    """The streams to cut to key frames, so that decoding the others takes at most `decode_ms`."""
    cut: set[int] = set()
    for index in sorted(range(len(demands)), key=lambda index: -demands[index].decode_ms):
        if sum(one.decode_ms for other, one in enumerate(demands) if other not in cut) <= decode_ms:
            break
        cut.add(index)
    return cut


def _find_rate(demands: Sequence[Demand], left_ms: float) -> float:
    """The highest rate at which `sum(min(rate, most_fps) * picture_ms)` fits; infinite when all get all."""
    waiting = sorted(demands, key=lambda one: one.most_fps)
    while waiting:
        price_ms = sum(one.picture_ms for one in waiting)
        if waiting[0].most_fps * price_ms > left_ms:
            return max(left_ms, 0.0) / price_ms
        first = waiting.pop(0)
        left_ms -= first.most_fps * first.picture_ms
    return float("inf")


class CostMeter:
    """Measures one stream: sums that are halved at each reading, so that old costs fade."""

    def __init__(self) -> None:
        self._decode_us = self._analyse_us = self._media_s = 0.0
        self._analysed = 0.0
        self._full_decode_ms = 0.0

    def note(self, decode_us: int, analyse_us: int, analysed: int, media_s: float) -> None:
        """Takes one packet: what it cost, how many pictures were analysed, and by how much the stream went on."""
        self._decode_us += decode_us
        self._analyse_us += analyse_us
        self._analysed += analysed
        self._media_s += media_s

    def read(self, most_fps: float, *, key_frames_only: bool) -> Demand:
        """The demand by what was seen lately. A stream cut to key frames is remembered at its full cost, fading."""
        seen_ms = self._decode_us / 1000 / self._media_s if self._media_s else 0.0
        self._full_decode_ms = self._full_decode_ms * _FORGET if key_frames_only else seen_ms
        picture_ms = self._analyse_us / 1000 / self._analysed if self._analysed else 0.0
        self._decode_us, self._analyse_us = self._decode_us / 2, self._analyse_us / 2
        self._analysed, self._media_s = self._analysed / 2, self._media_s / 2
        return Demand(most_fps, self._full_decode_ms, picture_ms)
