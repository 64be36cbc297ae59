"""One fragment per frame, and no hole on the media line that would freeze a browser."""

from itertools import pairwise

from tests.support.media import AAC, H264, make_packets
from vedette.core.media import StreamFormat
from vedette.media.fmp4 import parse_fragment
from vedette.streaming.live_mux import LiveMuxer, join_fragments
from vedette.streaming.messages import HEAD_SIZE_BYTES, MediaFlag

FORMAT = StreamFormat("run", H264, AAC)


def mux(packets):
    muxer = LiveMuxer(FORMAT)
    return [muxer.push(packet, is_cached=False, sent_at_ns=1) for packet in packets]


def spans(fragments):
    parsed = [parse_fragment(fragment.body).video for fragment in fragments]
    return [(track.decode_90k, track.decode_90k + sum(track.durations_90k)) for track in parsed]


def test_steady_frames_lie_end_to_end_on_the_cameras_line() -> None:
    fragments = mux(make_packets(5, start_90k=900))
    assert spans(fragments) == [(900 + i * 3600, 900 + (i + 1) * 3600) for i in range(5)]
    assert [fragment.is_key for fragment in fragments] == [True, False, False, False, False]


def test_newest_frame_lasts_as_long_as_the_one_before() -> None:
    fragments = mux(make_packets(4, step_90k=6000))
    assert [end - start for start, end in spans(fragments)] == [3600, 6000, 6000, 6000]


def test_lost_frames_leave_no_hole_and_time_is_right_again_after() -> None:
    packets = make_packets(12)
    fragments = mux(packets[:4] + packets[9:])  # five frames are lost: 240 ms
    found = spans(fragments)
    for (_, end), (start, _) in pairwise(found):
        assert start == end
    assert found[5] == (10 * 3600, 11 * 3600)


def test_frame_rate_that_falls_is_followed() -> None:
    slow = make_packets(12, step_90k=18_000, start_90k=10 * 3600)
    found = spans(mux(make_packets(10) + slow))
    assert found[-1] == (10 * 3600 + 11 * 18_000, 10 * 3600 + 12 * 18_000)
    assert all(start >= before_end for (_, before_end), (start, _) in pairwise(found[-6:]))


def test_frames_at_the_same_instant_do_not_become_empty() -> None:
    first, second = make_packets(2)
    fragments = mux([first, second.moved(first.dts_90k - second.dts_90k)])
    assert all(end > start for start, end in spans(fragments))


def test_b_frames_keep_their_presentation_time() -> None:
    packets = make_packets(6, offsets_90k=(3600, 10800, 0))
    muxed = mux(packets)
    assert [fragment.head.media_90k for fragment in muxed] == [packet.pts_90k for packet in packets]
    assert [parse_fragment(fragment.body).video.composition_90k[0] for fragment in muxed][:3] == [3600, 10800, 0]


def test_audio_is_marked_and_lasts_its_samples() -> None:
    (packet,) = make_packets(1, is_audio=True)
    (fragment,) = mux([packet])
    assert MediaFlag.AUDIO in fragment.head.flags
    assert fragment.head.duration_90k == 1024 * 90_000 // 44_100


def test_joined_fragments_are_one_message_with_all_frames() -> None:
    fragments = mux(make_packets(5))
    joined = join_fragments(fragments, sent_at_ns=9)
    assert joined.frames == 5
    assert joined.head.duration_90k == 5 * 3600
    assert MediaFlag.CACHED | MediaFlag.KEY in joined.head.flags
    assert joined.message[HEAD_SIZE_BYTES:] == b"".join(fragment.body for fragment in fragments)
