"""Messages between the analyzer and its jailed workers: what they are and how they are encoded.

Every request gets exactly one reply, in order, so the oldest unanswered request names the stream that a crash or
a hang belongs to. The worker handles foreign bytes and may be taken over: what it says is decoded by
`decode_*` here, which checks every length and number before anything else sees it.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeVar

import msgspec
import numpy as np

from vedette.core.detections import CLASS_NAMES, Detections
from vedette.core.errors import InvalidInputError
from vedette.core.media import Codec, VideoFormat
from vedette.core.motion import MotionSettings
from vedette.vision.recognize.records import Described, Form, check_described

Masks = list[list[tuple[float, float]]]
"""Outlines in fractions of the picture."""
KEEP = "keep"
MAX_BOXES = 300
MAX_RESULTS = 32
MAX_JPEG_BYTES = 8 << 20
_MAX_SPENT_US = 60_000_000
_MAX_COUNT = 1 << 48
_PACKET_HEAD = struct.Struct(">IqB")
_FLAG_KEY, _FLAG_RESET, _FLAG_DECODE_ONLY = 1, 2, 4


class Kind(IntEnum):
    """Message kinds. Replies carry the kind of their request, or `FAILED`."""

    READY = 0
    OPEN = 1
    PACKET = 2
    SNAPSHOT = 3
    CLOSE = 4
    THUMBNAIL = 5
    FILE_OPEN = 6
    FILE_NEXT = 7
    ANNOTATE = 8
    MASK = 9
    DESCRIBE = 10
    RATE = 12
    FILE_TERMS = 13
    TUNE = 14
    FAILED = 255


class Ready(msgspec.Struct, frozen=True):
    """A worker's first words, after it has locked itself in."""

    landlock_abi: int
    layers: dict[str, bool]
    reasons: dict[str, str]
    release: str
    inference_ms: float
    recognizers: dict[str, str] = {}
    """Those loaded: name to release."""


class CostsReply(msgspec.Struct, frozen=True):
    """What a picture costs, ms of one core: `base_ms` without a detector, `costs_ms` for each that was asked about, and
    why there is none for those that cannot be loaded (else empty).
    """

    base_ms: float
    costs_ms: list[float]
    failures: list[str]


class OpenStream(msgspec.Struct, frozen=True):
    """From now on `stream` has this format and is analysed like this. Replaces what it was.

    `detector`: `model`, `motion`, `none`, or `KEEP`: single key frames come, are kept for DESCRIBE and not analysed.
    """

    stream: int
    codec: str
    width: int
    height: int
    parameter_sets: list[bytes]
    detector: str
    classes: list[str]
    fps: float
    motion: MotionSettings = MotionSettings()
    tiles: int = 0

    @property
    def video(self) -> VideoFormat:
        return VideoFormat(Codec(self.codec), self.width, self.height, tuple(self.parameter_sets), "")


class TuneStream(msgspec.Struct, frozen=True):
    """From the next picture on `stream` has these motion settings; all else goes on."""

    stream: int
    motion: MotionSettings


class SetRate(msgspec.Struct, frozen=True):
    """From now on at most `fps` pictures a second of `stream` are analysed, and `tiles` of each looked at."""

    stream: int
    fps: float
    tiles: int = 0


class FrameResult(msgspec.Struct, frozen=True):
    """What was found in one analysed picture. `boxes` is float32 (N, 6): box, confidence, class; None when the
    model was not asked.
    """

    pts_90k: int
    width: int
    height: int
    motion: float
    boxes: bytes | None


class FilePlace(msgspec.Struct, frozen=True):
    """A picture of a file up to which it was read, and all that another worker needs to go on behind it.

    Attributes:
        read: Pictures up to this one.
        mark: A checksum of its pixels, by which it is found again.
        fps, due_90k: The rate by which it was chosen, and when the next one was due by it; 0: every picture.
        faults: How often each of its two times had gone back (`media.decode`).
    """

    read: int
    pts_90k: int
    mark: int
    fps: float
    due_90k: float
    faults: tuple[int, int]


