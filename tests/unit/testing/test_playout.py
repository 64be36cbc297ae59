from fractions import Fraction

import pytest

from tests.support.media import H264
from vedette.core.media import AudioFormat, Codec, StreamFormat
from vedette.core.time import NS_PER_S, TICKS_PER_S
from vedette.testing.playout import AudioPlayout, CameraTime, VideoPlayout
from vedette.testing.rtp import WireUnit
from vedette.testing.source import SimSource, SourceAudio, SourceFrame

STEP = 3600


def make_source(frames: int = 10, gop: int = 5, reorder_90k: int = 0, name: str = "clip") -> SimSource:
    shown = tuple(
        SourceFrame(index * STEP, index * STEP + reorder_90k, index % gop == 0, WireUnit(b"%d" % index, (0,)))
        for index in range(frames)
    )
    return SimSource(name, StreamFormat("file", H264), shown, frames * STEP, None)


def contents(playout: VideoPlayout, first: int, count: int) -> list[int]:
    return [int(playout.frame(number).unit.blob) for number in range(first, first + count)]


def test_time_and_numbers_run_on_over_the_seam_of_the_loop() -> None:
    playout = VideoPlayout(make_source())
    frames = [playout.frame(number) for number in range(8, 23)]
    assert [frame.number for frame in frames] == list(range(8, 23))
    assert [frame.dts_90k for frame in frames] == [number * STEP for number in range(8, 23)]
    assert contents(playout, 8, 4) == [8, 9, 0, 1]


@pytest.mark.parametrize(("media_90k", "number"), [(0, 0), (1, 1), (STEP, 1), (10 * STEP, 10), (10 * STEP - 1, 10)])
def test_first_frame_at_a_moment(media_90k: int, number: int) -> None:
    assert VideoPlayout(make_source()).first_at(media_90k) == number


def test_reordered_frames_keep_their_distance_between_both_times() -> None:
    frame = VideoPlayout(make_source(reorder_90k=7200)).frame(25)
    assert frame.pts_90k - frame.dts_90k == 7200


def test_next_key_is_the_frame_itself_when_it_is_one() -> None:
    playout = VideoPlayout(make_source())
    assert playout.next_key(10) == 10
    assert playout.next_key(11) == 15


def test_frozen_picture_is_the_last_key_frame_and_time_runs_on() -> None:
    playout = VideoPlayout(make_source()).frozen_at(18)
    assert contents(playout, 16, 6) == [6, 7, 5, 5, 5, 5]
    assert playout.frame(40).dts_90k == 40 * STEP
    assert contents(playout.resumed(), 18, 2) == [8, 9]


def test_replay_repeats_the_past_from_a_key_frame() -> None:
    playout = VideoPlayout(make_source()).replayed_from(9, window_s=4 * STEP / TICKS_PER_S)
    assert contents(playout, 9, 9) == [5, 6, 7, 8, 5, 6, 7, 8, 5]


def test_replay_over_the_seam_of_the_loop() -> None:
    playout = VideoPlayout(make_source()).replayed_from(12, window_s=4 * STEP / TICKS_PER_S)
    assert contents(playout, 12, 8) == [5, 6, 7, 8, 9, 0, 1, 5]


def test_switch_of_the_clip_leaves_no_hole() -> None:
    playout = VideoPlayout(make_source()).switched(make_source(frames=4), 13)
    assert playout.frame(13).dts_90k == 13 * STEP
    assert contents(playout, 13, 5) == [0, 1, 2, 3, 0]
    assert playout.first_at(15 * STEP) == 15


def test_audio_time_is_exact_for_rates_that_do_not_divide() -> None:
    audio = AudioFormat(Codec.AAC, 44_100, 1, b"", "mp4a.40.2")
    units = tuple(WireUnit(b"%d" % index, (0,)) for index in range(43))
    playout = AudioPlayout(SourceAudio(audio, units, 1024), loop_90k=TICKS_PER_S)
    assert [playout.due_90k(number) for number in (0, 1, 44_100)] == [0, 2089, 1024 * TICKS_PER_S]
    for number in (0, 1, 17, 1000):
        assert playout.first_at(playout.due_90k(number) + 1) == number + 1
    # The sound belongs to the place in the video loop, to within one packet, after any number of loops.
    number = playout.first_at(1000 * TICKS_PER_S)
    assert int(playout.unit(number).blob) in {0, 1}


def test_audio_shorter_than_the_video_repeats() -> None:
    audio = AudioFormat(Codec.PCMA, 8000, 1, b"", "alaw")
    playout = AudioPlayout(SourceAudio(audio, (WireUnit(b"0", (0,)), WireUnit(b"1", (0,))), 160), TICKS_PER_S)
    assert [int(playout.unit(number).blob) for number in range(5)] == [0, 1, 0, 1, 0]


def test_drift_changes_the_rate_but_not_the_present() -> None:
    time = CameraTime(0, 0)
    time.set_drift(1000.0, 10 * NS_PER_S)
    assert time.media_90k(10 * NS_PER_S) == 10 * TICKS_PER_S
    assert time.media_90k(1010 * NS_PER_S) == 1011 * TICKS_PER_S
    time.set_drift(-1000.0, 1010 * NS_PER_S)
    assert time.media_90k(2010 * NS_PER_S) == 2010 * TICKS_PER_S


@pytest.mark.parametrize("ppm", [0.0, 37.0, -250.0])
def test_frame_is_due_when_its_time_has_come_not_before(ppm: float) -> None:
    time = CameraTime(123, 0)
    time.set_drift(ppm, 123)
    for media_90k in (0, 1, 3600, 10**7, 10**10):
        mono_ns = time.mono_ns_at(media_90k)
        assert time.media_90k(mono_ns) >= media_90k
        assert time.media_90k(mono_ns - 20_000) < media_90k


def test_wall_clock_of_the_camera_runs_on_its_own_oscillator() -> None:
    time = CameraTime(0, 5 * NS_PER_S)
    time.utc_offset_ns = -NS_PER_S
    assert time.camera_utc_ns(2 * TICKS_PER_S) == 6 * NS_PER_S
    assert Fraction(time.camera_utc_ns(TICKS_PER_S) - time.camera_utc_ns(0), NS_PER_S) == 1
