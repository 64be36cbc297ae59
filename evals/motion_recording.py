"""How well sizes of encoded pictures tell when somebody is there: recall of presence, share of time recorded.

The one-by-one clip (people enter an office one after the other) is encoded as cameras do; presence is labelled by
hand (events_gt_dev.csv). A picture counts as recorded when motion with `--pre` and `--post` seconds reaches it, and
while the sizes are not trusted.

    python -m evals.motion_recording [--post 5] [--pre 2]
"""

import argparse
import csv
import os
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from vedette.core.media import Packet
from vedette.core.time import NS_PER_S
from vedette.recording.packet_motion import PacketMotion

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


def main() -> None:
    shared = Path(os.environ.get("VEDETTE_SHARED", "/work/shared"))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pre", type=float, default=2.0)
    parser.add_argument("--post", type=float, default=5.0)
    given = parser.parse_args()
    pictures, rate = read_clip(shared / _CLIP)
    present = read_presence(shared / _LABELS, _CLIP.removeprefix("video/"), len(pictures), rate)
    print(f"{len(pictures)} pictures at {rate:.1f}, somebody there in {present.mean():.0%}")
    for setting in SETTINGS:
        found = measure(encode(pictures, rate, setting), present, rate, given.pre, given.post)
        print(f"{setting.name:28}", "  ".join(f"{name} {value:.3f}" for name, value in found.items()))


if __name__ == "__main__":
    main()