class PacketReply(msgspec.Struct, frozen=True):
    """Answers PACKET and FILE_NEXT. `done`: the file has ended.

    `decode_us` and `analyse_us`: wall time that it took, for packets. `place`: of the last picture of a file that
    this reply counts; None: it counts none.
    """

    decoded: int
    damaged: int
    results: list[FrameResult]
    done: bool = False
    decode_us: int = 0
    analyse_us: int = 0
    place: FilePlace | None = None


class Overlay(msgspec.Struct, frozen=True):
    """A box to draw, in fractions of the picture, with its words (lines) and the class that chooses its colour."""

    box: tuple[float, float, float, float]
    text: str
    class_id: int


class SnapshotRequest(msgspec.Struct, frozen=True):
    """Asks for a recent analysed picture of a stream as JPEG. `crop`: only this part of the picture."""

    stream: int
    pts_90k: int
    max_width: int
    overlays: list[Overlay]
    crop: tuple[float, float, float, float] | None = None


class DescribeAsk(msgspec.Struct, frozen=True):
    """One object of a picture: where, in fractions, and its class, or `WHOLE_PICTURE`.

    `covered`: the share of the box that lies in another object's.
    """

    box: tuple[float, float, float, float]
    class_name: str
    covered: float = 0.0


class DescribeRequest(msgspec.Struct, frozen=True):
    """Asks the recognizers of these groups about objects in a recent analysed picture."""

    stream: int
    pts_90k: int
    asks: list[DescribeAsk]
    groups: list[str]


class DescribeReply(msgspec.Struct, frozen=True):
    """Answers DESCRIBE, ask by ask. `spent_us`: wall time that it took."""

    described: list[Described]
    spent_us: int = 0


class ThumbnailRequest(msgspec.Struct, frozen=True):
    """Asks for the first picture of a small media file (fMP4 init and fragment) as JPEG, its `masks` filled."""

    file: bytes
    max_width: int
    masks: Masks = []  # msgspec copies it for each message


class MaskRequest(msgspec.Struct, frozen=True):
    """Asks for a stored JPEG with `masks` filled."""

    jpeg: bytes
    masks: Masks


class FileSetup(msgspec.Struct, frozen=True):
    """How to analyse the file that the worker was started with. `fps` 0: every picture. `place`: behind this picture,
    where an earlier worker came to; None: from the start.
    """

    detector: str
    classes: list[str]
    fps: float
    tiles: int = 0
    motion: MotionSettings = MotionSettings()
    place: FilePlace | None = None


class FileTerms(msgspec.Struct, frozen=True):
    """Other classes and another rate from the next picture of the file on."""

    classes: list[str]
    fps: float


class FileInfo(msgspec.Struct, frozen=True):
    """What the container says of the file."""

    width: int
    height: int
    fps: float
    duration_s: float


class AnnotateRequest(msgspec.Struct, frozen=True):
    """Draws the next pictures of the file, one list of overlays per picture, and asks for the encoded bytes."""

    overlays: list[list[Overlay]]
    max_width: int


def encode(message: msgspec.Struct) -> bytes:
    """Encodes any message but a packet."""
    return msgspec.msgpack.encode(message)


MessageT = TypeVar("MessageT", bound=msgspec.Struct)


def decode(payload: bytes, kind: type[MessageT]) -> MessageT:
    """Decodes a message of a known kind.

    Raises:
        InvalidInputError: it is not one.
    """
    try:
        return msgspec.msgpack.decode(payload, type=kind)
    except (msgspec.DecodeError, ValueError) as error:
        raise InvalidInputError(f"a worker message is no {kind.__name__}: {error}") from error


@dataclass(frozen=True, slots=True)
class PacketMessage:
    """One access unit for a worker.

    Attributes:
        is_reset: Packets before it were dropped: the decoder starts anew.
        decode_only: Later pictures need it, but it is not to be analysed.
    """

    stream: int
    pts_90k: int
    data: bytes
    is_key: bool
    is_reset: bool = False
    decode_only: bool = False


