"""Runs every path of a vision worker once before it is locked: what is imported lazily or opened at first use
would fail afterwards.
"""

import contextlib
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from vedette.adapters.openvino_detector import OpenVinoDetector
from vedette.core.detections import CLASS_NAMES
from vedette.core.errors import VedetteError
from vedette.core.media import Codec, VideoFormat
from vedette.media.annotate import VideoWriter
from vedette.media.decode import PacketDecoder
from vedette.media.planes import PlanarFrame
from vedette.vision.drawing import render_jpeg
from vedette.vision.engine import PictureAnalysis
from vedette.vision.masking import decode_jpeg, fill_masks
from vedette.vision.models.kept import NOTHING_KEPT, KeptNetworks
from vedette.vision.models.registry import ModelRegistry
from vedette.vision.models.sized import parse_sized_model
from vedette.vision.ports import Detector, Recognizer
from vedette.vision.recognize.crop import make_crop
from vedette.vision.recognize.describe import describe_crops
from vedette.vision.wire import Overlay

_ROUNDS = 4


def load_detector(models: Path, name: str, ahead: int = 1, kept: KeptNetworks = NOTHING_KEPT) -> Detector:
    """Loads one installed model, verified. `name`: as `SizedModel` writes it; which sizes it may have is for who starts
    the worker to say. `ahead`: pictures with the model at a time, a thread each. `kept`: what earlier starts compiled.

    Raises:
        NotFoundError: no manifest has this name, or it is not installed.
        InvalidInputError: it cannot have this size.
    """
    registry = ModelRegistry(models)
    wanted = parse_sized_model(name)
    model = registry.load(registry.find_named(wanted.name))
    return OpenVinoDetector(model, threads=1, ahead=ahead, kept=kept, size_px=wanted.size_px)


def warm_up_recognizers(recognizers: Sequence[Recognizer]) -> None:
    """Runs every path of every recognizer, and the question itself."""
    crop = make_crop(make_test_picture(512, 288), (0.1, 0.1, 0.9, 0.9), CLASS_NAMES[0])
    for recognizer in recognizers:
        recognizer.warm_up(crop)
    describe_crops([crop], recognizers)


def warm_up(detector: Detector | None) -> float:
    """Exercises decoding, analysis, drawing and encoding.

    Returns:
        Milliseconds that one picture takes the detector, best of a few; 0 without one.
    """
    frame = make_test_picture(512, 288)
    analysis = PictureAnalysis(detector, (), gated=False)
    times_ns = []
    for step in range(_ROUNDS):
        began_ns = time.perf_counter_ns()
        analysis.analyse(PlanarFrame(step * 9000, frame.y, frame.u, frame.v))
        times_ns.append(time.perf_counter_ns() - began_ns)
    drawn = render_jpeg(frame, 320, [Overlay((0.2, 0.2, 0.6, 0.6), "person 90%", 0)])
    fill_masks(decode_jpeg(drawn), [[(0.1, 0.1), (0.5, 0.1), (0.5, 0.5)]])
    for codec in (Codec.H264, Codec.H265):
        decoder = PacketDecoder(VideoFormat(codec, 64, 48, (), ""))
        decoder.decode(b"\0\0\0\2\x09\x10", 0, is_key=False)
        decoder.flush()
    with contextlib.suppress(VedetteError):  # no encoder: only annotated videos need it, and say so then
        writer = VideoWriter(64, 48)
        writer.write(np.zeros((48, 64, 3), np.uint8), 0.0)
        writer.finish()
    return min(times_ns) / 1e6 if detector else 0.0


def make_test_picture(width_px: int, height_px: int) -> PlanarFrame:
    """Noise of this size; both sides are even."""
    noise = np.random.default_rng(1)
    y = noise.integers(16, 235, (height_px, width_px), np.uint8)
    chroma = np.full((height_px // 2, width_px // 2), 128, np.uint8)
    return PlanarFrame(0, y, chroma, chroma)
