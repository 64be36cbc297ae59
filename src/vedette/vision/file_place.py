"""Finds the picture of a file behind which an interrupted analysis goes on. Runs inside the jail.

Containers lie about where things are, so a place is believed only when the picture there has the time and the pixels
that it had before. Where reading from the key frame before does not lead to it, the file is read from its start, which
costs the decoding and not the model. Design: docs/design/vision.md.
"""

import io
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import floor

from vedette.core.errors import InvalidInputError
from vedette.core.time import TICKS_PER_S
from vedette.media.decode import FileFrames, UnseekableError
from vedette.media.planes import PlanarFrame
from vedette.vision.engine import PictureAnalysis
from vedette.vision.sampling import FrameSampler
from vedette.vision.wire import FilePlace

_WARM_S = 10.0
"""Decoded before the place for the background alone, when a model finds the objects: it says where to look."""
_WARM_PICTURES = 8
"""At least so many, at low rates, within `_MOST_WARM_S`."""
_MOST_WARM_S = 60.0
"""When motion finds the objects: what stands for longer is background anyway."""
_MARKED_EVERY_PX = 8


class PlaceLostError(InvalidInputError):
    """The picture up to which the file was analysed is not in it, or looks different now."""

    code = "place_lost"


@dataclass(frozen=True, slots=True)
class FoundPlace:
    """What goes on: the file, its next pictures, and an analysis that has learned what stands still."""

    source: FileFrames
    frames: Iterator[PlanarFrame]
    analysis: PictureAnalysis


def mark_picture(frame: PlanarFrame) -> int:
    """A checksum by which a decoded picture is known again; decoding gives the same pixels each time."""
    return zlib.crc32(frame.y[::_MARKED_EVERY_PX, ::_MARKED_EVERY_PX].tobytes())


def make_sampler(fps: float, place: FilePlace | None = None) -> FrameSampler | None:
    """Chooses pictures at this rate, behind `place` as its sampler would; None: every picture is chosen."""
    if fps <= 0:
        return None
    return FrameSampler(fps, place.due_90k if place is not None and place.fps == fps else None)


def plan_warm_s(fps: float, *, learns: bool) -> float:
    """How much before a place an analysis is shown to learn what stands still; `fps` 0: every picture.

    `learns`: all that is found hangs on it, not only when a model is asked.
    """
    if learns:
        return _MOST_WARM_S
    return min(max(_WARM_S, _WARM_PICTURES / fps if fps > 0 else 0.0), _MOST_WARM_S)


class PlaceSearch:
    """One search, in steps, so that a worker answers while it goes through hours of a file.

    Args:
        begin: Makes an analysis that has seen nothing.
        warm_s: How much before the place it is shown, to learn what stands still.
    """

    def __init__(
        self, file: io.BufferedIOBase, place: FilePlace, begin: Callable[[], PictureAnalysis], warm_s: float
    ) -> None:
        self._file = file
        self._place = place
        self._begin_analysis = begin
        self._warm_90k = warm_s * TICKS_PER_S
        self._is_from_start = False
        self.source = self._open()
        try:
            before_90k = max(0, round(place.pts_90k - self._warm_90k))
            self._frames = self.source.frames_from(before_90k, place.faults)
        except UnseekableError:
            self._read_from_start()

    def go_on(self, most: int) -> FoundPlace | None:
        """Reads at most so many pictures; None: there are more to read.

        Raises:
            PlaceLostError: it is not there.
        """
        for _ in range(most):
            frame = next(self._frames, None)
            if frame is None or self._is_past(frame):
                if self._is_from_start:
                    raise PlaceLostError("the file does not show any more what was analysed of it")
                self._read_from_start()
                continue
            self._count += 1
            self._show(frame)
            if self._is_there(frame):
                self.source.recall_faults(self._place.faults)
                self._analysis.learn()
                return FoundPlace(self.source, self._frames, self._analysis)
        return None

    def _open(self) -> FileFrames:
        self._file.seek(0)
        self._analysis = self._begin_analysis()
        self._sampler: FrameSampler | None = None
        self._count = 0
        return FileFrames(self._file)

    def _read_from_start(self) -> None:
        self._is_from_start = True
        self.source = self._open()
        self._frames = self.source.frames()

    def _show(self, frame: PlanarFrame) -> None:
        if not self._place.pts_90k - self._warm_90k <= frame.pts_90k <= self._place.pts_90k:
            return
        if self._place.fps > 0:
            self._sampler = self._sampler or self._sample_from(frame.pts_90k)
            if not self._sampler.wants(frame.pts_90k):
                return
        self._analysis.remember(frame)

    def _sample_from(self, pts_90k: int) -> FrameSampler:
        """Chooses the pictures that the earlier worker chose, if it had this rate for so long."""
        interval_90k = TICKS_PER_S / self._place.fps
        steps = floor((self._place.due_90k - pts_90k) / interval_90k)
        return FrameSampler(self._place.fps, self._place.due_90k - steps * interval_90k)

    def _is_past(self, frame: PlanarFrame) -> bool:
        if self._count >= self._place.read:
            return True
        return not self._is_from_start and frame.pts_90k > self._place.pts_90k + TICKS_PER_S

    def _is_there(self, frame: PlanarFrame) -> bool:
        if self._is_from_start and self._count != self._place.read:
            return False
        return frame.pts_90k == self._place.pts_90k and mark_picture(frame) == self._place.mark
