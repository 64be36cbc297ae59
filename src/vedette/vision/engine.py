"""Analyses the pictures of one stream: motion, and the model where it is worth it. Runs inside the jail."""

import time
from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vedette.core.detections import CLASS_NAMES, Detections, no_detections
from vedette.core.motion import MotionSettings
from vedette.core.time import TICKS_PER_S
from vedette.media.decode import PacketDecoder
from vedette.media.planes import PlanarFrame
from vedette.vision.focus import WHOLE, Focus, FocusPolicy, Window
from vedette.vision.motion import Motion, MotionDetector
from vedette.vision.naming import name_things
from vedette.vision.picture import Image, to_luma
from vedette.vision.ports import Detector, Look
from vedette.vision.regions import keep_looked_at
from vedette.vision.sampling import FrameSampler, InferenceGate
from vedette.vision.tiles import TilePolicy, TileSearch
from vedette.vision.wire import MAX_RESULTS, FrameResult, OpenStream, PacketMessage, PacketReply, encode_boxes

MOTION_WIDTH_PX = 160
_SURE = 0.35
"""Confidence from which a detection keeps the model awake; the noise below it would do so for ever."""
_KEPT_KEY_FRAMES = 2
_MEDIAN_OF = 120
"""Pictures at least, of those there are, whose median is the first background."""
KEPT_FRAMES = 6
"""Analysed pictures kept for snapshots: the parent asks within a frame or two."""


@dataclass(frozen=True, slots=True)
class _UnderWay:
    """One picture whose look was begun. `look`: None: the model was not asked, or nothing changed (`window` None)."""

    frame: PlanarFrame
    motion: Motion
    is_wanted: bool
    window: Window | None
    look: Look | None
    class_ids: list[int]


