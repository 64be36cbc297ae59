"""The configuration of Opus: ours is the body of the `dOps` box (Encapsulation of Opus in ISO BMFF, section 4.3.2)."""

import struct

from vedette.core.media import AudioFormat, Codec
from vedette.media.audio_samples import OPUS_RATE_HZ
from vedette.media.errors import MalformedMediaError

_DOPS = struct.Struct(">BBHIhB")
_HEAD = struct.Struct("<8sBBHIhB")


def make_opus_format(channels: int, pre_skip: int = 0) -> AudioFormat:
    """Makes the format of mono or stereo Opus. `pre_skip`: samples at 48 kHz to leave out at the beginning."""
    return AudioFormat(
        Codec.OPUS, OPUS_RATE_HZ, channels, _DOPS.pack(0, channels, pre_skip, OPUS_RATE_HZ, 0, 0), "opus"
    )


def read_opus_config(config: bytes) -> AudioFormat:
    """Makes the format from a `dOps` body.

    Raises:
        MalformedMediaError: it is none, or has more channels than two.
    """
    if len(config) != _DOPS.size:
        raise MalformedMediaError("an Opus track with a configuration that is not mono or stereo")
    version, channels, pre_skip, _, _, family = _DOPS.unpack(config)
    if version != 0 or family != 0 or channels not in {1, 2}:
        raise MalformedMediaError("an Opus track with a configuration that is not mono or stereo")
    return make_opus_format(channels, pre_skip)


def read_opus_head(extradata: bytes) -> AudioFormat | None:
    """Makes the format from an identification header (RFC 7845 section 5.1), as libav keeps it. None: not usable."""
    if len(extradata) < _HEAD.size:
        return None
    magic, _, channels, pre_skip, _, _, family = _HEAD.unpack_from(extradata)
    if magic != b"OpusHead" or family != 0 or channels not in {1, 2}:
        return None
    return make_opus_format(channels, pre_skip)
