"""Chooses the detector, and its input size, that fit the streams and the processor. Pure.

The best is taken with which every stream reaches the rate that it is set to while something moves in front of all of
them: that is when it matters. Where none does, the cheapest is, and `vision/budget.py` fits the rates. One that is in
use stays until another is worth the restart of all workers. Design: docs/design/vision.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from vedette.vision.budget import CAPACITY_MS
from vedette.vision.models.sized import SizedModel

CHOSEN, KEPT, RAISED = 0.85, 1.0, 0.7
"""Share of the time that may be asked for by one that is chosen, by one that goes on, and by a better one that replaces
one in use. Their distances are what a camera more or less does not restart workers for.
"""
SAME_QUALITY = 0.02
"""Figures of one evaluation that are nearer than this tell nothing: of such detectors the cheapest is taken."""
_WORTH = 0.8
"""Costs of another at most, as a share of those of the one in use, where all that is gained is time."""

Reason = Literal["fits", "kept", "cheapest"]


@dataclass(frozen=True, slots=True)
class Stream:
    """What one stream wants.

    Attributes:
        fps: Analysed pictures a second.
        decode_ms: Decoding all pictures of one second, as far as it is known; else 0.
        looks: Share of its analysed pictures that the detector is asked about: 0 for motion alone.
    """

    fps: float
    decode_ms: float = 0.0
    looks: float = 1.0


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to detect. `cost_ms`: of one core, for one look at a whole picture. `quality`: of the manifest."""

    model: SizedModel
    quality: float
    cost_ms: float


@dataclass(frozen=True, slots=True)
class Machine:
    """Who works. `base_ms`: what a picture costs in a worker besides the detector."""

    workers: int
    base_ms: float
    worker_ms: float = CAPACITY_MS

    @property
    def room_ms(self) -> float:
        """Of all workers, in a second."""
        return self.workers * self.worker_ms


@dataclass(frozen=True, slots=True)
class Plan:
    """What was chosen and why.

    Attributes:
        reason: `fits`: the best with which all streams reach their rates; `kept`: in use, and no other is worth a
            restart; `cheapest`: none fits, this one costs least.
        asked_ms: What all streams ask for with it, of one core in one second.
        room_ms: What all workers have.
        streams: How many there are.
        possible_streams: How many streams like these, in the mean, it has time for. None without any.
    """

    candidate: Candidate
    reason: Reason
    asked_ms: float
    room_ms: float
    streams: int
    possible_streams: int | None


def plan_model(
    streams: Sequence[Stream], candidates: Sequence[Candidate], machine: Machine, in_use: SizedModel | None = None
) -> Plan:
    """Chooses one of `candidates`, of which there is at least one."""
    used = next((one for one in candidates if one.model == in_use), None)
    fitting = [one for one in candidates if fits(streams, one, machine, CHOSEN)]
    best = _find_best(fitting) if fitting else min(candidates, key=lambda one: one.cost_ms)
    if used is not None and used != best and not _is_worth(streams, best, used, machine):
        return _describe(streams, used, machine, "kept")
    return _describe(streams, best, machine, "fits" if fitting else "cheapest")


def fits(streams: Sequence[Stream], candidate: Candidate, machine: Machine, share: float) -> bool:
    """Whether all streams reach their rates within a share of the time, none of them alone asking for more than one
    worker has.
    """
    asked = [_ask(stream, candidate, machine) for stream in streams]
    return sum(asked) <= share * machine.room_ms and max(asked, default=0.0) <= share * machine.worker_ms


def _ask(stream: Stream, candidate: Candidate, machine: Machine) -> float:
    return stream.decode_ms + stream.fps * (machine.base_ms + stream.looks * candidate.cost_ms)


def _find_best(fitting: Sequence[Candidate]) -> Candidate:
    least = max(one.quality for one in fitting) - SAME_QUALITY
    return min((one for one in fitting if one.quality >= least), key=lambda one: (one.cost_ms, -one.quality))


def _is_worth(streams: Sequence[Stream], best: Candidate, used: Candidate, machine: Machine) -> bool:
    """Whether workers are restarted for another detector."""
    if not fits(streams, used, machine, KEPT):
        return fits(streams, best, machine, KEPT) or best.cost_ms <= _WORTH * used.cost_ms
    if best.quality > used.quality + SAME_QUALITY:
        return fits(streams, best, machine, RAISED)
    return best.quality >= used.quality - SAME_QUALITY and best.cost_ms <= _WORTH * used.cost_ms


def _describe(streams: Sequence[Stream], chosen: Candidate, machine: Machine, reason: Reason) -> Plan:
    asked_ms = sum(_ask(stream, chosen, machine) for stream in streams)
    possible = int(CHOSEN * machine.room_ms * len(streams) / asked_ms) if asked_ms else None
    return Plan(chosen, reason, asked_ms, machine.room_ms, len(streams), possible)