class PictureAnalysis:
    """Finds what is in pictures given in order. Shared by live streams and files.

    `analyse` takes one picture after the other. `begin` and `finish` do the same in two steps, so that up to `ahead`
    pictures are with the model while the next is decoded; where to look is then planned from what was found in the
    pictures finished by then, which depends on nothing but the order of the calls.

    Args:
        detector: The model, or None for motion alone.
        classes: Names to keep, empty: all.
        gated: Ask the model only when something moves (anywhere: rules do not follow motion zones) or was seen lately.
        motion: Where analysis looks, and where and how much motion counts.
        focus: When a part of the picture is enough.
        tiles: Which tiles are looked at besides.
    """

    def __init__(
        self,
        detector: Detector | None,
        classes: Sequence[str],
        *,
        gated: bool,
        motion: MotionSettings | None = None,
        focus: FocusPolicy | None = None,
        tiles: TilePolicy | None = None,
    ) -> None:
        self._detector = detector
        self._settings = motion or MotionSettings()
        self._names = detector is not None and detector.needs_motion
        self._motion = MotionDetector(self._settings, finds_objects=detector is None or self._names)
        self._gate = InferenceGate() if gated else None
        self._focus = Focus(detector.windows if detector else (), focus)
        self._tiles = TileSearch(tiles or TilePolicy())
        self._under_way: deque[_UnderWay] = deque()
        self.set_classes(classes)
        self._kept: OrderedDict[int, PlanarFrame] = OrderedDict()
        self._before: list[tuple[float, Image]] = []

    @property
    def ahead(self) -> int:
        """Pictures that may be begun before the first of them is finished."""
        return self._detector.ahead if self._detector else 1

    @property
    def under_way(self) -> int:
        """Pictures begun and not finished."""
        return len(self._under_way)

    def set_classes(self, classes: Sequence[str]) -> None:
        """Keeps these classes from the next picture on, empty: all."""
        self._class_ids = [CLASS_NAMES.index(name) for name in classes if name in CLASS_NAMES]

    def analyse(self, frame: PlanarFrame) -> FrameResult:
        """Analyses one picture and keeps it for snapshots."""
        self.begin(frame)
        return self.finish()

    def begin(self, frame: PlanarFrame) -> None:
        """Finds motion, starts the model where it is wanted, and keeps the picture for snapshots."""
        at_s = frame.pts_90k / TICKS_PER_S
        motion = self._motion.push(_small_luma(frame), at_s)
        self._under_way.append(self._start(frame, at_s, motion))
        self._kept[frame.pts_90k] = frame
        while len(self._kept) > KEPT_FRAMES + self.ahead:
            self._kept.popitem(last=False)

    def remember(self, frame: PlanarFrame) -> None:
        """Takes a picture that another analysed before this one began: see `learn`."""
        self._before.append((frame.pts_90k / TICKS_PER_S, _small_luma(frame)))

    def learn(self) -> None:
        """Learns what stands still from what is remembered. It begins with how each pixel mostly looked: who was in the
        first of those pictures would leave a hole.
        """
        if not self._before:
            return
        shape = self._before[-1][1].shape  # a file may change its size in the middle
        before = [(at_s, luma) for at_s, luma in self._before if luma.shape == shape]
        chosen = np.stack([luma for _, luma in before[:: max(1, len(before) // _MEDIAN_OF)]])
        self._motion.push(np.median(chosen, axis=0).astype(np.uint8), before[0][0])
        for at_s, luma in before:
            self._motion.push(luma, at_s)
        self._before.clear()

    def finish(self) -> FrameResult:
        """Waits for the oldest picture that was begun."""
        begun = self._under_way.popleft()
        width, height = begun.frame.size_px
        found = self._wait(begun)
        boxes = None if found is None else encode_boxes(found)
        return FrameResult(begun.frame.pts_90k, width, height, begun.motion.level, boxes)

    def tune(self, motion: MotionSettings) -> None:
        """Follows other motion settings from the next picture on."""
        self._settings = motion
        self._motion.tune(motion)

    def set_tiles(self, most: int) -> None:
        """Looks at up to so many tiles of a picture from the next one on."""
        self._tiles.set_most(most)

    def kept_frame(self, pts_90k: int) -> PlanarFrame | None:
        """A recent analysed picture, None when it is gone."""
        return self._kept.get(pts_90k)

    def _start(self, frame: PlanarFrame, at_s: float, motion: Motion) -> _UnderWay:
        wanted = self._gate is None or self._gate.wants(at_s, motion.anywhere)
        if self._detector is None or not wanted:
            return _UnderWay(frame, motion, wanted, None, None, self._class_ids)
        window = self._focus.plan(at_s, motion.moving)
        look = self._detector.start(frame, window) if window else None
        return _UnderWay(frame, motion, wanted, window, look, self._class_ids)

    def _wait(self, begun: _UnderWay) -> Detections | None:
        if self._detector is None:
            return begun.motion.objects
        if not begun.is_wanted:
            return None
        at_s, window = begun.frame.pts_90k / TICKS_PER_S, begun.window
        found = keep_looked_at(begun.look.wait() if begun.look else no_detections(), self._settings)
        moving = begun.motion.moving
        if window and moving is not None and self._focus.is_cut(window, moving, found):
            window, found = WHOLE, keep_looked_at(self._detector.start(begun.frame).wait(), self._settings)
        found = self._add_tiles(self._detector, begun, at_s, self._focus.take(at_s, window, found))
        found = keep_looked_at(found, self._settings)
        if self._names:
            found = name_things(found, begun.motion)
        if begun.class_ids:
            found = found.select(np.isin(found.class_id, begun.class_ids))
        if self._gate is not None and (found.confidence >= _SURE).any():
            self._gate.note_found(at_s)
        return found

    def _add_tiles(self, detector: Detector, begun: _UnderWay, at_s: float, found: Detections) -> Detections:
        """What tiles show more of. Two looks at a time, so that one is prepared while the other is with the model."""
        frame, waiting, looks = begun.frame, deque[tuple[Window, Look]](), []
        for tile in self._tiles.plan(at_s, frame.size_px, detector.input_px, begun.motion.moving):
            waiting.append((tile, detector.start_tile(frame, tile)))
            if len(waiting) > 1:
                window, look = waiting.popleft()
                looks.append((window, look.wait()))
        looks += [(window, look.wait()) for window, look in waiting]
        return self._tiles.join(found, looks)


def _small_luma(frame: PlanarFrame) -> Image:
    """As the motion detector sees it."""
    width, height = frame.size_px
    return to_luma(frame, MOTION_WIDTH_PX, max(2, round(MOTION_WIDTH_PX * height / width)))


class KeyFrameEngine:
    """Decodes single key frames of a stream and keeps the last ones for a close look. Analyses nothing."""

    def __init__(self, setup: OpenStream) -> None:
        self._decoder = PacketDecoder(setup.video)
        self._kept: deque[PlanarFrame] = deque(maxlen=_KEPT_KEY_FRAMES)

    def push(self, packet: PacketMessage) -> PacketReply:
        """Takes one key frame. The result only tells its size."""
        damaged_before, began_ns = self._decoder.damaged, time.perf_counter_ns()
        frames = self._decoder.decode(packet.data, packet.pts_90k, is_key=True) + self._decoder.flush()
        self._kept += frames
        results = [FrameResult(frame.pts_90k, *frame.size_px, 0.0, None) for frame in frames[:MAX_RESULTS]]
        decode_us = (time.perf_counter_ns() - began_ns) // 1000
        return PacketReply(len(frames), self._decoder.damaged - damaged_before, results, decode_us=decode_us)

    def kept_frame(self, pts_90k: int) -> PlanarFrame | None:
        """A recent key frame, None when it is gone."""
        return next((frame for frame in self._kept if frame.pts_90k == pts_90k), None)


class StreamEngine:
    """Decodes and analyses one live stream."""

    def __init__(self, setup: OpenStream, detector: Detector | None) -> None:
        self._decoder = PacketDecoder(setup.video)
        self._sampler = FrameSampler(setup.fps)
        self._wanted = setup.detector != "none"
        tiles = TilePolicy(most=setup.tiles)
        self.analysis = PictureAnalysis(detector, setup.classes, gated=True, motion=setup.motion, tiles=tiles)

    def kept_frame(self, pts_90k: int) -> PlanarFrame | None:
        """A recent analysed picture, None when it is gone."""
        return self.analysis.kept_frame(pts_90k)

    def set_rate(self, fps: float, tiles: int) -> None:
        """Analyses at most `fps` pictures a second, and so many tiles of each, from now on."""
        self._sampler.set_fps(fps)
        self.analysis.set_tiles(tiles)

    def push(self, packet: PacketMessage) -> PacketReply:
        """Takes one access unit. Decodes it, and analyses those pictures that are due."""
        damaged_before, began_ns = self._decoder.damaged, time.perf_counter_ns()
        frames = self._decoder.flush() if packet.is_reset else []
        frames += self._decoder.decode(packet.data, packet.pts_90k, is_key=packet.is_key)
        decoded_ns = time.perf_counter_ns()
        wanted = self._wanted and not packet.decode_only
        chosen = [frame for frame in frames if wanted and self._sampler.wants(frame.pts_90k)][:MAX_RESULTS]
        results = [self.analysis.analyse(frame) for frame in chosen]
        return PacketReply(
            len(frames),
            self._decoder.damaged - damaged_before,
            results,
            decode_us=(decoded_ns - began_ns) // 1000,
            analyse_us=(time.perf_counter_ns() - decoded_ns) // 1000,
        )
