"""Answers the messages of `vedette.vision.wire` inside a worker. Composed and locked in by `vedette.node`."""

import io
import time
from collections import deque
from collections.abc import Iterator, Sequence

from vedette.core.errors import InvalidInputError, NotFoundError, VedetteError
from vedette.core.time import TICKS_PER_S
from vedette.media.annotate import VideoWriter
from vedette.media.decode import FileFrames, PlanarFrame
from vedette.vision import wire
from vedette.vision.drawing import draw_overlays, encode_jpeg, render_jpeg
from vedette.vision.engine import KeyFrameEngine, PictureAnalysis, StreamEngine
from vedette.vision.masking import decode_jpeg, fill_masks
from vedette.vision.picture import fit_size, to_bgr
from vedette.vision.ports import Detector, Recognizer
from vedette.vision.recognize.crop import make_crop
from vedette.vision.recognize.describe import describe_crops
from vedette.vision.recognize.records import MAX_ASKS
from vedette.vision.sampling import FrameSampler
from vedette.vision.tiles import TilePolicy
from vedette.vision.wire import Kind

_BATCH = 16
"""Pictures read per FILE_NEXT, so that a file without wanted pictures still answers."""


class WorkerSession:
    """The state of one worker: its streams, or its file.

    Args:
        detector: The model that streams may ask for, or None.
        file: The file to analyse, already open, for file jobs.
        recognizers: Those installed; each request says which groups of them may be asked.
    """

    def __init__(
        self,
        detector: Detector | None,
        file: io.BufferedIOBase | None = None,
        recognizers: Sequence[Recognizer] = (),
    ) -> None:
        self._detector = detector
        self._recognizers = recognizers
        self._streams: dict[int, StreamEngine | KeyFrameEngine] = {}
        self._file = _FileJob(file, detector) if file else None

    def handle(self, kind: int, payload: bytes) -> tuple[int, bytes]:
        """Answers one message. What a stream or a request did wrong becomes FAILED with the reason."""
        try:
            return kind, self._answer(kind, payload)
        except VedetteError as error:
            return Kind.FAILED, str(error).encode()

    def _answer(self, kind: int, payload: bytes) -> bytes:
        if kind == Kind.PACKET:
            return self._push(payload)
        if kind in {Kind.OPEN, Kind.CLOSE, Kind.RATE, Kind.TUNE}:
            self._manage(kind, payload)
            return b""
        if kind in {Kind.SNAPSHOT, Kind.DESCRIBE}:
            return self._look_back(kind, payload)
        if kind in {Kind.THUMBNAIL, Kind.MASK}:
            return _make_picture(kind, payload)
        if self._file is not None:
            return self._file.answer(kind, payload)
        raise InvalidInputError(f"message kind {kind} is not known")

    def _manage(self, kind: int, payload: bytes) -> None:
        """Opens, closes, tunes or slows a stream down."""
        if kind == Kind.OPEN:
            setup = wire.decode(payload, wire.OpenStream)
            self._streams.pop(setup.stream, None)
            self._streams[setup.stream] = self._make_engine(setup)
        elif kind == Kind.CLOSE:
            self._streams.pop(int.from_bytes(payload[:4], "big"), None)
        elif kind == Kind.TUNE:
            tuning = wire.decode(payload, wire.TuneStream)
            self._find_analysed(tuning.stream).analysis.tune(tuning.motion)
        else:
            wanted = wire.decode(payload, wire.SetRate)
            self._find_analysed(wanted.stream).set_rate(wanted.fps, wanted.tiles)

    def _make_engine(self, setup: wire.OpenStream) -> StreamEngine | KeyFrameEngine:
        if setup.detector == wire.KEEP:
            return KeyFrameEngine(setup)
        return StreamEngine(setup, self._detector if setup.detector == "model" else None)

    def _push(self, payload: bytes) -> bytes:
        packet = wire.decode_packet(payload)
        return wire.encode(self._find(packet.stream).push(packet))

    def _look_back(self, kind: int, payload: bytes) -> bytes:
        """Questions about a picture that was analysed just now."""
        if kind == Kind.SNAPSHOT:
            return self._snapshot(wire.decode(payload, wire.SnapshotRequest))
        return self._describe(wire.decode(payload, wire.DescribeRequest))

    def _snapshot(self, request: wire.SnapshotRequest) -> bytes:
        frame = self._kept_frame(request.stream, request.pts_90k)
        return render_jpeg(frame, request.max_width, request.overlays, request.crop)

    def _describe(self, request: wire.DescribeRequest) -> bytes:
        frame = self._kept_frame(request.stream, request.pts_90k)
        crops = [make_crop(frame, ask.box, ask.class_name, ask.covered) for ask in request.asks[:MAX_ASKS]]
        began_ns = time.perf_counter_ns()
        wanted = [recognizer for recognizer in self._recognizers if recognizer.form.group in request.groups]
        described = describe_crops(crops, wanted)
        return wire.encode(wire.DescribeReply(described, (time.perf_counter_ns() - began_ns) // 1000))

    def _kept_frame(self, stream: int, pts_90k: int) -> PlanarFrame:
        source = self._file.analysis if self._file else self._find(stream)
        frame = source.kept_frame(pts_90k)
        if frame is None:
            raise NotFoundError("the picture is not kept any more")
        return frame

    def _find(self, stream: int) -> StreamEngine | KeyFrameEngine:
        engine = self._streams.get(stream)
        if engine is None:
            raise NotFoundError(f"stream {stream} is not open")
        return engine

    def _find_analysed(self, stream: int) -> StreamEngine:
        engine = self._find(stream)
        if isinstance(engine, KeyFrameEngine):
            raise NotFoundError(f"stream {stream} is not analysed")
        return engine


def _make_picture(kind: int, payload: bytes) -> bytes:
    if kind == Kind.THUMBNAIL:
        return _thumbnail(wire.decode(payload, wire.ThumbnailRequest))
    return _mask(wire.decode(payload, wire.MaskRequest))


def _thumbnail(request: wire.ThumbnailRequest) -> bytes:
    for frame in FileFrames(io.BytesIO(request.file)).frames():
        image = to_bgr(frame, *fit_size(frame, request.max_width))
        fill_masks(image, request.masks)
        return encode_jpeg(image)
    raise InvalidInputError("there is no picture in this fragment")


def _mask(request: wire.MaskRequest) -> bytes:
    image = decode_jpeg(request.jpeg)
    fill_masks(image, request.masks)
    return encode_jpeg(image)


class _FileJob:
    """Reads one file once for analysis, and once more for the annotated video.

    A few pictures are with the model while the next ones are decoded, so that one file uses all its threads; answers
    come in order, one picture each.
    """

    def __init__(self, file: io.BufferedIOBase, detector: Detector | None) -> None:
        self._file = file
        self._detector = detector
        self._source: FileFrames | None = None
        self._frames: Iterator[PlanarFrame] = iter(())
        self._sampler: FrameSampler | None = None
        self._writer: VideoWriter | None = None
        self._read = 0
        self._read_before: deque[int] = deque()
        self.analysis = PictureAnalysis(None, (), gated=False)

    def answer(self, kind: int, payload: bytes) -> bytes:
        if kind == Kind.FILE_OPEN:
            return wire.encode(self._start(wire.decode(payload, wire.FileSetup)))
        if kind == Kind.FILE_NEXT and self._source is not None:
            return wire.encode(self._next(self._source))
        if kind == Kind.FILE_TERMS:
            terms = wire.decode(payload, wire.FileTerms)
            self._sampler = FrameSampler(terms.fps) if terms.fps > 0 else None
            self.analysis.set_classes(terms.classes)
            return b""
        if kind == Kind.ANNOTATE and self._source is not None:
            return self._annotate(wire.decode(payload, wire.AnnotateRequest))
        raise InvalidInputError(f"message kind {kind} is not known or comes too early")

    def _start(self, setup: wire.FileSetup) -> wire.FileInfo:
        self._file.seek(0)
        source = FileFrames(self._file)
        self._source, self._frames = source, source.frames()
        self._sampler = FrameSampler(setup.fps) if setup.fps > 0 else None
        detector = self._detector if setup.detector == "model" else None
        tiles = TilePolicy(most=setup.tiles)
        self.analysis = PictureAnalysis(detector, setup.classes, gated=False, motion=setup.motion, tiles=tiles)
        self._read, self._writer = 0, None
        self._read_before.clear()
        return wire.FileInfo(*source.size_px, source.fps, source.duration_s)

    def _next(self, source: FileFrames) -> wire.PacketReply:
        """Reads on until all threads of the model have a picture and one waits besides, a batch was read, or the file
        ends; then gives the oldest one.
        """
        damaged_before = source.damaged
        has_ended = self._read_on()
        damaged = source.damaged - damaged_before
        if not self._read_before:
            read, self._read = self._read, 0
            return wire.PacketReply(read, damaged, [], done=has_ended)
        return wire.PacketReply(self._read_before.popleft(), damaged, [self.analysis.finish()])

    def _read_on(self) -> bool:
        """Tells whether the file has ended."""
        for _ in range(_BATCH):
            if self.analysis.under_way > self.analysis.ahead:
                return False
            frame = next(self._frames, None)
            if frame is None:
                return True
            self._read += 1
            if self._sampler is None or self._sampler.wants(frame.pts_90k):
                self.analysis.begin(frame)
                self._read_before.append(self._read)
                self._read = 0
        return False

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
