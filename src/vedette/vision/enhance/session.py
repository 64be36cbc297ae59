"""Answers the messages of one enhancement inside a jailed worker. Composed and locked in by `vedette.node`.

Two workers see a file, one after the other: the first says what it is, and the second, whose network was compiled for
just that size before its jail closed, enlarges it. What a worker says is checked by `decode_probed`.
"""

import io
from collections.abc import Iterator
from enum import IntEnum
from typing import Literal

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from vedette.core.errors import InvalidInputError, VedetteError
from vedette.core.time import TICKS_PER_S
from vedette.media.annotate import VideoWriter
from vedette.media.decode import FileFrames, PlanarFrame, UndecodableError
from vedette.media.quantiser import probe_coding
from vedette.vision import wire
from vedette.vision.enhance.bank import SET_NAMES, choose_set
from vedette.vision.enhance.headers import (
    MAX_PICTURE_BYTES,
    NoPictureError,
    PictureFormat,
    is_picture,
    read_header,
)
from vedette.vision.enhance.label import Corner
from vedette.vision.enhance.marks import mark_picture
from vedette.vision.enhance.picture import EnlargeLuma, check_enlarged_size, enhance_bgr, enhance_planes
from vedette.vision.enhance.quality import quality_of_grid, quality_of_qp

Plane = NDArray[np.uint8]
PART_BYTES = 16 << 20
_VIDEO_CRF = 18
_JPEG_QUALITY = 95
_FULL_TO_STUDIO = np.asarray(np.rint(16 + np.arange(256) * 219 / 255), np.uint8)
_FULL_TO_STUDIO_CHROMA = np.asarray(np.rint(128 + (np.arange(256) - 128.0) * 224 / 255), np.uint8)


class Kind(IntEnum):
    """Message kinds. Replies carry the kind of their request, or `FAILED`."""

    READY = 0
    PROBE = 1
    NEXT = 2
    FAILED = wire.Kind.FAILED.value


class Probed(msgspec.Struct, frozen=True):
    """What the file is: its size as shown, and the weight set for it. `duration_s` 0: not known, or a picture."""

    is_picture: bool
    width: int
    height: int
    weight_set: str
    duration_s: float


class Part(msgspec.Struct, frozen=True):
    """The next bytes of the enhanced file. `at_s`: how far a video is."""

    data: bytes
    done: bool
    at_s: float


class EnhanceTerms(msgspec.Struct, frozen=True):
    """How to write the result."""

    format: Literal["jpeg", "png", "bmp", "mp4"]
    corner: Corner
    note: str


class EnhanceSession:
    """One file.

    Args:
        enlarge: The network for just this file's size; None for the worker that only probes.
    """

    def __init__(self, file: io.BufferedIOBase, enlarge: EnlargeLuma | None, terms: EnhanceTerms) -> None:
        self._file, self._enlarge, self._terms = file, enlarge, terms
        self._parts: Iterator[Part] | None = None

    def handle(self, kind: int) -> tuple[int, bytes]:
        """Answers one message. What is wrong with the file becomes FAILED with the reason."""
        try:
            if kind == Kind.PROBE:
                return kind, wire.encode(probe_file(self._file))
            if kind == Kind.NEXT and self._enlarge is not None:
                self._parts = self._parts or self._make_parts(self._enlarge)
                return kind, wire.encode(next(self._parts, Part(b"", done=True, at_s=0.0)))
            raise InvalidInputError(f"message kind {kind} is not known here")
        except VedetteError as error:
            return Kind.FAILED, str(error).encode()

    def _make_parts(self, enlarge: EnlargeLuma) -> Iterator[Part]:
        if self._terms.format == "mp4":
            yield from self._enhance_video(enlarge)
            return
        image = enhance_bgr(read_picture(self._file), enlarge, self._terms.corner)
        data = mark_picture(encode_picture(image, self._terms.format), self._terms.format, self._terms.note)
        for at in range(0, len(data), PART_BYTES):
            yield Part(data[at : at + PART_BYTES], done=False, at_s=0.0)

    def _enhance_video(self, enlarge: EnlargeLuma) -> Iterator[Part]:
        source = _open_video(self._file)
        writer: VideoWriter | None = None
        for frame in source.frames():
            studio = _to_studio(frame) if source.is_full_range else frame
            larger = enhance_planes(studio, enlarge, self._terms.corner)
            writer = writer or VideoWriter(*larger.size_px, self._terms.note, _VIDEO_CRF)
            writer.write_planes(larger)
            yield Part(writer.take(), done=False, at_s=frame.pts_90k / TICKS_PER_S)
        if writer is None:
            raise InvalidInputError("no picture in this file could be decoded")
        yield Part(writer.finish(), done=False, at_s=0.0)


