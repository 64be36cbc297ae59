"""What one picture costs where: the engine's parts called one after another on one thread, without jail and wire."""

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

from typing_extensions import override

from vedette.core.detections import Detections
from vedette.core.time import TICKS_PER_S
from vedette.media.decode import PacketDecoder
from vedette.media.demux import Clip
from vedette.media.planes import PlanarFrame
from vedette.node.vision_warmup import load_detector
from vedette.vision.engine import PictureAnalysis
from vedette.vision.focus import WHOLE, Window
from vedette.vision.ports import Detector, Look
from vedette.vision.track.tracker import Tracker
from vedette.vision.wire import decode_boxes

_PICTURES = 300


class _TimedLook(Look):
    def __init__(self, inner: Look, spent_ns: dict[str, int]) -> None:
        self._inner = inner
        self._spent_ns = spent_ns

    @override
    def wait(self) -> Detections:
        began_ns = time.process_time_ns()
        found = self._inner.wait()
        self._spent_ns["detect"] += time.process_time_ns() - began_ns
        return found


class _TimedDetector(Detector):
    def __init__(self, inner: Detector, spent_ns: dict[str, int]) -> None:
        self._inner = inner
        self._spent_ns = spent_ns

    @property
    @override
    def release(self) -> str:
        return self._inner.release

    @property
    @override
    def windows(self) -> Sequence[tuple[float, float]]:
        return self._inner.windows

    @property
    @override
    def ahead(self) -> int:
        return self._inner.ahead

    @property
    @override
    def input_px(self) -> tuple[int, int]:
        return self._inner.input_px

    @override
    def start(self, frame: PlanarFrame, window: Window = WHOLE) -> Look:
        return self._timed(lambda: self._inner.start(frame, window))

    @override
    def start_tile(self, frame: PlanarFrame, tile: Window) -> Look:
        return self._timed(lambda: self._inner.start_tile(frame, tile))

    def _timed(self, start: Callable[[], Look]) -> Look:
        began_ns = time.process_time_ns()
        look = start()
        self._spent_ns["detect"] += time.process_time_ns() - began_ns
        return _TimedLook(look, self._spent_ns)


def measure_split(clip: Clip, models: Path, model: str) -> dict[str, float]:
    """Milliseconds of processor time a picture, mean over the clip's first 300: `decode`, `motion`, `detect`, `track`.

    `motion` is all of the analysis but the model. Processor time, because it hardly depends on what else runs.
    """
    spent_ns: dict[str, int] = defaultdict(int)
    detector = _TimedDetector(load_detector(models, model), spent_ns) if model else None
    analysis, decoder = PictureAnalysis(detector, (), gated=True), PacketDecoder(clip.format.video)
    tracker, pictures = Tracker(), 0
    for packet in clip.video[:_PICTURES]:
        began_ns = time.process_time_ns()
        frames = decoder.decode(packet.data, packet.pts_90k, is_key=packet.is_key)
        spent_ns["decode"] += time.process_time_ns() - began_ns
        for frame in frames:
            pictures += 1
            began_ns, detect_ns = time.process_time_ns(), spent_ns["detect"]
            result = analysis.analyse(frame)
            took_ns = time.process_time_ns() - began_ns
            spent_ns["motion"] += took_ns - (spent_ns["detect"] - detect_ns)
            began_ns = time.process_time_ns()
            if result.boxes is not None:
                tracker.push(decode_boxes(result.boxes), frame.pts_90k / TICKS_PER_S)
            spent_ns["track"] += time.process_time_ns() - began_ns
    return {part: spent_ns[part] / 1e6 / max(pictures, 1) for part in ("decode", "motion", "detect", "track")}
