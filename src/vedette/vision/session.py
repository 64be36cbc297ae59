"""Answers the messages of `vedette.vision.wire` inside a worker. Composed and locked in by `vedette.node`."""

import io
import time
from collections.abc import Sequence

from vedette.core.errors import InvalidInputError, NotFoundError, VedetteError
from vedette.media.decode import FileFrames
from vedette.media.planes import PlanarFrame
from vedette.vision import wire
from vedette.vision.drawing import encode_jpeg, render_jpeg
from vedette.vision.engine import KeyFrameEngine, StreamEngine
from vedette.vision.file_session import FileSession
from vedette.vision.masking import decode_jpeg, fill_masks
from vedette.vision.picture import fit_size, to_bgr
from vedette.vision.ports import Detector, Recognizer
from vedette.vision.recognize.crop import make_crop
from vedette.vision.recognize.describe import describe_crops
from vedette.vision.recognize.records import MAX_ASKS
from vedette.vision.wire import Kind


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
        self._file = FileSession(file, detector) if file else None

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
