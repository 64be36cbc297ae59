"""HLS: parts that decode on their own, gaps as discontinuities with wall time, parts as a function of their address."""

import re
from dataclasses import replace
from itertools import pairwise

from tests.support.footage import FORMAT, MemoryFootage, as_run
from tests.support.media import H264, START_NS, make_packets
from vedette.core.media import StreamFormat
from vedette.core.time import NS_PER_S
from vedette.media.fmp4 import parse_fragment
from vedette.streaming.hls import cut_parts, make_part, make_playlist
from vedette.streaming.stored import unpack_fragment

S = NS_PER_S


def make_footage(*runs: tuple[int, int]) -> MemoryFootage:
    """Runs of (start second, seconds), each its own connection."""
    footage = MemoryFootage("cam")
    for number, (start_s, seconds) in enumerate(runs):
        packets = as_run(make_packets(seconds * 25), START_NS + start_s * S)
        footage.add_segment(packets, replace(FORMAT, run_id=f"run-{number}"))
    return footage


def playlist(footage: MemoryFootage, start_ns: int = START_NS) -> list[str]:
    parts = cut_parts(footage.fragments)
    formats = [footage.read_init(part.fragments[0].segment).format for part in parts]
    return make_playlist(parts, formats, "main", start_ns).splitlines()


def test_parts_begin_with_a_key_frame_and_cover_everything() -> None:
    footage = make_footage((0, 21))
    parts = cut_parts(footage.fragments)
    assert [fragment for part in parts for fragment in part.fragments] == footage.fragments
    assert all(part.fragments[0].is_key for part in parts)
    assert [part.duration_s for part in parts] == [4, 4, 4, 4, 4, 1]


def test_playlist_of_an_unbroken_run_has_one_map_and_no_discontinuity() -> None:
    lines = playlist(make_footage((0, 12)), START_NS + 1_500_000_000)
    assert lines[0] == "#EXTM3U"
    assert lines[-1] == "#EXT-X-ENDLIST"
    assert sum(line.startswith("#EXT-X-MAP") for line in lines) == 1
    assert "#EXT-X-DISCONTINUITY" not in lines
    assert "#EXT-X-START:TIME-OFFSET=1.500,PRECISE=YES" in lines
    longest = max(float(line[8:-1]) for line in lines if line.startswith("#EXTINF"))
    (target,) = [int(line.split(":")[1]) for line in lines if line.startswith("#EXT-X-TARGETDURATION")]
    assert longest <= target


def test_gap_is_a_discontinuity_and_the_wall_time_tells_it() -> None:
    lines = playlist(make_footage((0, 4), (100, 4)))
    index = lines.index("#EXT-X-DISCONTINUITY")
    assert sum(line == "#EXT-X-DISCONTINUITY" for line in lines) == 1
    times = [line for line in lines if line.startswith("#EXT-X-PROGRAM-DATE-TIME")]
    assert lines[index + 1] == times[1]
    assert re.fullmatch(r"#EXT-X-PROGRAM-DATE-TIME:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", times[1])


def test_new_picture_size_gets_its_own_map() -> None:
    footage = make_footage((0, 4))
    small = StreamFormat("small", replace(H264, width=320, height=180))
    footage.add_segment(as_run(make_packets(100), START_NS + 4 * S), small)
    lines = playlist(footage)
    maps = [line for line in lines if line.startswith("#EXT-X-MAP")]
    assert len(maps) == 2
    assert len(set(maps)) == 2
    assert lines[lines.index(maps[1]) - 1] == "#EXT-X-DISCONTINUITY"


def test_fragments_after_a_hole_wait_for_a_key_frame() -> None:
    footage = make_footage((0, 8))
    del footage.fragments[2]  # a key fragment is gone: the one after it cannot be decoded
    parts = cut_parts(footage.fragments)
    kept = [fragment.start_ns for part in parts for fragment in part.fragments]
    assert START_NS + 3 * S not in kept
    assert START_NS + 4 * S in kept


def test_parts_of_a_run_lie_end_to_end_without_knowing_each_other() -> None:
    footage = make_footage((0, 12))
    spans = []
    for part in cut_parts(footage.fragments):
        stored = [unpack_fragment(fragment, footage.read_fragment(fragment)) for fragment in part.fragments]
        track = parse_fragment(make_part(1, stored, FORMAT)).video
        spans.append((track.decode_90k, track.decode_90k + sum(track.durations_90k)))
    assert all(end == start for (_, end), (start, _) in pairwise(spans))
