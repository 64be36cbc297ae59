"""The promises of the time mapping, for any camera and any network."""

from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from vedette.camera.time_mapping import (
    AudioTimeline,
    DecodingOrder,
    MappedTime,
    RtpUnwrapper,
    SenderReport,
    VideoTimeline,
)

S = 1_000_000_000
START_NS = 1_795_000_000 * S
FRAME_90K = 3600
FRAME_NS = 40_000_000


def run(
    arrivals: list[tuple[int, int, int, bool]], timeline: VideoTimeline | None = None
) -> list[tuple[MappedTime, int]]:
    """Maps (rtp, received_ns, mono_ns, is_key)."""
    used = timeline or VideoTimeline()
    return [(used.map(rtp & 0xFFFFFFFF, at, mono, is_key=key), at) for rtp, at, mono, key in arrivals]


def steady(count: int, rtp: int = 0, ppm: int = 0, gop: int = 50, delays: tuple[int, ...] = (0,)) -> list:
    """A camera of 25 pictures a second whose clock runs `ppm` fast, with network delays in ns."""
    items = []
    for index in range(count):
        at = index * FRAME_NS + delays[index % len(delays)]
        items.append(
            (rtp + index * FRAME_90K * (1_000_000 + ppm) // 1_000_000, START_NS + at, S + at, index % gop == 0)
        )
    return items


frames = st.lists(
    st.tuples(
        st.one_of(st.integers(-90_000 * 4, 90_000 * 4), st.integers(-(2**31), 2**31), st.just(3600)),
        st.integers(0, 3 * S),
        st.one_of(st.just(0), st.integers(-5 * S, 5 * S)),
        st.booleans(),
    ),
    min_size=1,
    max_size=120,
)


@settings(max_examples=300)
@given(frames)
@example([(3600, 0, 0, True), (-100_000, 0, 0, False), (3600, 2 * S, 0, False), (3600, 0, -900_000_000, False)])
def test_captured_never_decreases_within_a_run_and_never_strays_a_second(steps: list) -> None:
    timeline = VideoTimeline()
    rtp, mono, offset, stepped = 0, S, START_NS, 0
    last: MappedTime | None = None
    for rtp_step, passed_ns, clock_step_ns, is_key in steps:
        rtp, mono, offset = rtp + rtp_step, mono + passed_ns, offset + clock_step_ns
        stepped += abs(clock_step_ns)
        received = offset + mono
        at = timeline.map(rtp & 0xFFFFFFFF, received, mono, is_key=is_key)
        if at.starts_run:
            assert is_key or last is None
            assert at.pts_90k == 0
            assert at.captured_at_ns == received
            stepped = 0
        else:
            assert last is not None
            assert at.captured_at_ns >= last.captured_at_ns
            assert abs(at.captured_at_ns - received) <= S + stepped
        last = at


def test_the_spacing_of_the_camera_survives_network_jitter() -> None:
    delays = (5_000_000, 90_000_000, 20_000_000, 60_000_000, 1_000_000)
    mapped = [at for at, _ in run(steady(500, delays=delays))]
    spacing = [b.captured_at_ns - a.captured_at_ns for a, b in pairwise(mapped[50:])]
    assert max(abs(step - FRAME_NS) for step in spacing) < 200_000
    assert not any(at.starts_run for at in mapped[1:])


def test_the_least_delayed_packet_sets_the_line() -> None:
    mapped = run(steady(300, delays=(300_000_000, 250_000_000, 2_000_000, 280_000_000)))
    at, received = mapped[-1]
    assert abs(at.captured_at_ns - (START_NS + 299 * FRAME_NS)) < 5_000_000
    assert received - at.captured_at_ns > 200_000_000


@pytest.mark.parametrize("ppm", [-400, -50, 50, 400])
def test_a_drifting_camera_is_followed_without_a_new_run(ppm: int) -> None:
    mapped = run(steady(25 * 3600, ppm=ppm, delays=(1_000_000, 15_000_000)))
    assert not any(at.starts_run for at, _ in mapped[1:])
    at, received = mapped[-1]
    assert abs(received - at.captured_at_ns) < 50_000_000


def test_a_burst_after_a_network_stall_keeps_the_cameras_own_spacing() -> None:
    items = steady(250)
    for index in range(100, 140):  # nothing for 1.6 s, then everything at once
        rtp, _, _, key = items[index]
        items[index] = (rtp, START_NS + 140 * FRAME_NS, S + 140 * FRAME_NS, key)
    mapped = [at for at, _ in run(items)]
    assert not any(at.starts_run for at in mapped[1:])
    assert mapped[130].captured_at_ns - mapped[120].captured_at_ns == pytest.approx(10 * FRAME_NS, abs=1_000_000)


@pytest.mark.parametrize("jump_90k", [90_000 * 3600, -90_000 * 3600, 90_000 * 2, -90_000 * 2])
def test_a_jump_starts_a_new_run_at_the_next_key_frame_and_loses_no_time(jump_90k: int) -> None:
    items = steady(200)
    items = items[:120] + [(rtp + jump_90k, at, mono, key) for rtp, at, mono, key in items[120:]]
    mapped = [at for at, _ in run(items)]
    assert [index for index, at in enumerate(mapped) if at.starts_run] == [0, 150]
    for before, after in pairwise(mapped[100:150]):
        assert 0 < after.pts_90k - before.pts_90k < 2 * FRAME_90K


def test_a_jump_on_a_key_frame_starts_the_run_there() -> None:
    items = steady(200)
    items = items[:150] + [(rtp + 90_000 * 60, at, mono, key) for rtp, at, mono, key in items[150:]]
    assert [index for index, (at, _) in enumerate(run(items)) if at.starts_run] == [0, 150]


@pytest.mark.parametrize("step_s", [-3600, 3600, -2, 2])
def test_a_step_of_our_own_clock_starts_a_new_run_at_the_next_key_frame(step_s: int) -> None:
    items = steady(200)
    items = items[:120] + [(rtp, at + step_s * S, mono, key) for rtp, at, mono, key in items[120:]]
    mapped = run(items)
    assert [index for index, (at, _) in enumerate(mapped) if at.starts_run] == [0, 150]
    for (before, _), (after, _) in pairwise(mapped[100:150]):  # decodable, and on the wall clock of before
        assert after.pts_90k - before.pts_90k == FRAME_90K
        assert after.captured_at_ns - before.captured_at_ns == pytest.approx(FRAME_NS, abs=1_000_000)
    at, received = mapped[150]
    assert at.captured_at_ns == received


def test_a_clock_that_goes_back_bit_by_bit_loses_no_picture() -> None:
    back_ns = 0
    items = []
    for index, (rtp, at, mono, key) in enumerate(steady(400)):
        back_ns += 900_000_000 if index % 10 == 5 else 0
        items.append((rtp, at - back_ns, mono, key))
    mapped = [at for at, _ in run(items)]
    assert all(items[index][3] for index, at in enumerate(mapped) if at.starts_run)


def test_rtp_wraps_without_a_trace() -> None:
    mapped = [at for at, _ in run(steady(200, rtp=2**32 - 100 * FRAME_90K))]
    assert [at.pts_90k for at in mapped] == [index * FRAME_90K for index in range(200)]


def test_unwrapper_counts_over_many_wraps() -> None:
    unwrapper = RtpUnwrapper()
    values = [unwrapper.unwrap(index * 2**30 & 0xFFFFFFFF) for index in range(20)]
    assert values == [index * 2**30 for index in range(20)]


def test_camera_clock_comes_from_the_sender_report() -> None:
    timeline = VideoTimeline()
    run(steady(10), timeline)
    timeline.report(SenderReport(utc_ns=1_000 * S, rtp=9 * FRAME_90K))
    at = timeline.map(10 * FRAME_90K, START_NS + 10 * FRAME_NS, S + 10 * FRAME_NS, is_key=False)
    assert at.camera_utc_ns == 1_000 * S + FRAME_NS


def test_audio_is_laid_onto_the_video_by_sender_reports() -> None:
    video = VideoTimeline()
    audio = AudioTimeline(8000, video)
    run(steady(50, rtp=12345), video)
    assert audio.map(777, START_NS + 50 * FRAME_NS + 300_000_000) is not None  # by arrival: 300 ms late
    audio.restart()
    video.report(SenderReport(500 * S, 12345))
    audio.report(SenderReport(500 * S, 777))
    at = audio.map(777 + 8000, START_NS + S + 300_000_000)
    assert at is not None
    assert at.pts_90k == 90_000


def test_audio_waits_for_video() -> None:
    assert AudioTimeline(8000, VideoTimeline()).map(0, START_NS) is None


@settings(max_examples=150)
@given(st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(0, S)), min_size=1, max_size=60))
def test_audio_never_decreases_whatever_its_timestamps(steps: list) -> None:
    video = VideoTimeline()
    video.map(0, START_NS, S, is_key=True)
    audio = AudioTimeline(48_000, video)
    received, last = START_NS, None
    for rtp, passed in steps:
        received += passed
        at = audio.map(rtp, received)
        if at is None:
            continue
        assert abs(at.captured_at_ns - received) <= S
        if last is not None:
            assert at.pts_90k >= last.pts_90k
            assert at.captured_at_ns >= last.captured_at_ns
        last = at


def test_decoding_times_without_reordering_are_the_presentation_times() -> None:
    order = DecodingOrder(0)
    assert [order.dts(pts) for pts in (0, 3600, 7200)] == [0, 3600, 7200]


@pytest.mark.parametrize(
    ("depth", "pts"),
    [
        (1, [0, 2, 1, 4, 3, 6, 5, 8, 7]),
        (2, [0, 4, 2, 1, 3, 8, 6, 5, 7, 12, 10, 9, 11]),
        (0, [0, 4, 2, 1, 3, 8, 6, 5, 7, 12, 10, 9, 11, 16, 14, 13, 15]),  # a camera that does not say
    ],
)
def test_decoding_times_of_b_frames_grow_and_stay_before_presentation(depth: int, pts: list[int]) -> None:
    order = DecodingOrder(depth, fps=25.0)
    times = [order.dts(number * FRAME_90K) for number in pts]
    assert times == sorted(times)
    settled = 0 if depth else 6
    assert all(dts <= number * FRAME_90K for dts, number in list(zip(times, pts, strict=True))[settled:])
    if depth:
        assert times == [(index - depth) * FRAME_90K for index in range(len(pts))]
