"""How well sizes of encoded pictures tell when somebody is there: recall of presence, share of time recorded.

The one-by-one clip (people enter an office one after the other) is encoded as cameras do; presence is labelled by
hand (events_gt_dev.csv). A picture counts as recorded when motion with `--pre` and `--post` seconds reaches it, and
while the sizes are not trusted. `with the analyzer` runs the recorder's own gate on sizes and on the motion that the
analyzer tells (decoded at 5 pictures a second), as on a node. The static clip is one empty picture with the noise of
a camera.

`--tree` runs the mask case instead: the right half shows 20 s of the clip and then 70 s of rest, three times, while in
the left half leaves sway for 45 of every 90 s. Three ways: without zones, with the left half left out, and the same
with an analyzer that is not there. Somebody is there where the clip differs from its empty picture in the right half,
so `recall` is of what moves in the included part.

    python -m evals.motion_recording [--post 5] [--pre 2] [--tree]
"""

import argparse
import csv
import os
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from vedette.core.geometry import Polygon
from vedette.core.media import Packet
from vedette.core.messages import BusMessage, MotionObserved
from vedette.core.motion import MotionSettings, MotionZone, MotionZoneKind
from vedette.core.recording_plan import RecordingMode
from vedette.core.time import NS_PER_S
from vedette.node.analyzer_events import MotionReporter
from vedette.recording.packet_motion import PacketMotion
from vedette.recording.trigger import LATE_NS, RecordingGate, Sources
from vedette.vision.motion import MotionDetector

_CLIP = "video/people/intel_one-by-one-person-detection.mp4"
_LABELS = "video/events_gt_dev.csv"


@dataclass(frozen=True)
class Setting:
    """How a camera encodes."""

    name: str
    encoder: str
    gop: int
    options: dict[str, str]


_X264 = {"preset": "veryfast", "tune": "zerolatency"}
_CBR = {"b": "1000000", "maxrate": "1000000", "bufsize": "1000000", "x264-params": "nal-hrd=cbr"}
SETTINGS = (
    Setting("H.264 quality, GOP 2 s", "libx264", 2, {**_X264, "crf": "26"}),
    Setting("H.264 quality, GOP 10 s", "libx264", 10, {**_X264, "crf": "26"}),
    Setting("H.264 constant 1 Mbit/s", "libx264", 2, {**_X264, **_CBR}),
    Setting(
        "H.265 quality, GOP 20 s",
        "libx265",
        20,
        {"preset": "ultrafast", "crf": "28", "x265-params": "bframes=0:scenecut=0:log-level=none"},
    ),
)


def read_clip(path: Path) -> tuple[list[np.ndarray], float]:
    """Decodes to (360, 640, 3) uint8 BGR pictures, and their rate."""
    with av.open(path) as container:
        rate = float(container.streams.video[0].average_rate or 25)
        pictures = [
            frame.reformat(640, 360, "bgr24").to_ndarray() for frame in container.decode(container.streams.video[0])
        ]
    return pictures, rate


def read_presence(labels: Path, clip: str, count: int, rate: float) -> np.ndarray:
    """(count,) bool: somebody is in the picture, by the labels of the clip."""
    present = np.zeros(count, bool)
    with labels.open(newline="") as file:
        for row in csv.DictReader(file):
            if row["file"] == clip:
                present[round(float(row["start_s"]) * rate) : round(float(row["end_s"]) * rate)] = True
    return present


