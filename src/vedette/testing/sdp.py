"""Session descriptions of simulated streams (RFC 4566; RFC 6184 8.2.1, RFC 7798 7.1, RFC 3640 4.1)."""

from base64 import b64encode

from vedette.core.media import AudioFormat, Codec, VideoFormat
from vedette.testing.rtp import AUDIO_PAYLOAD_TYPES, VIDEO_PAYLOAD_TYPE
from vedette.testing.source import SimSource

VIDEO_CONTROL = "trackID=0"
AUDIO_CONTROL = "trackID=1"


def make_sdp(source: SimSource, host: str) -> bytes:
    """Describes a source with one video and perhaps one audio track."""
    lines = [
        "v=0",
        f"o=- 1 1 IN IP4 {host}",
        "s=Vedette simulated camera",
        f"c=IN IP4 {host}",
        "t=0 0",
        "a=control:*",
        "a=range:npt=now-",
        *_video_lines(source.format.video, source.fps),
    ]
    if source.audio is not None:
        lines += _audio_lines(source.audio.format)
    return "\r\n".join([*lines, ""]).encode()


def _video_lines(video: VideoFormat, fps: float) -> list[str]:
    sets = [b64encode(nal).decode() for nal in video.parameter_sets]
    if video.codec is Codec.H265:
        names = ("sprop-vps", "sprop-sps", "sprop-pps")
        by_type: dict[int, list[str]] = {32: [], 33: [], 34: []}
        for nal, text in zip(video.parameter_sets, sets, strict=True):
            by_type[(nal[0] >> 1) & 0x3F].append(text)
        pairs = zip(names, by_type.values(), strict=True)
        encoding = "H265"
        parameters = ";".join(f"{name}={','.join(texts)}" for name, texts in pairs)
    else:
        encoding = "H264"
        profile = video.parameter_sets[0][1:4].hex().upper()
        parameters = f"packetization-mode=1;profile-level-id={profile};sprop-parameter-sets={','.join(sets)}"
    return [
        f"m=video 0 RTP/AVP {VIDEO_PAYLOAD_TYPE}",
        f"a=rtpmap:{VIDEO_PAYLOAD_TYPE} {encoding}/90000",
        f"a=fmtp:{VIDEO_PAYLOAD_TYPE} {parameters}",
        f"a=framerate:{fps:.3f}",
        f"a=x-dimensions:{video.width},{video.height}",
        f"a=control:{VIDEO_CONTROL}",
    ]


def _audio_lines(audio: AudioFormat) -> list[str]:
    payload_type = AUDIO_PAYLOAD_TYPES[audio.codec]
    channels = f"/{audio.channels}" if audio.channels > 1 else ""
    lines = [f"m=audio 0 RTP/AVP {payload_type}"]
    if audio.codec is Codec.AAC:
        lines += [
            f"a=rtpmap:{payload_type} MPEG4-GENERIC/{audio.sample_rate_hz}/{audio.channels}",
            (
                f"a=fmtp:{payload_type} streamtype=5;profile-level-id=1;mode=AAC-hbr;sizelength=13;"
                f"indexlength=3;indexdeltalength=3;config={audio.config.hex().upper()}"
            ),
        ]
    elif audio.codec is Codec.OPUS:
        stereo = f"a=fmtp:{payload_type} sprop-stereo={int(audio.channels == 2)}"
        lines += [f"a=rtpmap:{payload_type} opus/48000/2", stereo]
    else:
        lines.append(f"a=rtpmap:{payload_type} {audio.codec.value.upper()}/{audio.sample_rate_hz}{channels}")
    return [*lines, f"a=control:{AUDIO_CONTROL}"]
