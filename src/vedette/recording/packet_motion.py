"""Tells motion from the sizes of encoded pictures: no decoder, a comparison per picture.

Pure: no IO, no clock. An encoder spends bytes on what changed since the picture before, so pictures that are
predicted grow when something moves. Over half a second the middle size is taken: a single large one is the encoder's
own affair (the refreshed pictures of "smart" H.265 with key frames a minute apart, hierarchical prediction). It is
compared with the quieter part of the last minutes: their lower quartile and the spread below it. Nothing is decided
by what was decided before, so a wrong judgement cannot feed itself; a new bit rate or nightfall is taken over when it
has lasted three quarters of the window, and until then it counts as motion: too much is recorded, not too little.

Where there is no rest to compare with, sizes tell nothing: before enough was seen, where even the quietest pictures
differ much, where the bit rate is constant (all stretches cost the same and predicted pictures carry most of the
bytes). Then they are not to be trusted (`is_trustworthy`), and the stream is recorded.
Design: docs/design/recording-plan.md. Measured by evals/motion_recording.py.
"""

from bisect import bisect_left, insort
from collections import deque
from statistics import median

from vedette.core.errors import InvalidInputError
from vedette.core.media import Packet
from vedette.core.time import NS_PER_S, TICKS_PER_S

BIN_90K = TICKS_PER_S // 2
LEARN_BINS = 20
WINDOW_BINS = 600
_HOLD_NS = 2 * NS_PER_S
_LEAST_EXCESS_BYTES = 24.0
_QUARTILE_SIGMAS = 0.97
"""From the 5th to the 25th percentile of a normal distribution."""
_MOST_SIGMA_SHARE = 0.25
_LONG_PAUSE_90K = 5 * TICKS_PER_S
_RESTLESS_SHARE = 0.12
_FLAT_SPREAD = 0.10
_FLAT_SHARE = 0.70
"""Seen on real clips (x264, 2 s and 10 s between key frames): at a constant rate at most 0.09 and at least 0.79, at
rest with camera noise at most 0.06 and at most 0.56."""


class PacketMotion:
    """The motion of one stream. Push every picture of a run; a new format needs a new one.

    Attributes:
        last_motion_ns: `captured_at` of the newest motion, None before the first.
        began_ns: `captured_at` at which the present or last motion began.
    """

    def __init__(self, sensitivity: float) -> None:
        self._sigmas = self._share = 0.0
        self.tune(sensitivity)
        self.last_motion_ns: int | None = None
        self.began_ns: int | None = None
        self._sizes: list[int] = []
        self._bin_end_90k: int | None = None
        self._bin_start_ns = 0
        self._window: deque[float] = deque()
        self._sorted: list[float] = []
        self._bytes: deque[tuple[int, int]] = deque(maxlen=120)
        self._bin_bytes = 0
        self._bin_predicted = 0
        self._before_exceeded = False

    def tune(self, sensitivity: float) -> None:
        """Judges by another sensitivity from now on; what was learned of rest stays."""
        if not 0.0 <= sensitivity <= 1.0:
            raise InvalidInputError(f"sensitivity lies between 0 and 1, got {sensitivity}")
        self._sigmas = 9.0 - 6.0 * sensitivity
        self._share = 0.60 * (0.08 / 0.60) ** sensitivity

    @property
    def is_learned(self) -> bool:
        """Enough was seen to know what quiet looks like."""
        return len(self._window) >= LEARN_BINS

    @property
    def is_trustworthy(self) -> bool:
        """Motion would show: the baseline is learned and quiet, and the encoder does not hold its rate constant."""
        return self.is_learned and not self._is_restless() and not self._is_constant_rate()

    def is_moving(self, at_ns: int) -> bool:
        """Whether there was motion within the last two seconds before this `captured_at`."""
        return self.last_motion_ns is not None and at_ns - self.last_motion_ns <= _HOLD_NS

    def push(self, packet: Packet) -> bool:
        """Takes a picture. True: a stretch of time has just ended in which something moved."""
        dts_90k, end_90k = packet.dts_90k, self._bin_end_90k
        moved = False
        if end_90k is None or dts_90k >= end_90k:
            if end_90k is not None and self._sizes and dts_90k - end_90k < _LONG_PAUSE_90K:
                moved = self._judge(packet.captured_at_ns)
            self._begin_bin(packet)
        size_bytes = len(packet.data)
        self._bin_bytes += size_bytes
        if not packet.is_key:
            self._sizes.append(size_bytes)
            self._bin_predicted += size_bytes
        return moved

    def _begin_bin(self, packet: Packet) -> None:
        if self._sizes:
            self._bytes.append((self._bin_bytes, self._bin_predicted))
            self._sizes = []
            self._bin_bytes = self._bin_predicted = 0
        self._bin_end_90k = packet.dts_90k + BIN_90K
        self._bin_start_ns = packet.captured_at_ns

    def _judge(self, end_ns: int) -> bool:
        size = float(median(self._sizes))
        moved = False
        if self.is_learned:
            base, excess = self._quiet()
            exceeded = size > base + excess
            moved = exceeded and (self._before_exceeded or size > base + 2 * excess or self.is_moving(end_ns))
            self._before_exceeded = exceeded
            if moved:
                if not self.is_moving(self._bin_start_ns):
                    self.began_ns = self._bin_start_ns
                self.last_motion_ns = end_ns
        self._remember(size)
        return moved

    def _quiet(self) -> tuple[float, float]:
        """The size of a quiet picture, and by how much motion exceeds it."""
        sizes = self._sorted
        base, low = sizes[len(sizes) // 4], sizes[len(sizes) // 20]
        sigma = min((base - low) / _QUARTILE_SIGMAS, _MOST_SIGMA_SHARE * base)
        return base, max(self._sigmas * sigma, self._share * base, _LEAST_EXCESS_BYTES)

    def _is_restless(self) -> bool:
        """Even the quietest pictures differ much in size: a scene that never rests, or an encoder that hides rest."""
        base, low = self._sorted[len(self._sorted) // 4], self._sorted[len(self._sorted) // 20]
        return base - low > max(_RESTLESS_SHARE * base, _LEAST_EXCESS_BYTES)

    def _remember(self, size: float) -> None:
        self._window.append(size)
        insort(self._sorted, size)
        if len(self._window) > WINDOW_BINS:
            del self._sorted[bisect_left(self._sorted, self._window.popleft())]

    def _is_constant_rate(self) -> bool:
        """Over ten seconds at a time, so that key frames fall into every stretch alike."""
        whole = [sum(total for total, _ in list(self._bytes)[at : at + LEARN_BINS]) for at in self._stretches()]
        if not whole:
            return True  # not known yet
        all_bytes, predicted = sum(t for t, _ in self._bytes), sum(p for _, p in self._bytes)
        return max(whole) - min(whole) < _FLAT_SPREAD * max(whole) and predicted > _FLAT_SHARE * all_bytes

    def _stretches(self) -> range:
        return range(len(self._bytes) % LEARN_BINS, len(self._bytes) - LEARN_BINS + 1, LEARN_BINS)