def encode_packet(packet: PacketMessage) -> bytes:
    """Encodes one access unit."""
    flags = _FLAG_KEY * packet.is_key | _FLAG_RESET * packet.is_reset | _FLAG_DECODE_ONLY * packet.decode_only
    return _PACKET_HEAD.pack(packet.stream, packet.pts_90k, flags) + packet.data


def decode_packet(payload: bytes) -> PacketMessage:
    """Decodes one access unit."""
    stream, pts_90k, flags = _PACKET_HEAD.unpack_from(payload)
    return PacketMessage(
        stream,
        pts_90k,
        payload[_PACKET_HEAD.size :],
        bool(flags & _FLAG_KEY),
        bool(flags & _FLAG_RESET),
        bool(flags & _FLAG_DECODE_ONLY),
    )


def encode_boxes(found: Detections) -> bytes:
    """Encodes detections as float32 (N, 6), at most `MAX_BOXES`, best first."""
    rows = np.column_stack([found.boxes_norm_xyxy, found.confidence, found.class_id.astype(np.float32)])
    return rows[:MAX_BOXES].astype(np.float32).tobytes()


def decode_boxes(data: bytes) -> Detections:
    """Decodes and checks what a worker says it found.

    Raises:
        InvalidInputError: too many, not finite, outside the picture, inside out, or of no known class.
    """
    if len(data) % 24 or len(data) > MAX_BOXES * 24:
        raise InvalidInputError(f"{len(data)} bytes are no list of boxes")
    rows = np.frombuffer(data, np.float32).reshape(-1, 6)
    boxes, confidence, classes = rows[:, :4], rows[:, 4], rows[:, 5]
    sane = (
        np.isfinite(rows).all()
        and ((rows[:, :5] >= 0) & (rows[:, :5] <= 1)).all()
        and (boxes[:, 2:] >= boxes[:, :2]).all()
        and ((classes >= 0) & (classes < len(CLASS_NAMES)) & (classes == np.floor(classes))).all()
    )
    if not sane:
        raise InvalidInputError("a worker reports boxes that cannot be")
    return Detections(boxes.copy(), confidence.copy(), classes.astype(np.int16))


def check_jpeg(data: bytes) -> bytes:
    """Gives the bytes back when they look like one JPEG of bounded size.

    Raises:
        InvalidInputError: they do not.
    """
    if not (data[:3] == b"\xff\xd8\xff" and data[-2:] == b"\xff\xd9" and len(data) <= MAX_JPEG_BYTES):
        raise InvalidInputError("a worker's picture is no JPEG")
    return data


def decode_reply(payload: bytes) -> PacketReply:
    """Decodes and checks a PacketReply (boxes are checked by `decode_boxes`).

    Raises:
        InvalidInputError: a number is out of its range.
    """
    reply = decode(payload, PacketReply)
    sane = len(reply.results) <= MAX_RESULTS and all(
        0.0 <= result.motion <= 1.0 and 0 < result.width <= 8192 and 0 < result.height <= 8192
        for result in reply.results
    )
    sane = sane and 0 <= reply.decode_us <= _MAX_SPENT_US and 0 <= reply.analyse_us <= _MAX_SPENT_US
    sane = sane and (reply.place is None or _is_place(reply.place))
    if not sane:
        raise InvalidInputError("a worker's reply is out of range")
    return reply


def _is_place(place: FilePlace) -> bool:
    counts = (place.read, place.mark, *place.faults)
    is_time = abs(place.pts_90k) <= _MAX_COUNT and abs(place.due_90k) <= _MAX_COUNT  # also: not NaN
    return all(0 <= count <= _MAX_COUNT for count in counts) and is_time and 0 <= place.fps <= _MAX_COUNT


def decode_described(payload: bytes, asks: int, forms: Mapping[str, Form]) -> DescribeReply:
    """Decodes and checks a DescribeReply.

    Raises:
        InvalidInputError: it does not fit the question or the recognizers' forms.
    """
    reply = decode(payload, DescribeReply)
    check_described(reply.described, asks, forms)
    if not 0 <= reply.spent_us <= _MAX_SPENT_US:
        raise InvalidInputError("a worker's reply is out of range")
    return reply