def probe_file(file: io.BufferedIOBase) -> Probed:
    """Says what a file is and which weight set suits it.

    Raises:
        InvalidInputError: it is neither picture nor video, or too large.
    """
    file.seek(0)
    if is_picture(file.read(16)):
        file.seek(0)
        header = read_header(file.read(MAX_PICTURE_BYTES))
        image = read_picture(file)
        quality = header.quality
        if header.format != "jpeg":
            quality = quality_of_grid(np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8))
        chosen = choose_set(quality)
        return Probed(is_picture=True, width=image.shape[1], height=image.shape[0], weight_set=chosen, duration_s=0.0)
    source = _open_video(file)
    first = next(source.frames(), None)
    if first is None:
        raise InvalidInputError("no picture in this file could be decoded")
    check_enlarged_size(*first.size_px)
    chosen, duration_s = choose_set(_video_quality(file, first)), source.duration_s
    return Probed(
        is_picture=False, width=first.size_px[0], height=first.size_px[1], weight_set=chosen, duration_s=duration_s
    )


def _open_video(file: io.BufferedIOBase) -> FileFrames:
    file.seek(0)
    try:
        return FileFrames(file)
    except UndecodableError as error:
        raise InvalidInputError(f"this is neither a picture (JPEG, PNG, BMP) nor a video: {error.message}") from error


def _video_quality(file: io.BufferedIOBase, first: PlanarFrame) -> float:
    coding = probe_coding(file)
    if coding.qp is not None:
        return quality_of_qp(coding.qp)
    if coding.jpeg:
        return read_header(coding.jpeg).quality
    return quality_of_grid(first.y)


def read_picture(file: io.BufferedIOBase) -> Plane:
    """Decodes a picture (H, W, 3) as it is to be shown, turned as its EXIF says; transparency is dropped.

    Raises:
        NoPictureError: it is damaged, or larger than a picture file may be.
        PictureTooLargeError: by its announced size, before it is decoded.
    """
    file.seek(0)
    data = file.read(MAX_PICTURE_BYTES + 1)
    if len(data) > MAX_PICTURE_BYTES:
        raise NoPictureError(f"a picture file may have {MAX_PICTURE_BYTES >> 20} MB at most")
    header = read_header(data)
    check_enlarged_size(header.width, header.height)
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise NoPictureError("the picture is damaged and cannot be decoded")
    return np.asarray(image, np.uint8)


def encode_picture(image_bgr: Plane, kind: PictureFormat) -> bytes:
    """Encodes a picture (H, W, 3).

    Raises:
        InvalidInputError: the encoder refuses it.
    """
    suffix = {"jpeg": ".jpg", "png": ".png", "bmp": ".bmp"}[kind]
    options = [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY] if kind == "jpeg" else []
    done, data = cv2.imencode(suffix, image_bgr, options)
    if not done:
        raise InvalidInputError(f"the picture cannot be encoded as {kind}")
    return bytes(data)


def decode_probed(payload: bytes) -> Probed:
    """Decodes and checks what a worker says of a file.

    Raises:
        InvalidInputError: it is no answer, or out of range.
    """
    probed = wire.decode(payload, Probed)
    check_enlarged_size(probed.width, probed.height)
    if min(probed.width, probed.height) < 1 or probed.weight_set not in SET_NAMES:
        raise InvalidInputError("a worker's reply is out of range")
    return probed


def _to_studio(frame: PlanarFrame) -> PlanarFrame:
    """Planes of 0..255 in the range that video files have."""
    luma = cv2.LUT(np.ascontiguousarray(frame.y), _FULL_TO_STUDIO)
    chroma = [cv2.LUT(np.ascontiguousarray(plane), _FULL_TO_STUDIO_CHROMA) for plane in (frame.u, frame.v)]
    return PlanarFrame(frame.pts_90k, *(np.asarray(plane, np.uint8) for plane in (luma, *chroma)))
