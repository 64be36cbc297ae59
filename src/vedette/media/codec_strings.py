"""RFC 6381 codec strings, taken from the parameter set that a decoder will really get."""

from vedette.media.bits import unescape
from vedette.media.errors import MalformedMediaError

_PROFILE_SPACE = ("", "A", "B", "C")


def avc_codec_string(sps: bytes) -> str:
    """`avc1.PPCCLL` of a sequence parameter set (ISO/IEC 14496-15 Annex E.2)."""
    if len(sps) < 4:
        raise MalformedMediaError("an H.264 sequence parameter set ends too early")
    return f"avc1.{sps[1]:02x}{sps[2]:02x}{sps[3]:02x}"


def hevc_codec_string(sps: bytes) -> str:
    """`hvc1.PROFILE.COMPATIBILITY.TIER-LEVEL.CONSTRAINTS` (ISO/IEC 14496-15 Annex E.3)."""
    tier_level = unescape(sps)[3:15]
    if len(tier_level) < 12:
        raise MalformedMediaError("an H.265 sequence parameter set ends too early")
    head = tier_level[0]
    compatibility = int(f"{int.from_bytes(tier_level[1:5], 'big'):032b}"[::-1], 2)
    tier = "H" if head & 0x20 else "L"
    constraints = tier_level[5:11].rstrip(b"\x00")
    tail = "".join(f".{byte:X}" for byte in constraints)
    return f"hvc1.{_PROFILE_SPACE[head >> 6]}{head & 0x1F}.{compatibility:x}.{tier}{tier_level[11]}{tail}"
