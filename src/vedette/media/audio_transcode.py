"""G.711 to AAC, for viewers and foreign players: no browser plays A-law or mu-law in MP4.

The recording keeps what the camera sent. G.711 is decoded by a table of ours (ITU-T G.711), so the encoder is
the only foreign code here and it sees samples, not a camera's bytes. 16 kHz instead of 8: an AAC frame is 1024
samples, 64 ms instead of 128, which halves what sound adds to the latency. Measured: about 0.1 % of a core.
"""

from fractions import Fraction
from typing import Any

import av
import msgspec
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from numpy.typing import NDArray

from vedette.core.media import AudioFormat, Codec, Packet
from vedette.core.time import TICKS_PER_S, ns_to_ticks, ticks_to_ns

RATE_HZ = 16_000
BIT_RATE_BPS = 32_000
_FRAME_SAMPLES = 1024
_MAX_JUMP_90K = TICKS_PER_S // 10
"""A camera's audio clock jitters by packets; beyond this it really jumped, and sound must jump with it."""


def _a_law_table() -> NDArray[np.int16]:
    codes = np.arange(256, dtype=np.int32) ^ 0x55
    exponent, mantissa = codes >> 4 & 7, codes & 15
    magnitude = np.where(exponent == 0, (mantissa << 4) + 8, ((mantissa << 4) + 0x108) << np.maximum(exponent - 1, 0))
    return np.where(codes & 0x80, magnitude, -magnitude).astype(np.int16)


def _mu_law_table() -> NDArray[np.int16]:
    codes = ~np.arange(256, dtype=np.int32) & 0xFF
    magnitude = (((codes & 15) << 3) + 0x84 << (codes >> 4 & 7)) - 0x84
    return np.where(codes & 0x80, -magnitude, magnitude).astype(np.int16)


_TABLES = {Codec.PCMA: _a_law_table(), Codec.PCMU: _mu_law_table()}


def decode_g711(codec: Codec, data: bytes) -> NDArray[np.int16]:
    """Decodes G.711 octets into (N,) int16 samples; several channels stay interleaved."""
    return _TABLES[codec][np.frombuffer(data, dtype=np.uint8)]


class G711ToAac:
    """Encodes one G.711 track as AAC. Not thread-safe; call `flush` at the end of a file.

    Attributes:
        format: What the produced packets are.
    """

    def __init__(self, source: AudioFormat) -> None:
        self._source = source
        self._layout = "stereo" if source.channels == 2 else "mono"
        self._encoder = self._open_encoder()
        self._resampler = av.AudioResampler("fltp", self._layout, RATE_HZ, frame_size=_FRAME_SAMPLES)
        self._samples_in = 0
        self._anchor: Packet | None = None
        config = bytes(self._encoder.extradata or b"")
        self.format = AudioFormat(Codec.AAC, RATE_HZ, source.channels, config, "mp4a.40.2")

    def push(self, packet: Packet) -> list[Packet]:
        """Takes one G.711 packet and returns the AAC packets that became complete (often none)."""
        samples = decode_g711(self._source.codec, packet.data)
        if not len(samples):
            return []
        if self._anchor is None or self._has_jumped(packet):
            self._restart(packet)
        count = len(samples) // self._source.channels
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout=self._layout)
        frame.sample_rate = self._source.sample_rate_hz
        frame.pts = self._samples_in
        frame.time_base = Fraction(1, self._source.sample_rate_hz)
        self._samples_in += count
        return [out for ready in self._resampler.resample(frame) for out in self._encode(ready, packet)]

    def flush(self) -> list[Packet]:
        """Returns what the encoder still holds."""
        if self._anchor is None:
            return []
        rest = [out for ready in self._resampler.resample(None) for out in self._encode(ready, self._anchor)]
        return rest + self._encode(None, self._anchor)

    def _open_encoder(self) -> AudioCodecContext:
        encoder = av.CodecContext.create("aac", "w")
        if not isinstance(encoder, AudioCodecContext):
            raise TypeError("aac is no audio encoder")
        encoder.sample_rate = RATE_HZ
        encoder.layout = self._layout
        encoder.format = "fltp"
        encoder.bit_rate = BIT_RATE_BPS * self._source.channels
        encoder.time_base = Fraction(1, RATE_HZ)
        encoder.open()
        return encoder

    def _has_jumped(self, packet: Packet) -> bool:
        assert self._anchor is not None
        expected_90k = self._anchor.pts_90k + self._samples_in * TICKS_PER_S // self._source.sample_rate_hz
        return abs(packet.pts_90k - expected_90k) > _MAX_JUMP_90K

    def _restart(self, packet: Packet) -> None:
        """Lays the sample count anew onto the stream's clock; what is inside the encoder (< 0.2 s) is let go."""
        if self._anchor is not None:
            self._encoder = self._open_encoder()
            self._resampler = av.AudioResampler("fltp", self._layout, RATE_HZ, frame_size=_FRAME_SAMPLES)
        self._anchor = packet
        self._samples_in = 0

    def _encode(self, frame: av.AudioFrame | None, latest: Packet) -> list[Packet]:
        return [self._to_packet(encoded, latest) for encoded in self._encoder.encode(frame)]

    def _to_packet(self, encoded: "av.Packet[Any]", latest: Packet) -> Packet:
        """`received_at` is that of the newest octets: only then could this frame exist."""
        assert self._anchor is not None
        offset_90k = (encoded.pts or 0) * TICKS_PER_S // RATE_HZ
        pts_90k = self._anchor.pts_90k + offset_90k
        elapsed_ns = ticks_to_ns(offset_90k)
        return msgspec.structs.replace(
            latest,
            is_key=True,
            pts_90k=pts_90k,
            dts_90k=pts_90k,
            captured_at_ns=self._anchor.captured_at_ns + elapsed_ns,
            sequence=max(0, ns_to_ticks(elapsed_ns) * RATE_HZ // TICKS_PER_S // _FRAME_SAMPLES),
            data=bytes(encoded),
        )
