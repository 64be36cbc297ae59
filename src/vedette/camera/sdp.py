"""Session descriptions of cameras (SDP, RFC 8866): which tracks there are and how to ask for them. Pure.

Cameras write broken SDP; other clients live with it, so must we. Tolerated: bare LF, missing `v=`/`s=`/`t=`,
`rtpmap` missing for the static payload types 0 and 8, `fmtp` with stray semicolons and spaces, broken
`sprop-parameter-sets` (then the sets come in-band), media that we do not know. Lengths are bounded.
"""

import base64
import binascii
import re
from dataclasses import dataclass, field

from vedette.camera.parameter_sets import MAX_SET_BYTES, MAX_SETS
from vedette.core.errors import InvalidInputError
from vedette.core.media import AudioFormat, Codec
from vedette.media.opus_config import make_opus_format

MAX_SDP_BYTES = 64 * 1024
MAX_LINES = 1000
MAX_MEDIA = 16

_STATIC = {0: ("PCMU", 8000, 1), 8: ("PCMA", 8000, 1)}
_CODECS = {
    "H264": Codec.H264,
    "H265": Codec.H265,
    "HEVC": Codec.H265,
    "MPEG4-GENERIC": Codec.AAC,
    "OPUS": Codec.OPUS,
    "PCMA": Codec.PCMA,
    "PCMU": Codec.PCMU,
}
AAC_RATES_HZ = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)


class MalformedSdpError(InvalidInputError):
    """A session description is not one, or longer than any camera's."""

    code = "malformed_sdp"


@dataclass(slots=True)
class _Media:
    """One `m=` block while it is read."""

    kind: str
    payload_types: list[int]
    control: str = ""
    rtpmaps: dict[int, str] = field(default_factory=dict)
    fmtps: dict[int, str] = field(default_factory=dict)
    is_backchannel: bool = False


@dataclass(frozen=True, slots=True)
class MediaTrack:
    """One track that the camera offers.

    Attributes:
        codec: None when it is one that we do not store.
        encoding: The camera's word for it, for messages.
        parameter_sets: From `sprop-...`; empty when the camera tells them only in-band.
        fmtp: Format parameters, lower-case names.
    """

    kind: str
    payload_type: int
    codec: Codec | None
    encoding: str
    clock_rate_hz: int
    channels: int
    control: str
    parameter_sets: tuple[bytes, ...] = ()
    fmtp: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SessionDescription:
    """What a camera offers. `control` is the session's own, `tracks` are in the camera's order."""

    control: str
    tracks: tuple[MediaTrack, ...]

    @property
    def video(self) -> MediaTrack | None:
        """The first video track that we can store."""
        return next((track for track in self.tracks if track.kind == "video" and track.codec), None)

    @property
    def audio(self) -> MediaTrack | None:
        """The first audio track that we can store."""
        return next((track for track in self.tracks if track.kind == "audio" and track.codec), None)


def parse_sdp(data: bytes) -> SessionDescription:
    """Parses a session description.

    Raises:
        MalformedSdpError: too long, or without any media line.
    """
    if len(data) > MAX_SDP_BYTES:
        raise MalformedSdpError(f"the session description is longer than {MAX_SDP_BYTES} bytes")
    lines = data.decode("utf-8", "replace").replace("\r", "\n").split("\n")
    if len(lines) > 2 * MAX_LINES:
        raise MalformedSdpError("the session description has too many lines")
    session_control = ""
    blocks: list[_Media] = []
    for line in lines:
        kind, equals, value = line.strip().partition("=")
        if not equals:
            continue
        if kind == "m" and len(blocks) < MAX_MEDIA:
            blocks.append(_parse_media_line(value))
        elif kind == "a" and blocks:
            _read_attribute(blocks[-1], value)
        elif kind == "a" and value.lower().startswith("control:"):
            session_control = value[8:].strip()
    if not blocks:
        raise MalformedSdpError("the session description names no media")
    tracks = tuple(_make_track(block) for block in blocks if not block.is_backchannel)
    return SessionDescription(session_control, tracks)


def _parse_media_line(value: str) -> _Media:
    parts = value.split()
    types = [int(part) for part in parts[3:20] if part.isascii() and part.isdigit() and len(part) <= 3]
    return _Media(parts[0].lower() if parts else "", [number for number in types if number < 128])


