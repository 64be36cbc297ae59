from pathlib import Path

import pytest

from tests.support.clips import make_clip
from tests.support.shared import shared_file
from vedette.core.media import Codec
from vedette.media.bitstream import NalFraming, nal_type, split_access_unit
from vedette.media.demux import FileReader, UnreadableFileError, read_clip

FRAMING = NalFraming(4)


@pytest.mark.parametrize(
    ("codec", "audio", "codec_string", "sets"),
    [
        (Codec.H264, Codec.AAC, "avc1.", [7, 8]),
        (Codec.H264, Codec.PCMU, "avc1.", [7, 8]),
        (Codec.H265, Codec.PCMA, "hvc1.1.6.L", [32, 33, 34]),
    ],
)
def test_formats_of_the_codecs_we_store(
    tmp_path: Path, codec: Codec, audio: Codec, codec_string: str, sets: list[int]
) -> None:
    clip = read_clip(make_clip(tmp_path, codec, audio))
    video = clip.format.video
    assert (video.codec, video.width, video.height) == (codec, 320, 180)
    assert video.codec_string.startswith(codec_string)
    assert [nal_type(nal, codec) for nal in video.parameter_sets] == sets
    assert clip.format.audio is not None
    assert clip.format.audio.codec is audio
    assert clip.format.audio.sample_rate_hz == (16_000 if audio is Codec.AAC else 8_000)
    assert bool(clip.format.audio.config) == (audio is Codec.AAC)
    assert len(clip.video) == 50
    assert clip.duration_90k == 2 * 90_000
    assert abs(sum(1 for _ in clip.audio) * 1024 / clip.format.audio.sample_rate_hz - 2) < 0.15


def test_payload_is_lengths_without_parameter_sets(tmp_path: Path) -> None:
    clip = read_clip(make_clip(tmp_path, Codec.H265))
    kinds = {nal_type(nal, Codec.H265) for packet in clip.video for nal in split_access_unit(packet.data, FRAMING)}
    assert not kinds & {32, 33, 34, 35, 38}
    assert kinds & {19, 20}  # IDR
    assert [index for index, packet in enumerate(clip.video) if packet.is_key] == [0, 25]


def test_b_frames_keep_both_times(tmp_path: Path) -> None:
    clip = read_clip(make_clip(tmp_path, b_frames=2))
    dts = [packet.dts_90k for packet in clip.video]
    assert dts == [index * 3600 for index in range(50)]
    assert sorted(packet.pts_90k for packet in clip.video) == [7200 + index * 3600 for index in range(50)]
    assert all(packet.pts_90k >= packet.dts_90k for packet in clip.video)


def test_annex_b_in_transport_stream_gives_the_same_payload_as_mp4(tmp_path: Path) -> None:
    import av

    source = make_clip(tmp_path)
    copy = tmp_path / "copy.ts"
    with av.open(str(source)) as given, av.open(str(copy), "w") as made:
        stream = made.add_stream_from_template(given.streams.video[0])
        for packet in given.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                made.mux(packet)
    expected, got = read_clip(source), read_clip(copy)
    assert got.format.video == expected.format.video
    assert [packet.data for packet in got.video] == [packet.data for packet in expected.video]


def test_matroska_without_decoding_times_loses_no_frame() -> None:
    assert len(read_clip(shared_file("video/codec_samples/p_h265.mkv")).video) == 90


def test_raw_stream_without_any_times_gets_its_rate() -> None:
    clip = read_clip(shared_file("video/codec_samples/girlshy.h265"))
    assert len(clip.video) == 75
    assert clip.duration_90k == 75 * 3600


@pytest.mark.parametrize("content", [b"", b"GIF89a" + bytes(100), bytes(range(256)) * 40])
def test_no_media_is_an_error_that_says_what_to_give(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.mp4"
    path.write_bytes(content)
    with pytest.raises(UnreadableFileError) as caught:
        read_clip(path)
    assert "x.mp4" in caught.value.message
    assert caught.value.hint


def test_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError):
        FileReader(tmp_path / "none.mp4")


def test_codec_that_we_do_not_store_is_named() -> None:
    with pytest.raises(UnreadableFileError, match="mpeg2video"):
        read_clip(shared_file("video/codec_samples/p_mpeg2.ts"))
