"""A generated scene from encoder to disk: what moves in an excluded part is not kept, what moves in the rest is.

Real encoded pictures, decoded and looked at by the analyzer's engine; its facts and the packets' sizes reach the gate
that records. Time is the scene's own.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.support.encoded import EncodedStream, encode_pictures
from tests.support.feed_server import to_packets
from tests.support.media import START_NS
from tests.support.recording import Rig, seconds
from vedette.core.geometry import Polygon
from vedette.core.media import Packet
from vedette.core.messages import BusMessage, MotionObserved
from vedette.core.motion import MotionSettings, MotionZone, MotionZoneKind
from vedette.core.recording_plan import RecordingMode, RecordingPlan
from vedette.node.analyzer_events import MotionReporter
from vedette.recording.gated_recorder import GatedRecorder
from vedette.vision.engine import StreamEngine
from vedette.vision.wire import OpenStream, PacketMessage

FPS, GOP, WIDTH, HEIGHT = 10, 10, 320, 180
PRE_S, POST_S = 2, 3
TREE_S, PERSON_S, END_S = (30, 90), (70, 80), 100
TREE = MotionSettings(
    zones=(MotionZone("Tree", MotionZoneKind.EXCLUDE, Polygon(((0, 0), (0.5, 0), (0.5, 1), (0, 1)))),)
)


def draw_scene() -> Iterator[np.ndarray]:
    """Noise; a tree that sways in the left half; and while it does, for a while a person walks in the right one."""
    leaves = np.random.default_rng(1).integers(30, 220, (100, 80, 1), np.uint8)
    for step in range(END_S * FPS):
        picture = np.random.default_rng(step).integers(60, 66, (HEIGHT, WIDTH, 3), np.uint8)
        if TREE_S[0] <= step / FPS < TREE_S[1]:
            left = round(40 + 20 * np.sin(step * 0.9))
            picture[20:120, left : left + 80] = np.roll(leaves, step * 7, axis=0)
        if PERSON_S[0] <= step / FPS < PERSON_S[1]:
            top = 20 + (step * 4) % 100
            picture[top : top + 50, 230:255] = 200
        yield picture


@pytest.fixture(scope="module")
def scene() -> EncodedStream:
    return encode_pictures(draw_scene(), fps=FPS, gop=GOP)


class _Told:
    """What the analyzer publishes."""

    def __init__(self) -> None:
        self.facts: list[MotionObserved] = []

    def publish_nowait(self, message: BusMessage) -> None:
        assert isinstance(message, MotionObserved)
        self.facts.append(message)

    async def flush(self) -> None: ...


class _Analyzer:
    """Decodes and looks, as the jailed worker does, and tells spans, as the analyzer does."""

    def __init__(self, scene: EncodedStream, motion: MotionSettings) -> None:
        video = scene.video
        sets = list(video.parameter_sets)
        setup = OpenStream(1, video.codec, video.width, video.height, sets, "motion", [], FPS, motion)
        self._engine = StreamEngine(setup, None)
        self._told = _Told()
        self._reporter = MotionReporter("cam", self._told, motion.thresholds.recorded_share)

    def look(self, packet: Packet) -> list[MotionObserved]:
        reply = self._engine.push(PacketMessage(1, packet.pts_90k, packet.data, packet.is_key))
        for result in reply.results:
            self._reporter.push(START_NS + result.pts_90k * 100_000 // 9, result.motion)
        told, self._told.facts = self._told.facts, []
        return told


def record(folder: Path, scene: EncodedStream, motion: MotionSettings, *, analyzer_until_s: int) -> np.ndarray:
    """(END_S,) bool: which whole seconds of the scene are on disk."""
    rig = Rig(folder)
    plan = RecordingPlan(mode=RecordingMode.MOTION, pre_s=PRE_S, post_s=POST_S)
    gate = GatedRecorder(rig.recorder(), plan, START_NS, 0, motion)
    analyzer = _Analyzer(scene, motion)
    for number, packet in enumerate(to_packets(scene.packets, START_NS)):
        second = number // FPS
        if number % FPS == 0:
            # The recorder misses a dead analyzer after ten seconds and a little.
            gate.tick(START_NS + seconds(second), seconds(second), has_analyzer=second < analyzer_until_s + 12)
        gate.write(packet)
        if second < analyzer_until_s:
            for fact in analyzer.look(packet):
                gate.on_motion(fact.from_ns, fact.to_ns, packet.captured_at_ns)
    gate.close()
    rig.store.commit()
    kept = np.zeros(END_S * FPS, bool)
    for job in rig.sink.jobs:
        first, last = ((at_ns - START_NS) * FPS // seconds(1) for at_ns in (job.entry.start_ns, job.entry.end_ns))
        kept[first:last] = True
    return kept.reshape(END_S, FPS).all(axis=1)


def test_tree_in_an_excluded_part_is_refuted_and_a_person_beside_it_is_kept_from_the_beginning(
    tmp_path: Path, scene: EncodedStream
) -> None:
    kept = record(tmp_path / "v", scene, TREE, analyzer_until_s=END_S)
    tree_s = int(kept[TREE_S[0] - PRE_S : PERSON_S[0] - PRE_S - 1].sum())
    assert 0 < tree_s <= 10 + PRE_S + 2, "the provisional opening, and no more"
    assert not kept[TREE_S[0] + 12 : PERSON_S[0] - PRE_S - 1].any()
    assert kept[PERSON_S[0] - PRE_S : PERSON_S[1] + POST_S - 1].all()
    assert not kept[PERSON_S[1] + POST_S + 4 :].any()


def test_without_zones_the_same_scene_is_kept_for_the_tree_too(tmp_path: Path, scene: EncodedStream) -> None:
    kept = record(tmp_path / "v", scene, MotionSettings(), analyzer_until_s=END_S)
    assert kept[TREE_S[0] - 1 : TREE_S[1] + POST_S - 1].all()
    assert kept[PERSON_S[0] - PRE_S : PERSON_S[1] + POST_S - 1].all()


@pytest.mark.parametrize("died_s", [0, 40, PERSON_S[0] - 1, PERSON_S[0] + 2])
def test_person_is_kept_whenever_the_analyzer_dies(tmp_path: Path, scene: EncodedStream, died_s: int) -> None:
    kept = record(tmp_path / "v", scene, TREE, analyzer_until_s=died_s)
    assert kept[PERSON_S[0] : PERSON_S[1]].all()