def encode(pictures: list[np.ndarray], rate: float, setting: Setting) -> list[Packet]:
    """Encodes; only sizes, times and key frames matter."""
    context = av.VideoCodecContext.create(setting.encoder, "w")
    context.width, context.height, context.pix_fmt = 640, 360, "yuv420p"
    context.time_base, context.framerate = Fraction(1, 90_000), Fraction(round(rate))
    context.gop_size, context.max_b_frames = round(setting.gop * rate), 0
    context.options = dict(setting.options)
    found = []
    for number, picture in enumerate(pictures):
        frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
        frame.pts, frame.time_base = round(number * 90_000 / rate), Fraction(1, 90_000)
        found += context.encode(frame)
    found += context.encode(None)
    return [
        Packet(False, p.is_keyframe, p.pts, p.pts, p.pts * NS_PER_S // 90_000, 0, 0, number, 0, bytes(p))
        for number, p in enumerate(found)
    ]


def measure(packets: list[Packet], present: np.ndarray, rate: float, pre_s: float, post_s: float) -> dict[str, float]:
    """Recall of present pictures and share recorded, over what comes after the baseline was learned."""
    motion = PacketMotion(0.5)
    count = len(packets)
    recorded, trusted = np.zeros(count, bool), np.zeros(count, bool)
    for number, packet in enumerate(packets):
        if motion.push(packet):
            start = number - round((0.5 + pre_s) * rate)
            recorded[max(0, start) : number + round(post_s * rate)] = True
        trusted[number] = motion.is_trustworthy
    learned = np.arange(count) >= round(12 * rate)
    alone = recorded & learned
    present = present[:count] & learned
    return {
        "recall_by_sizes": float(alone[present].mean()) if present.any() else 1.0,
        "recall_fail_safe": float((alone | ~trusted)[present].mean()) if present.any() else 1.0,
        "recorded_share": float((alone | ~trusted)[learned].mean()),
        "present_share": float(present[learned].mean()),
        "trusted_share": float(trusted[learned].mean()),
    }


class _Told:
    """Keeps what the analyzer would publish."""

    def __init__(self) -> None:
        self.facts: list[MotionObserved] = []

    def publish_nowait(self, message: BusMessage) -> None:
        assert isinstance(message, MotionObserved)
        self.facts.append(message)

    async def flush(self) -> None: ...


def measure_with_analyzer(
    pictures: list[np.ndarray],
    packets: list[Packet],
    present: np.ndarray,
    rate: float,
    pre_s: float,
    post_s: float,
    motion: MotionSettings | None = None,
    *,
    is_there: bool = True,
) -> dict[str, float]:
    """The recorder's gate, sizes and the analyzer's motion together, after the baseline was learned."""
    motion = motion or MotionSettings()
    sizes, seen, told = PacketMotion(motion.thresholds.packet_sensitivity), MotionDetector(motion), _Told()
    level = motion.thresholds.recorded_share
    reporter, gate = MotionReporter("cam", told, level), RecordingGate(pre_s, post_s)
    recorded, step = np.zeros(len(packets), bool), max(1, round(rate / 5))
    for number, packet in enumerate(packets):
        now_ns = packet.captured_at_ns
        if sizes.push(packet):
            gate.on_packet_motion(sizes.began_ns or now_ns, now_ns)
        if is_there and number % step == 0:
            luma = cv2.cvtColor(cv2.resize(pictures[number], (160, 90)), cv2.COLOR_BGR2GRAY)
            reporter.push(now_ns, seen.push(luma, now_ns / NS_PER_S).level)
        for fact in told.facts:
            gate.on_motion(fact.from_ns, fact.to_ns, now_ns, now_ns)
        told.facts.clear()
        verdict = gate.decide(RecordingMode.MOTION, Sources(sizes.is_trustworthy, analyzer=is_there), now_ns)
        if verdict.is_recording:
            reach_ns = now_ns - round(pre_s * NS_PER_S) - LATE_NS
            from_ns = now_ns if verdict.from_ns is None else max(verdict.from_ns, reach_ns)
            recorded[max(0, round(from_ns * rate / NS_PER_S)) : number + 1] = True
    learned = np.arange(len(packets)) >= round(12 * rate)
    present = present[: len(packets)] & learned
    return {
        "recall": float(recorded[present].mean()) if present.any() else 1.0,
        "recorded_share": float(recorded[learned].mean()),
    }


def make_static(picture: np.ndarray, count: int) -> list[np.ndarray]:
    """One picture with fresh noise of 2 grey levels each time, as a camera in good light has it."""
    random = np.random.default_rng(5)
    return [np.clip(picture + random.normal(0, 2, picture.shape), 0, 255).astype(np.uint8) for _ in range(count)]


LEFT_OUT = MotionSettings(
    zones=(MotionZone("Tree", MotionZoneKind.EXCLUDE, Polygon(((0, 0), (0.5, 0), (0.5, 1), (0, 1)))),)
)


def make_tree(pictures: list[np.ndarray], empty: np.ndarray, rate: float) -> tuple[list[np.ndarray], np.ndarray]:
    """The scene of `--tree` after 40 s of rest, and (N,) bool: somebody is to be seen in the right half."""
    half, length = empty.shape[1] // 2, round(20 * rate)
    rested = cv2.cvtColor(empty[:, half:], cv2.COLOR_BGR2GRAY).astype(np.int16)
    leaves = np.random.default_rng(5).integers(30, 200, (200, 160, 3), np.uint8)
    still = make_static(empty, round(40 * rate))
    made, there = list(still), [False] * len(still)
    for begin in range(0, 3 * length, length):
        for step in range(round(90 * rate)):
            shown, is_there = still[step % len(still)].copy(), False
            if step < length:
                shown[:, half:] = picture = pictures[begin + step][:, half:]
                changed = np.abs(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY).astype(np.int16) - rested) > 30
                is_there = bool(changed.mean() > 0.02)
            if round(10 * rate) <= step < round(55 * rate):
                left = 60 + round(40 * np.sin(step * 6 / rate))
                shown[60:260, left : left + 160] = np.roll(leaves, step * 3, axis=0)
            made.append(shown)
            there.append(is_there)
    return made, np.array(there)


