"""Hazards of telling what was seen: an object is told twice or not at all, without its plate or picture, or where
nothing could tell what it is.

A car with a painted plate drives into an encoded picture; decoder, tracker, plate detector and reader in the jail are
real.
"""

from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.support.encoded import EncodedStream, encode_pictures
from tests.support.feed_server import to_packets
from tests.support.plate_scene import CLEAR, FPS, FRAMES, HEIGHT, WIDTH, drive, paint_plate
from tests.support.running_analyzer import running
from vedette.core.assignment import AnalyzerAssignment, CameraAnalysis
from vedette.core.media import StreamFormat, StreamRole
from vedette.core.messages import ObjectSeen
from vedette.core.time import NS_PER_S

START_NS = 1_750_000_000 * NS_PER_S
AMPLE_MS = 1e9


@pytest.fixture(scope="module")
def yard() -> EncodedStream:
    return encode_pictures(drive(paint_plate(CLEAR)), fps=FPS)


async def watch(folder: Path, yard: EncodedStream, recognize: tuple[str, ...]) -> tuple[list[ObjectSeen], int]:
    """What was told in all, and how many of it while the car was still there."""
    scripts = {"A/sub": (StreamFormat("run-1", yard.video), to_packets(yard.packets, START_NS))}
    camera = CameraAnalysis("A", "Gate", StreamRole.SUB, recognize=recognize, detector="motion")
    async with running(folder, scripts, AMPLE_MS) as box:
        await box.analyzer.take_assignment(AnalyzerAssignment(1, (camera,)))
        await box.until(lambda: box.camera("A").get("analysed") == FRAMES)
        before = len(box.messages(ObjectSeen))
    return box.messages(ObjectSeen), before


async def test_a_vehicle_is_told_once_with_plate_picture_and_times(tmp_path: Path, yard: EncodedStream) -> None:
    told, before = await watch(tmp_path, yard, ("plates",))
    plates = [seen for seen in told if seen.plate and seen.plate.text == CLEAR]
    assert (len(plates), before) == (1, 0), "told when it is over, and once"
    [seen] = plates
    first_ns, last_ns = START_NS + NS_PER_S, START_NS + FRAMES * NS_PER_S // FPS
    assert first_ns <= seen.from_ns <= seen.best_ns <= seen.to_ns <= last_ns
    assert seen.to_ns - seen.from_ns > 3 * NS_PER_S
    picture = cv2.imdecode(np.frombuffer((tmp_path / "pictures" / seen.picture).read_bytes(), np.uint8), 1)
    left, top, right, bottom = seen.crop_norm_xyxy
    height, width = (bottom - top) * HEIGHT, (right - left) * WIDTH
    scale = min(1.0, 320 / max(height, width))
    shown = np.array(picture.shape[:2])
    assert np.abs(shown - (height * scale, width * scale)).max() <= 2, "the part of the picture that it says"
    assert seen.vectors == ()


async def test_motion_alone_tells_nothing(tmp_path: Path, yard: EncodedStream) -> None:
    told, _ = await watch(tmp_path, yard, ())
    assert told == []
