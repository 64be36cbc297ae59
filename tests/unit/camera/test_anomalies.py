"""What is told of a stream's packets, and what is not: thresholds, hysteresis, delay against a stepped clock."""

from dataclasses import replace

from vedette.camera.anomalies import AnomalyWatch, StreamReading
from vedette.camera.counters import CameraReport
from vedette.core.media import Codec, VideoFormat
from vedette.core.time import NS_PER_S, TICKS_PER_S

START_NS = 1_000 * NS_PER_S
UTC_NS = 1_767_225_600 * NS_PER_S
VIDEO = VideoFormat(Codec.H264, 1920, 1080, (), "avc1.640028")


class Stream:
    """A camera and its path, told second by second; every property can be changed on the way."""

    def __init__(self, *, reports: bool = True) -> None:
        self.watch = AnomalyWatch()
        self.second = 0
        self.packets = self.lost = 0
        self.loss_per_s = 0
        self.delay_s = self.offset_s = self.jump_s = self.ppm = 0.0
        self.video = VIDEO
        self.fps = 25.0
        self.connection = 1
        self.reports = reports
        self._sent_s = 0.0
        self._arrived_ns = 0
        self._report: CameraReport | None = None

    def run(self, seconds: int) -> list[tuple[int, str]]:
        """Returns what was told: (seconds since this call, kind)."""
        told = []
        for passed in range(1, seconds + 1):
            self.second += 1
            told += [(passed, anomaly.kind) for anomaly in self.watch.push(self._read())]
        return told

    def _read(self) -> StreamReading:
        mono_ns = START_NS + self.second * NS_PER_S
        self.packets += 100 - self.loss_per_s
        self.lost += self.loss_per_s
        sent_s = self.second - self.delay_s
        if sent_s > self._sent_s:  # while the path grows longer nothing arrives
            self._sent_s, self._arrived_ns = sent_s, mono_ns
            if self.reports and self.second % 5 == 0:
                utc_ns = UTC_NS + round((sent_s + self.offset_s) * NS_PER_S)
                self._report = CameraReport(utc_ns, UTC_NS + self.second * NS_PER_S, mono_ns)
        rtp_s = self._sent_s * (1 + self.ppm / 1e6) + self.jump_s
        return StreamReading(
            mono_ns,
            self.packets,
            self.lost,
            self.connection,
            round(rtp_s * TICKS_PER_S),
            self._arrived_ns,
            self._report,
            self.video,
            self.fps,
        )


def test_a_healthy_stream_tells_nothing() -> None:
    assert Stream().run(600) == []


def test_loss_is_told_once_and_its_end_once() -> None:
    stream = Stream()
    stream.run(20)
    stream.loss_per_s = 3
    assert [kind for _, kind in stream.run(60)] == ["packet_loss"]
    stream.loss_per_s = 0
    assert [kind for _, kind in stream.run(60)] == ["-packet_loss"]


def test_loss_that_swings_around_the_limit_is_told_once() -> None:
    stream = Stream()
    told = []
    for second in range(120):
        stream.loss_per_s = 2 if second % 10 < 6 else 0
        told += stream.run(1)
    assert [kind for _, kind in told] == ["packet_loss"]


def test_one_lost_packet_of_a_quiet_stream_is_no_loss_of_one_percent() -> None:
    stream = Stream()
    stream.run(3)
    stream.loss_per_s = 1
    stream.run(1)
    stream.loss_per_s = 0
    assert stream.run(20) == []


def test_added_delay_is_told_within_ten_seconds_with_and_without_reports() -> None:
    for reports in (True, False):
        stream = Stream(reports=reports)
        stream.run(40)
        stream.delay_s = 5.0
        told = stream.run(30)
        assert [kind for _, kind in told] == ["delay"]
        assert told[0][0] <= 10
        stream.delay_s = 0.0
        assert [kind for _, kind in stream.run(30)] == ["-delay"]


def test_a_short_stall_that_catches_up_is_no_delay() -> None:
    stream = Stream()
    stream.run(40)
    stream.delay_s = 4.0
    stream.run(4)
    stream.delay_s = 0.0
    assert stream.run(30) == []


def test_a_stepped_camera_clock_is_a_step_and_an_offset_but_no_delay() -> None:
    stream = Stream()
    stream.run(40)
    stream.offset_s = -30.0
    assert [kind for _, kind in stream.run(60)] == ["clock_step", "clock_offset"]
    stream.offset_s = 0.0
    assert [kind for _, kind in stream.run(60)] == ["clock_step", "-clock_offset"]


def test_an_offset_from_the_start_is_told_without_a_step() -> None:
    stream = Stream()
    stream.offset_s = 3.0
    assert [kind for _, kind in stream.run(60)] == ["clock_offset"]


def test_an_offset_below_two_seconds_is_not_told() -> None:
    stream = Stream()
    stream.offset_s = 1.9
    assert stream.run(60) == []


def test_rtp_time_that_jumps_is_a_step_either_way() -> None:
    for jump_s in (3600.0, -3600.0):
        stream = Stream(reports=False)
        stream.run(40)
        stream.jump_s = jump_s
        assert [kind for _, kind in stream.run(40)] == ["clock_step"]


def test_drift_above_200_ppm_is_told_in_minutes_and_below_never() -> None:
    for ppm, expected in ((300.0, ["clock_drift"]), (-300.0, ["clock_drift"]), (150.0, [])):
        stream = Stream()
        stream.ppm = ppm
        assert [kind for _, kind in stream.run(300)] == expected


def test_a_new_connection_compares_nothing_with_the_old_rtp_times() -> None:
    stream = Stream(reports=False)
    stream.run(40)
    stream.connection, stream.jump_s = 2, -7200.0
    assert stream.run(40) == []


def test_other_codec_or_size_is_told_with_old_and_new_value() -> None:
    stream = Stream()
    stream.run(5)
    stream.video = replace(VIDEO, width=640, height=360)
    (anomaly,) = stream.watch.push(stream._read())
    assert (anomaly.kind, anomaly.detail) == ("format_changed", "video changed from h264 1920x1080 to h264 640x360")


def test_a_lasting_other_frame_rate_is_told_a_dip_is_not() -> None:
    stream = Stream()
    stream.run(30)
    stream.fps = 8.0
    stream.run(5)
    stream.fps = 25.0
    assert stream.run(20) == []
    stream.fps = 12.5
    assert [kind for _, kind in stream.run(30)] == ["format_changed"]
