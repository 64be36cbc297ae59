"""Answers the messages about the one file that a worker was started with. Runs inside the jail."""

import io
from collections import deque
from collections.abc import Iterator

from msgspec.structs import replace

from vedette.core.errors import InvalidInputError
from vedette.core.time import TICKS_PER_S
from vedette.media.annotate import VideoWriter
from vedette.media.decode import FileFrames
from vedette.media.planes import PlanarFrame
from vedette.vision import wire
from vedette.vision.drawing import draw_overlays
from vedette.vision.engine import PictureAnalysis
from vedette.vision.file_place import PlaceSearch, make_sampler, mark_picture, plan_warm_s
from vedette.vision.picture import fit_size, to_bgr
from vedette.vision.ports import Detector
from vedette.vision.sampling import FrameSampler
from vedette.vision.tiles import TilePolicy
from vedette.vision.wire import Kind

_BATCH = 16
"""Pictures read per FILE_NEXT, so that a file without wanted pictures still answers."""
_SEARCHED = 256
"""Pictures read per FILE_NEXT while the place of an earlier worker is looked for."""


class FileSession:
    """Reads one file once for analysis, and once more for the annotated video.

    A few pictures are with the model while the next ones are decoded, so that one file uses all its threads; answers
    come in order, one picture each.
    """

    def __init__(self, file: io.BufferedIOBase, detector: Detector | None) -> None:
        self._file = file
        self._detector = detector
        self._setup = wire.FileSetup("motion", [], 0.0)
        self._source: FileFrames | None = None
        self._frames: Iterator[PlanarFrame] = iter(())
        self._search: PlaceSearch | None = None
        self._sampler: FrameSampler | None = None
        self._writer: VideoWriter | None = None
        self._read = 0
        self._read_in_all = 0
        self._last: PlanarFrame | None = None
        self._begun: deque[tuple[int, wire.FilePlace]] = deque()
        self.analysis = PictureAnalysis(None, (), gated=False)

    def answer(self, kind: int, payload: bytes) -> bytes:
        """Raises InvalidInputError."""
        if kind == Kind.FILE_OPEN:
            return wire.encode(self._start(wire.decode(payload, wire.FileSetup)))
        if kind == Kind.FILE_NEXT and self._source is not None:
            return wire.encode(self._next(self._source))
        if kind == Kind.FILE_TERMS:
            terms = wire.decode(payload, wire.FileTerms)
            self._setup = replace(self._setup, fps=terms.fps, classes=terms.classes)
            self._sampler = make_sampler(terms.fps)
            self.analysis.set_classes(terms.classes)
            return b""
        if kind == Kind.ANNOTATE and self._source is not None:
            return self._annotate(wire.decode(payload, wire.AnnotateRequest))
        raise InvalidInputError(f"message kind {kind} is not known or comes too early")

    def _start(self, setup: wire.FileSetup) -> wire.FileInfo:
        self._setup, self._search = setup, None
        self._read, self._read_in_all, self._last, self._writer = 0, 0, None, None
        self._begun.clear()
        self._sampler = make_sampler(setup.fps)
        if setup.place is None:
            self._file.seek(0)
            source = FileFrames(self._file)
            self._frames, self.analysis = source.frames(), self._begin_analysis()
        else:
            warm_s = plan_warm_s(setup.place.fps, learns=self._learns)
            self._search = PlaceSearch(self._file, setup.place, self._begin_analysis, warm_s)
            source = self._search.source
        self._source = source
        return wire.FileInfo(*source.size_px, source.fps, source.duration_s)

    @property
    def _learns(self) -> bool:
        """Whether what is found hangs on what was learned to stand still."""
        return self._chosen_detector is None or self._chosen_detector.needs_motion

    @property
    def _chosen_detector(self) -> Detector | None:
        return self._detector if self._setup.detector == "model" else None

    def _begin_analysis(self) -> PictureAnalysis:
        setup, tiles = self._setup, TilePolicy(most=self._setup.tiles)
        return PictureAnalysis(self._chosen_detector, setup.classes, gated=False, motion=setup.motion, tiles=tiles)

    def _next(self, source: FileFrames) -> wire.PacketReply:
        """Reads on until all threads of the model have a picture and one waits besides, a batch was read, or the file
        ends; then gives the oldest one.
        """
        if self._search is not None:
            self._look_for_place(self._search)
            return wire.PacketReply(0, 0, [])
        damaged_before = source.damaged
        has_ended = self._read_on()
        damaged = source.damaged - damaged_before
        if not self._begun:
            read, self._read = self._read, 0
            place = self._tell_place(self._last) if read and self._last else None
            return wire.PacketReply(read, damaged, [], done=has_ended, place=place)
        read, place = self._begun.popleft()
        return wire.PacketReply(read, damaged, [self.analysis.finish()], place=place)

    def _look_for_place(self, search: PlaceSearch) -> None:
        found, place = search.go_on(_SEARCHED), self._setup.place
        self._source = search.source
        if found is None or place is None:
            return
        self._search, self._frames, self.analysis = None, found.frames, found.analysis
        self.analysis.set_classes(self._setup.classes)  # changed in the meantime, perhaps
        self._sampler = make_sampler(self._setup.fps, place)
        self._read_in_all = place.read

    def _read_on(self) -> bool:
        """Tells whether the file has ended."""
        for _ in range(_BATCH):
            if self.analysis.under_way > self.analysis.ahead:
                return False
            frame = next(self._frames, None)
            if frame is None:
                return True
            self._read, self._read_in_all, self._last = self._read + 1, self._read_in_all + 1, frame
            if self._sampler is None or self._sampler.wants(frame.pts_90k):
                self.analysis.begin(frame)
                self._begun.append((self._read, self._tell_place(frame)))
                self._read = 0
        return False

    def _tell_place(self, frame: PlanarFrame) -> wire.FilePlace:
        """Of the picture that was read last."""
        due_90k = self._sampler.due_90k if self._sampler else None
        faults = self._source.time_faults if self._source else (0, 0)
        fps = self._setup.fps if due_90k is not None else 0.0
        return wire.FilePlace(self._read_in_all, frame.pts_90k, mark_picture(frame), fps, due_90k or 0.0, faults)

    def _annotate(self, request: wire.AnnotateRequest) -> bytes:
        for overlays in request.overlays:
            frame = next(self._frames, None)
            if frame is None:
                break
            size = fit_size(frame, request.max_width)
            image = to_bgr(frame, *size)
            draw_overlays(image, overlays)
            self._writer = self._writer or VideoWriter(*size)
            self._writer.write(image, frame.pts_90k / TICKS_PER_S)
        else:
            return self._writer.take() if self._writer else b""
        return self._writer.finish() if self._writer else b""
