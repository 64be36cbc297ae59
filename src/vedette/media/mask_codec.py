"""Decodes a camera's stream, fills hidden parts, encodes it anew as H.264. Runs only inside the jailed child."""

from collections.abc import Sequence
from fractions import Fraction

import av
import numpy as np

from vedette.core.errors import UnavailableError
from vedette.core.geometry import Point
from vedette.core.media import Codec
from vedette.core.time import TICKS_PER_S
from vedette.media.bitstream import ANNEX_B, is_random_access, nal_type, split_access_unit, strip_access_unit
from vedette.media.decode import PacketDecoder
from vedette.media.mask_raster import Mask, rasterize
from vedette.media.mask_wire import MaskedPicture, MaskSetup, Pictures
from vedette.media.planes import PlanarFrame, Plane

_ENCODERS = ("libx264", "libopenh264")
_SPS, _PPS = 7, 8
_Y, _C = 36, 128


class MaskingTranscoder:
    """One stream in one format. Make a new one when the format or the masks change."""

    def __init__(self, setup: MaskSetup) -> None:
        self._decoder = PacketDecoder(setup.video)
        self._outlines: Sequence[Sequence[Point]] = setup.masks
        self._key_every_90k = setup.key_every_90k
        self._encoder: av.VideoCodecContext | None = None
        self._size = (0, 0)
        self._masks: tuple[Mask, Mask] | None = None
        self._sets: list[bytes] = []
        self._key_at_90k: int | None = None
        self._wants_key = True
        self._shown_from_90k: int | None = None
        self._last_90k: int | None = None

    def push(self, pts_90k: int, data: bytes, *, is_key: bool, decode_only: bool) -> Pictures:
        """Takes one access unit; gives the pictures that are complete, often one.

        Pictures up to the latest one that is only to be decoded are not given.
        """
        if decode_only:
            self._shown_from_90k, self._wants_key = max(self._shown_from_90k or 0, pts_90k + 1), True
        self._wants_key |= is_key
        return self._mask(self._decoder.decode(data, pts_90k, is_key=is_key))

    def flush(self) -> Pictures:
        """Gives the pictures that were held back for reordering. A key frame comes next."""
        return self._mask(self._decoder.flush())

    def _mask(self, frames: Sequence[PlanarFrame]) -> Pictures:
        pictures: list[MaskedPicture] = []
        before = (self._size, self._sets)
        for frame in frames:
            is_late = self._last_90k is not None and frame.pts_90k <= self._last_90k
            if not is_late and (self._shown_from_90k is None or frame.pts_90k >= self._shown_from_90k):
                pictures += self._encode(frame)
        if (self._size, self._sets) == before or not pictures:
            return Pictures(pictures)
        return Pictures(pictures, self._size, self._sets)

    def _encode(self, frame: PlanarFrame) -> list[MaskedPicture]:
        width, height = frame.size_px[0] & ~1, frame.size_px[1] & ~1
        if (width, height) != self._size or self._encoder is None:
            self._encoder = _make_encoder(width, height)
            self._masks = rasterize(self._outlines, width, height)
            self._size, self._key_at_90k, self._wants_key = (width, height), None, True
        assert self._masks is not None
        picture = av.VideoFrame.from_ndarray(_fill(frame, self._masks, width, height), format="yuv420p")
        picture.pts, picture.time_base = frame.pts_90k, Fraction(1, TICKS_PER_S)
        if self._is_key_due(frame.pts_90k):
            picture.pict_type = av.video.frame.PictureType.I
            self._key_at_90k, self._wants_key = frame.pts_90k, False
        self._last_90k = frame.pts_90k
        return [self._pack(bytes(packet), packet.pts or 0) for packet in self._encoder.encode(picture)]

    def _is_key_due(self, pts_90k: int) -> bool:
        return self._wants_key or self._key_at_90k is None or pts_90k - self._key_at_90k >= self._key_every_90k

    def _pack(self, data: bytes, pts_90k: int) -> MaskedPicture:
        nals = split_access_unit(data, ANNEX_B)
        sets = [nal for nal in nals if nal_type(nal, Codec.H264) in {_SPS, _PPS}]
        if sets:
            self._sets = sets
        return MaskedPicture(pts_90k, is_random_access(nals, Codec.H264), strip_access_unit(nals, Codec.H264))


def _fill(frame: PlanarFrame, masks: tuple[Mask, Mask], width: int, height: int) -> Plane:
    """Copies the planes into one I420 array, (height * 3/2, width) uint8, with hidden samples grey."""
    luma, chroma = masks
    i420 = np.empty((height * 3 // 2, width), np.uint8)
    i420[:height] = frame.y[:height, :width]
    i420[:height][luma] = _Y
    planes = i420[height:].reshape(2, height // 2, width // 2)
    for plane, source in zip(planes, (frame.u, frame.v), strict=True):
        plane[:] = source[: height // 2, : width // 2]
        plane[chroma] = _C
    return i420


def _make_encoder(width: int, height: int) -> av.VideoCodecContext:
    name = next((name for name in _ENCODERS if name in av.codecs_available), None)
    if name is None:
        raise UnavailableError("this build of PyAV has no H.264 encoder")
    encoder = av.VideoCodecContext.create(name, "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, TICKS_PER_S), Fraction(25)
    encoder.gop_size, encoder.max_b_frames, encoder.thread_count = 250, 0, 1
    encoder.options = {"preset": "superfast", "tune": "zerolatency", "crf": "23", "forced-idr": "1"}
    return encoder


def warm_up() -> None:
    """Runs both decoders and the encoder once, while files can still be read."""
    setup = MaskSetup("h264", 64, 48, [], [[(0.1, 0.1), (0.5, 0.1), (0.5, 0.5)]])
    first = MaskingTranscoder(setup)
    grey = np.full((48, 64), 90, np.uint8)
    half = np.full((24, 32), 128, np.uint8)
    pictures = first._encode(PlanarFrame(0, grey, half, half))  # noqa: SLF001 -- its own module
    sets = first._sets  # noqa: SLF001 -- its own module
    second = MaskingTranscoder(MaskSetup("h264", 64, 48, sets, setup.masks))
    for picture in pictures:
        second.push(picture.pts_90k, picture.data, is_key=True, decode_only=False)
    MaskingTranscoder(MaskSetup("h265", 64, 48, [], setup.masks)).push(0, b"", is_key=False, decode_only=False)