def run_tree(pictures: list[np.ndarray], empty: np.ndarray, rate: float, pre_s: float, post_s: float) -> None:
    made, there = make_tree(pictures, empty, rate)
    for setting in (SETTINGS[0], SETTINGS[2]):
        packets = encode(made, rate, setting)
        for name, motion, is_there in (
            ("no zones", MotionSettings(), True),
            ("left half left out", LEFT_OUT, True),
            ("left out, no analyzer", LEFT_OUT, False),
        ):
            found = measure_with_analyzer(made, packets, there, rate, pre_s, post_s, motion, is_there=is_there)
            _print(f"tree, {setting.name}, {name}", found | {"present_share": float(there.mean())})


def main() -> None:
    shared = Path(os.environ.get("VEDETTE_SHARED", "/work/shared"))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pre", type=float, default=2.0)
    parser.add_argument("--post", type=float, default=5.0)
    parser.add_argument("--tree", action="store_true", help="the mask case alone")
    given = parser.parse_args()
    pictures, rate = read_clip(shared / _CLIP)
    present = read_presence(shared / _LABELS, _CLIP.removeprefix("video/"), len(pictures), rate)
    print(f"{len(pictures)} pictures at {rate:.1f}, somebody there in {present.mean():.0%}")
    empty = pictures[int(np.argmin(present))]
    if given.tree:
        run_tree(pictures, empty, rate, given.pre, given.post)
        return
    static = make_static(empty, round(60 * rate))
    for name, shown, there in (("one-by-one", pictures, present), ("static", static, np.zeros(len(static), bool))):
        for setting in SETTINGS:
            packets = encode(shown, rate, setting)
            _print(f"{name}, {setting.name}, sizes alone", measure(packets, there, rate, given.pre, given.post))
            both = measure_with_analyzer(shown, packets, there, rate, given.pre, given.post)
            _print(f"{name}, {setting.name}, with the analyzer", both)


def _print(name: str, found: dict[str, float]) -> None:
    print(f"{name:56}", "  ".join(f"{key} {value:.3f}" for key, value in found.items()), flush=True)


if __name__ == "__main__":
    main()
