"""Answers the messages of one enhancement inside a jailed worker. Composed and locked in by `vedette.node`.

Two workers see a file, one after the other: the first says what it is (or cuts a still picture out of it), and the
second, whose network was compiled for just that size before its jail closed, enlarges it.
"""

import io
from collections.abc import Iterator

import cv2
import numpy as np

from vedette.core.errors import InvalidInputError, VedetteError
from vedette.core.time import TICKS_PER_S
from vedette.media.annotate import VideoContainer, VideoWriter
from vedette.media.planes import PlanarFrame
from vedette.vision import wire
from vedette.vision.enhance.marks import mark_picture
from vedette.vision.enhance.messages import CutTerms, EnhanceTerms, Kind, Part
from vedette.vision.enhance.picture import EnlargeLuma, encode_picture, enhance_bgr, enhance_planes
from vedette.vision.enhance.source import open_video, probe_file, read_picture
from vedette.vision.enhance.still import cut_still

PART_BYTES = 16 << 20
_VIDEO_CRF = 18
_FULL_TO_STUDIO = np.asarray(np.rint(16 + np.arange(256) * 219 / 255), np.uint8)
_FULL_TO_STUDIO_CHROMA = np.asarray(np.rint(128 + (np.arange(256) - 128.0) * 224 / 255), np.uint8)


class EnhanceSession:
    """One file.

    Args:
        enlarge: The network for just this file's size; None for the worker that only probes.
    """

    def __init__(self, file: io.BufferedIOBase, enlarge: EnlargeLuma | None, terms: EnhanceTerms) -> None:
        self._file, self._enlarge, self._terms = file, enlarge, terms
        self._parts: Iterator[Part] | None = None

    def handle(self, kind: int, payload: bytes) -> tuple[int, bytes]:
        """Answers one message. What is wrong with the file becomes FAILED with the reason."""
        try:
            if kind == Kind.CUT:
                return kind, wire.encode(cut_still(self._file, wire.decode(payload, CutTerms)))
            if kind == Kind.PROBE:
                return kind, wire.encode(probe_file(self._file))
            if kind == Kind.NEXT and self._enlarge is not None:
                self._parts = self._parts or self._make_parts(self._enlarge, payload.decode())
                return kind, wire.encode(next(self._parts, Part(b"", done=True, at_s=0.0)))
            raise InvalidInputError(f"message kind {kind} is not known here")
        except VedetteError as error:
            return Kind.FAILED, str(error).encode()

    def _make_parts(self, enlarge: EnlargeLuma, remark: str) -> Iterator[Part]:
        form = self._terms.format
        if form == "mp4" or form == "mkv":  # noqa: PLR1714 -- a set would not narrow the type
            yield from self._enhance_video(enlarge, remark, form)
            return
        image = enhance_bgr(read_picture(self._file), enlarge, self._terms.corner)
        data = mark_picture(encode_picture(image, form), form, self._terms.note)
        for at in range(0, len(data), PART_BYTES):
            yield Part(data[at : at + PART_BYTES], done=False, at_s=0.0)

    def _enhance_video(self, enlarge: EnlargeLuma, remark: str, container: VideoContainer) -> Iterator[Part]:
        source = open_video(self._file)
        writer: VideoWriter | None = None
        note = f"{self._terms.note} {remark}".strip()
        for frame in source.frames():
            studio = _to_studio(frame) if source.is_full_range else frame
            larger = enhance_planes(studio, enlarge, self._terms.corner)
            writer = writer or VideoWriter(*larger.size_px, note, _VIDEO_CRF, container)
            writer.write_planes(larger)
            yield Part(writer.take(), done=False, at_s=frame.pts_90k / TICKS_PER_S)
        if writer is None:
            raise InvalidInputError("no picture in this file could be decoded")
        yield Part(writer.finish(), done=False, at_s=0.0)


def _to_studio(frame: PlanarFrame) -> PlanarFrame:
    """Planes of 0..255 in the range that video files have."""
    luma = cv2.LUT(np.ascontiguousarray(frame.y), _FULL_TO_STUDIO)
    chroma = [cv2.LUT(np.ascontiguousarray(plane), _FULL_TO_STUDIO_CHROMA) for plane in (frame.u, frame.v)]
    return PlanarFrame(frame.pts_90k, *(np.asarray(plane, np.uint8) for plane in (luma, *chroma)))
