"""Decides where a packet stream is cut into segments.

Pure: no IO, no clock. Design: docs/design/recording-store.md.

A segment is the unit of retention and of evidence, so it must decode on its own: it starts at a key frame.
Cameras with "smart" encoding may send none for many seconds; the segment then grows past its target. At
`max_90k` we cut anyway and say so, because footage that cannot expire fills the disk and stops every other
camera.

Cameras that start together (a switch comes back) would all cut in the same second for ever. The first segment
of a run is therefore shorter by the stream's own `stagger_90k`.
"""

from dataclasses import dataclass

from vedette.core.errors import InvalidInputError
from vedette.core.media import Packet
from vedette.core.time import TICKS_PER_S


@dataclass(frozen=True, slots=True)
class CutPolicy:
    """How long segments may be, in 90 kHz ticks, and how large (offsets in the index have 32 bits)."""

    target_90k: int = 60 * TICKS_PER_S
    max_90k: int = 300 * TICKS_PER_S
    max_bytes: int = 2 << 30

    def __post_init__(self) -> None:
        if not 0 < self.target_90k <= self.max_90k:
            raise InvalidInputError(f"need 0 < target <= max, got {self.target_90k} and {self.max_90k}")
        if self.max_bytes <= 0:
            raise InvalidInputError(f"need a positive size, got {self.max_bytes}")


@dataclass(frozen=True, slots=True)
class Cut:
    """A new segment begins at this decoding time. `decodable`: it starts with a key frame."""

    dts_90k: int
    decodable: bool


class Segmenter:
    """Turns the video packets of one run into cuts, one packet at a time."""

    def __init__(self, policy: CutPolicy, stagger_90k: int = 0) -> None:
        if not 0 <= stagger_90k < policy.target_90k:
            raise InvalidInputError(f"need 0 <= stagger < target, got {stagger_90k}")
        self._policy = policy
        self._start_90k: int | None = None
        self._target_90k = policy.target_90k - stagger_90k
        self._size_bytes = 0

    def grow(self, size_bytes: int) -> None:
        """Tells what was written to the present segment."""
        self._size_bytes += size_bytes

    def push(self, packet: Packet) -> Cut | None:
        """Returns the cut to make just before `packet`, or None to keep writing.

        Asked for every picture that may begin a fragment; the others cannot begin a segment either. Packets
        before the first key frame yield None and belong to no segment. `dts_90k` never decreases: the clock
        mapping at ingest guarantees it.
        """
        start_90k = self._start_90k
        if start_90k is None:
            is_due = packet.is_key
        else:
            least_90k = self._target_90k if packet.is_key else self._policy.max_90k
            is_due = packet.dts_90k - start_90k >= least_90k or self._size_bytes >= self._policy.max_bytes
        if not is_due:
            return None
        if start_90k is not None:
            self._target_90k = self._policy.target_90k
        self._start_90k = packet.dts_90k
        self._size_bytes = 0
        return Cut(packet.dts_90k, decodable=packet.is_key)
