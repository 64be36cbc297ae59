"""How long one packet of sound lasts, by the codec's own rules."""

from vedette.core.media import AudioFormat, Codec
from vedette.core.time import TICKS_PER_S

AAC_FRAME_SAMPLES = 1024
OPUS_RATE_HZ = 48_000
_SILK_SAMPLES = (480, 960, 1920, 2880)
_CELT_SAMPLES = (120, 240, 480, 960)
_OPUS_USUAL_SAMPLES = 960


def packet_samples(audio: AudioFormat, data: bytes = b"") -> int:
    """Returns the samples per channel of one packet; without its data those of a usual one (20 ms for Opus)."""
    if audio.codec is Codec.AAC:
        return AAC_FRAME_SAMPLES
    if audio.codec is Codec.OPUS:
        return opus_samples(data) or _OPUS_USUAL_SAMPLES
    return len(data) // max(1, audio.channels)


def packet_duration_90k(audio: AudioFormat, data: bytes = b"") -> int:
    """The same in 90 kHz ticks."""
    return packet_samples(audio, data) * TICKS_PER_S // audio.sample_rate_hz


def opus_samples(data: bytes) -> int:
    """Returns the length of an Opus packet at 48 kHz by its table of contents (RFC 6716 section 3.1); 0 for none."""
    if not data or (data[0] & 3 == 3 and len(data) < 2):
        return 0
    config = data[0] >> 3
    if config < 12:
        samples = _SILK_SAMPLES[config & 3]
    elif config < 16:
        samples = _SILK_SAMPLES[config & 1]
    else:
        samples = _CELT_SAMPLES[config & 3]
    frames = (1, 2, 2, data[1] & 0x3F if len(data) > 1 else 0)[data[0] & 3]
    return samples * frames
