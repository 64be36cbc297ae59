"""fMP4 written by the house is read back by the house exactly, whole or cut short."""

import os
from pathlib import Path

import pytest

from tests.support.media import AAC, H264, H265, PCMA, make_packets
from vedette.core.media import Packet, StreamFormat
from vedette.media.fmp4 import (
    FragmentExtent,
    MalformedMediaError,
    TrackFragment,
    make_fragment,
    make_init,
    parse_fragment,
    parse_init,
    scan_fragments,
    shift_fragment,
)
from vedette.media.fmp4.boxes import box
from vedette.media.opus_config import make_opus_format

WALL_NS = 1_795_000_000_123_456_789


def video_fragment(packets: list[Packet], sequence: int = 1, start_90k: int = 0) -> bytes:
    tracks = [TrackFragment(packets, packets[-1].dts_90k + 3600)]
    return b"".join(make_fragment(sequence, tracks, start_90k, WALL_NS))


@pytest.mark.parametrize("video", [H264, H265], ids=["h264", "h265"])
@pytest.mark.parametrize("audio", [None, AAC, PCMA, make_opus_format(2)], ids=["silent", "aac", "pcma", "opus"])
def test_init_gives_back_the_format(video, audio) -> None:
    stamp = box(b"uuid", b"0123456789abcdef", b"who I am")
    init = make_init(StreamFormat("run", video, audio), stamp)
    parsed = parse_init(init + b"fragments follow")
    assert parsed.format == StreamFormat("", video, audio)
    assert parsed.size_bytes == len(init)
    assert parsed.uuids == {b"0123456789abcdef": b"who I am"}


def test_every_truncation_of_an_init_is_refused() -> None:
    init = make_init(StreamFormat("run", H264, AAC))
    for length in range(len(init)):
        with pytest.raises(MalformedMediaError):
            parse_init(init[:length])


def test_fragment_keeps_sizes_times_keys_and_wall_clock() -> None:
    packets = make_packets(10, gop=5, start_90k=900_000)
    data = video_fragment(packets, sequence=7, start_90k=890_000)
    parsed = parse_fragment(data)
    assert parsed.sequence == 7
    assert parsed.wall_ns == WALL_NS
    assert parsed.size_bytes == len(data)
    track = parsed.video
    assert track is not None
    assert track.decode_90k == 10_000
    assert track.durations_90k == (3600,) * 10
    assert track.sizes_bytes == tuple(len(packet.data) for packet in packets)
    assert track.is_key == tuple(packet.is_key for packet in packets)
    assert data[track.offset :] == b"".join(packet.data for packet in packets)


def test_b_frames_keep_their_composition_offsets() -> None:
    packets = make_packets(4, gop=4, offsets_90k=(7200, 14400, 3600, -3600))
    track = parse_fragment(video_fragment(packets)).video
    assert track is not None
    assert track.composition_90k == (7200, 14400, 3600, -3600)


def test_audio_lies_behind_video_in_one_fragment() -> None:
    video, audio = make_packets(3), make_packets(5, is_audio=True, step_90k=1920)
    data = b"".join(make_fragment(1, [TrackFragment(video, 10800), TrackFragment(audio, 9600)]))
    parsed = parse_fragment(data)
    assert parsed.audio is not None
    assert parsed.audio.durations_90k == (1920,) * 5
    assert data[parsed.audio.offset :] == b"".join(packet.data for packet in audio)


def test_time_before_the_files_zero_becomes_zero() -> None:
    packets = make_packets(2, start_90k=100)
    track = parse_fragment(video_fragment(packets, start_90k=5000)).video
    assert track is not None
    assert track.decode_90k == 0


def test_shift_moves_every_track_and_the_wall_clock_line() -> None:
    video, audio = make_packets(3), make_packets(5, is_audio=True, step_90k=1920, start_90k=50)
    data = bytearray(b"".join(make_fragment(1, [TrackFragment(video, 10800), TrackFragment(audio, 9650)], 0, 1)))
    shift_fragment(data, 90_000)
    parsed = parse_fragment(data)
    assert parsed.video is not None
    assert parsed.audio is not None
    assert (parsed.video.decode_90k, parsed.audio.decode_90k) == (90_000, 90_050)
    assert int.from_bytes(data[24:32], "big") == 90_000


def test_shift_refuses_what_is_no_fragment() -> None:
    with pytest.raises(MalformedMediaError):
        shift_fragment(bytearray(box(b"free", b"")), 1)


def test_scan_finds_all_whole_fragments_of_a_file_cut_anywhere(tmp_path: Path) -> None:
    fragments = [video_fragment(make_packets(5), sequence=n) for n in range(3)]
    whole = b"".join(fragments)
    path = tmp_path / "cut.mp4"
    path.write_bytes(whole)
    descriptor = os.open(path, os.O_RDONLY)
    try:
        for end in range(len(whole) + 1):
            results = list(scan_fragments(lambda size, offset: os.pread(descriptor, size, offset), 0, end))
            found = [item.fragment.sequence for item in results if isinstance(item, FragmentExtent)]
            assert found == list(range(end // len(fragments[0])))
            is_torn = end % len(fragments[0]) != 0
            assert isinstance(results[-1], MalformedMediaError) if is_torn else len(results) == len(found)
    finally:
        os.close(descriptor)


def test_scan_reads_a_head_longer_than_its_first_read(tmp_path: Path) -> None:
    packets = make_packets(2000, gop=50)
    path = tmp_path / "long.mp4"
    path.write_bytes(video_fragment(packets))
    descriptor = os.open(path, os.O_RDONLY)
    try:
        (only,) = scan_fragments(lambda size, offset: os.pread(descriptor, size, offset), 0, path.stat().st_size)
    finally:
        os.close(descriptor)
    assert isinstance(only, FragmentExtent)
    assert only.fragment.video is not None
    assert len(only.fragment.video.sizes_bytes) == 2000


def test_damage_anywhere_in_a_head_never_escapes_as_another_error() -> None:
    data = video_fragment(make_packets(5))
    head_size = parse_fragment(data).head_size_bytes
    for position in range(head_size):
        for value in (0, 1, 0x7F, 0xFF):
            damaged = bytearray(data)
            damaged[position] = value
            try:
                parse_fragment(damaged)
                shift_fragment(damaged, 1)
            except MalformedMediaError:
                pass
