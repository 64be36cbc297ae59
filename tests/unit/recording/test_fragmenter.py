"""What makes one fragment."""

from itertools import pairwise

from tests.support.media import make_packets
from vedette.core.time import TICKS_PER_S
from vedette.recording.fragmenter import Fragmenter


def collect(packets, fragmenter=None):
    fragmenter = fragmenter or Fragmenter()
    done = []
    for packet in packets:
        push = fragmenter.push_audio if packet.is_audio else fragmenter.push_video
        if (fragment := push(packet)) is not None:
            done.append(fragment)
    return done, fragmenter


def test_nothing_gives_nothing() -> None:
    assert Fragmenter().flush() is None


def test_a_long_gop_is_cut_every_second() -> None:
    done, _ = collect(make_packets(101, gop=100))
    assert [len(fragment.video) for fragment in done] == [25, 25, 25, 25]
    assert [fragment.video[0].is_key for fragment in done] == [True, False, False, False]


def test_a_short_gop_is_one_fragment() -> None:
    done, _ = collect(make_packets(31, gop=10))
    assert [len(fragment.video) for fragment in done] == [10, 10, 10]


def test_a_fragment_ends_where_the_next_begins() -> None:
    done, _ = collect(make_packets(60, gop=25))
    assert done[0].video_end_90k == done[1].video[0].dts_90k


def test_a_hole_is_not_hidden_in_the_last_pictures_duration() -> None:
    before, after = make_packets(5, gop=100), make_packets(5, gop=100, start_90k=10 * TICKS_PER_S)
    done, _ = collect(before + after)
    assert done[0].video_end_90k == 5 * 3600


def test_a_slow_camera_has_no_holes() -> None:
    done, _ = collect(make_packets(10, gop=2, step_90k=2 * TICKS_PER_S))
    assert all(one.video_end_90k == two.video[0].dts_90k for one, two in pairwise(done))


def test_sound_stays_with_its_pictures() -> None:
    video = make_packets(51, gop=25)
    audio = make_packets(100, is_audio=True, step_90k=1920)
    done, fragmenter = collect(sorted(video + audio, key=lambda packet: packet.dts_90k))
    for fragment in done:
        assert all(packet.dts_90k < fragment.video_end_90k for packet in fragment.audio)
    rest = fragmenter.flush()
    assert rest is not None
    assert sum(len(fragment.audio) for fragment in [*done, rest]) == 100


def test_sound_without_pictures_is_not_kept_for_ever() -> None:
    done, _ = collect(make_packets(200, is_audio=True, step_90k=1920))
    assert [len(fragment.audio) for fragment in done] == [47, 47, 47, 47]
    assert all(not fragment.video for fragment in done)


def test_flush_gives_the_last_picture_its_usual_length() -> None:
    _, fragmenter = collect(make_packets(5, gop=100))
    rest = fragmenter.flush()
    assert rest is not None
    assert rest.video_end_90k == 5 * 3600
    assert fragmenter.oldest_received_ns is None


def test_a_huge_second_is_cut_by_size() -> None:
    done, _ = collect(make_packets(20, gop=100, size_bytes=1 << 20))
    assert max(sum(len(packet.data) for packet in fragment.video) for fragment in done) <= 8 << 20