def _read_attribute(block: _Media, value: str) -> None:
    name, _, text = value.partition(":")
    name, text = name.strip().lower(), text.strip()
    if name == "control":
        block.control = text
    elif name == "sendonly":
        # Seen from the camera's description the client would send: an ONVIF backchannel (speaker).
        block.is_backchannel = block.kind == "audio"
    elif name in {"rtpmap", "fmtp"}:
        number, _, rest = text.partition(" ")
        if number.isascii() and number.isdigit() and len(number) <= 3:
            (block.rtpmaps if name == "rtpmap" else block.fmtps)[int(number)] = rest.strip()


def _make_track(block: _Media) -> MediaTrack:
    tracks = [_make_payload(block, payload_type) for payload_type in block.payload_types or [-1]]
    return next((track for track in tracks if track.codec is not None), tracks[0])


def _make_payload(block: _Media, payload_type: int) -> MediaTrack:
    name, rate_hz, channels = _STATIC.get(payload_type, ("", 90_000 if block.kind == "video" else 8000, 1))
    mapped = re.match(r"([^/\s]+)(?:/(\d{1,9}))?(?:/(\d{1,2}))?", block.rtpmaps.get(payload_type, ""))
    if mapped:
        name = mapped[1].upper()
        rate_hz = int(mapped[2] or rate_hz) or rate_hz
        channels = int(mapped[3] or channels) or 1
    fmtp = parse_fmtp(block.fmtps.get(payload_type, ""))
    codec = _CODECS.get(name)
    if codec is not None and codec.is_video != (block.kind == "video"):
        codec = None
    return MediaTrack(
        kind=block.kind,
        payload_type=payload_type,
        codec=codec,
        encoding=name or f"payload type {payload_type}",
        clock_rate_hz=rate_hz,
        channels=channels,
        control=block.control,
        parameter_sets=_sprop_sets(codec, fmtp),
        fmtp=fmtp,
    )


def parse_fmtp(text: str) -> dict[str, str]:
    """Splits format parameters; a value may itself hold `=` (base64 padding)."""
    found: dict[str, str] = {}
    for part in text.split(";"):
        name, _, value = part.strip().partition("=")
        if name.strip():
            found[name.strip().lower()] = value.strip().strip('"')
    return found


def _sprop_sets(codec: Codec | None, fmtp: dict[str, str]) -> tuple[bytes, ...]:
    if codec is Codec.H264:
        texts = fmtp.get("sprop-parameter-sets", "").split(",")
    elif codec is Codec.H265:
        texts = [text for name in ("vps", "sps", "pps") for text in fmtp.get(f"sprop-{name}", "").split(",")]
    else:
        return ()
    decoded = (_decode_base64(text) for text in texts[:MAX_SETS])
    return tuple(nal for nal in decoded if 4 <= len(nal) <= MAX_SET_BYTES)


def _decode_base64(text: str) -> bytes:
    """Decodes one parameter set; cameras forget the padding or put a start code before the NAL unit."""
    text = text.strip().rstrip("=")
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""
    for start_code in (b"\x00\x00\x00\x01", b"\x00\x00\x01"):
        if data.startswith(start_code):
            return data[len(start_code) :]
    return data


def make_audio_format(track: MediaTrack) -> AudioFormat | None:
    """Makes the format of an audio track, or None when its description is not usable (video goes on)."""
    if track.codec in {Codec.PCMA, Codec.PCMU}:
        name = "alaw" if track.codec is Codec.PCMA else "ulaw"
        return AudioFormat(track.codec, track.clock_rate_hz, track.channels, b"", name)
    if track.codec is Codec.OPUS:  # RFC 7587: always announced as 48 kHz and two channels, whatever is in it
        return make_opus_format(2 if track.fmtp.get("sprop-stereo") == "1" else 1)
    if track.codec is not Codec.AAC or track.fmtp.get("mode", "aac-hbr").lower() != "aac-hbr":
        return None
    try:
        config = bytes.fromhex(track.fmtp.get("config", ""))
    except ValueError:
        return None
    return make_aac_format(config)


def make_aac_format(config: bytes) -> AudioFormat | None:
    """Makes the format from an AudioSpecificConfig (ISO/IEC 14496-3 section 1.6.2.1)."""
    if not 2 <= len(config) <= 64:
        return None
    head = int.from_bytes(config[:2], "big")
    object_type, rate_index, channels = head >> 11, (head >> 7) & 15, (head >> 3) & 15
    if rate_index >= len(AAC_RATES_HZ) or not 1 <= channels <= 7 or object_type not in {1, 2, 3, 4, 5, 29}:
        return None
    count = 8 if channels == 7 else channels
    return AudioFormat(Codec.AAC, AAC_RATES_HZ[rate_index], count, config, f"mp4a.40.{object_type}")
