"""Session descriptions as real cameras write them, and broken ones."""

import base64

import pytest

from tests.support.media import H264, H265
from vedette.camera.sdp import MalformedSdpError, make_audio_format, parse_sdp
from vedette.core.media import Codec
from vedette.media.opus_config import make_opus_format

SPROP = ",".join(base64.b64encode(nal).decode() for nal in H264.parameter_sets)

FULL = f"""v=0
o=- 1 1 IN IP4 192.0.2.1
s=Session
c=IN IP4 0.0.0.0
a=control:rtsp://192.0.2.1/live/
m=video 0 RTP/AVP 96
a=rtpmap:96 H264/90000
a=fmtp:96 packetization-mode=1; profile-level-id=64001E; sprop-parameter-sets={SPROP}
a=control:trackID=1
m=audio 0 RTP/AVP 97
a=rtpmap:97 mpeg4-generic/44100/1
a=fmtp:97 streamtype=5;profile-level-id=1;mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3;config=120856e500
a=control:trackID=2
m=application 0 RTP/AVP 107
a=rtpmap:107 vnd.onvif.metadata/90000
a=control:trackID=3
"""


def test_a_camera_with_video_audio_and_metadata() -> None:
    description = parse_sdp(FULL.encode())
    video, audio = description.video, description.audio
    assert video is not None
    assert audio is not None
    assert (video.codec, video.payload_type, video.clock_rate_hz, video.control) == (
        Codec.H264,
        96,
        90_000,
        "trackID=1",
    )
    assert video.parameter_sets == H264.parameter_sets
    made = make_audio_format(audio)
    assert made is not None
    assert (made.codec, made.sample_rate_hz, made.channels, made.codec_string) == (Codec.AAC, 44_100, 1, "mp4a.40.2")
    assert description.control == "rtsp://192.0.2.1/live/"
    assert len(description.tracks) == 3


@pytest.mark.parametrize("ending", ["\r\n", "\n", "\r"])
def test_any_line_ending(ending: str) -> None:
    assert parse_sdp(FULL.replace("\n", ending).encode()).video is not None


def test_static_payload_types_need_no_rtpmap() -> None:
    description = parse_sdp(b"m=audio 0 RTP/AVP 8\r\na=control:a\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n")
    assert description.audio is not None
    assert (description.audio.codec, description.audio.clock_rate_hz) == (Codec.PCMA, 8000)


@pytest.mark.parametrize(("parameters", "channels"), [("", 1), ("a=fmtp:98 minptime=10; sprop-stereo=1\r\n", 2)])
def test_opus_is_always_announced_as_stereo_and_its_parameter_tells(parameters: str, channels: int) -> None:
    text = f"m=audio 0 RTP/AVP 98\r\na=rtpmap:98 opus/48000/2\r\n{parameters}"
    track = parse_sdp(text.encode()).audio
    assert track is not None
    assert make_audio_format(track) == make_opus_format(channels)


def test_h265_sets_come_from_three_parameters() -> None:
    texts = [base64.b64encode(nal).decode().rstrip("=") for nal in H265.parameter_sets]
    fmtp = f"a=fmtp:98 sprop-vps={texts[0]}; sprop-sps={texts[1]}; sprop-pps={texts[2]};"
    description = parse_sdp(f"m=video 0 RTP/AVP 98\na=rtpmap:98 H265/90000\n{fmtp}\n".encode())
    assert description.video is not None
    assert description.video.parameter_sets == H265.parameter_sets


def test_broken_sprop_leaves_the_sets_to_come_in_band() -> None:
    data = b"m=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\na=fmtp:96 sprop-parameter-sets=%%%,,=\n"
    video = parse_sdp(data).video
    assert video is not None
    assert video.parameter_sets == ()


def test_a_start_code_before_a_set_is_taken_away() -> None:
    text = base64.b64encode(b"\x00\x00\x00\x01" + H264.parameter_sets[0]).decode()
    data = f"m=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\na=fmtp:96 sprop-parameter-sets={text}\n"
    video = parse_sdp(data.encode()).video
    assert video is not None
    assert video.parameter_sets == (H264.parameter_sets[0],)


def test_unknown_video_is_offered_but_not_chosen() -> None:
    description = parse_sdp(b"m=video 0 RTP/AVP 26\na=rtpmap:26 JPEG/90000\n")
    assert description.video is None
    assert [track.encoding for track in description.tracks] == ["JPEG"]


def test_a_backchannel_is_no_sound_of_the_camera() -> None:
    data = b"m=audio 0 RTP/AVP 0\na=sendonly\nm=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\n"
    assert parse_sdp(data).audio is None


@pytest.mark.parametrize("data", [b"", b"v=0\r\n", b"<html>", b"\xff" * 100, b"m=video\n" * 40_000])
def test_what_is_no_description_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedSdpError):
        parse_sdp(data)


@pytest.mark.parametrize("config", ["", "zz", "12", "ffff", "00" * 100])
def test_unusable_aac_is_left_out(config: str) -> None:
    data = f"m=audio 0 RTP/AVP 97\na=rtpmap:97 mpeg4-generic/44100\na=fmtp:97 mode=AAC-hbr;config={config}\n"
    audio = parse_sdp(data.encode()).audio
    assert audio is not None
    assert make_audio_format(audio) is None
