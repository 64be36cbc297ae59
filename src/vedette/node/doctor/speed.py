"""How fast this processor decodes and infers: the two figures that decide how many cameras it can analyse."""

import io
import statistics
from pathlib import Path

import numpy as np

from vedette.adapters.openvino_detector import OpenVinoDetector
from vedette.core.errors import VedetteError
from vedette.media.annotate import VideoWriter
from vedette.media.decode import FileFrames
from vedette.media.planes import PlanarFrame
from vedette.node.analyzer_pool import tell_better
from vedette.node.doctor.findings import Finding, bad, good, warning
from vedette.runtime.clock import Clock
from vedette.runtime.cpu import preferred_precisions, read_cpu_flags
from vedette.vision.models.registry import ModelRegistry

_WIDTH, _HEIGHT, _FRAMES = 640, 360, 100
_THREADS = 2
_ROUNDS = 50


def check_decode(clock: Clock) -> Finding:
    """Decodes a noisy 640x360 clip on one thread, as an analysed sub stream is."""
    try:
        clip = _make_clip()
        started_ns = clock.mono_ns()
        frames = sum(1 for _ in FileFrames(io.BytesIO(clip)).frames())
        took_s = (clock.mono_ns() - started_ns) / 1e9
    except VedetteError as error:
        return bad("decode", f"video cannot be decoded: {error.message}", "Install again with `make setup`.")
    fps = frames / took_s
    figures = {"fps_per_core": round(fps), "width": _WIDTH, "height": _HEIGHT}
    return good("decode", f"{fps:.0f} frames/s of {_WIDTH}x{_HEIGHT} H.264 on one core", **figures)


def check_inference(models: Path, clock: Clock) -> Finding:
    """Times the installed detector, two threads, picture in to boxes out; the median of 50."""
    try:
        registry = ModelRegistry(models)
        manifest = registry.find_installed("detection", preferred_precisions(read_cpu_flags()))
        if manifest is None:
            return warning(
                "inference",
                "no detection model is installed: motion is found, people and vehicles are not named",
                "Run `vedette models pull standard`.",
            )
        detector = OpenVinoDetector(registry.load(manifest), threads=_THREADS)
    except VedetteError as error:
        return bad("inference", error.message, error.hint or "Run `vedette models verify`.")
    frame = _noise_frame()
    times_ms = []
    for _ in range(_ROUNDS):
        started_ns = clock.mono_ns()
        detector.start(frame).wait()
        times_ms.append((clock.mono_ns() - started_ns) / 1e6)
    median = statistics.median(times_ms)
    best = min(times_ms)
    return good(
        "inference",
        f"{manifest.name}: {median:.1f} ms a picture (best {best:.1f}) on {_THREADS} threads{tell_better(manifest)}",
        model=manifest.name,
        threads=_THREADS,
        median_ms=round(median, 2),
        best_ms=round(best, 2),
    )


def _make_clip() -> bytes:
    noise = np.random.default_rng(3)
    base = noise.integers(0, 255, (_HEIGHT, _WIDTH + _FRAMES * 4, 3), np.uint8)
    writer = VideoWriter(_WIDTH, _HEIGHT)
    for number in range(_FRAMES):
        grain = noise.integers(0, 12, (_HEIGHT, _WIDTH, 3), np.uint8)
        shifted = base[:, number * 4 : number * 4 + _WIDTH] // 4
        writer.write(np.ascontiguousarray(shifted + grain), number / 25.0)
    return writer.finish()


def _noise_frame() -> PlanarFrame:
    noise = np.random.default_rng(3)
    y = noise.integers(16, 235, (_HEIGHT, _WIDTH), np.uint8)
    chroma = np.full((_HEIGHT // 2, _WIDTH // 2), 128, np.uint8)
    return PlanarFrame(0, y, chroma, chroma)
