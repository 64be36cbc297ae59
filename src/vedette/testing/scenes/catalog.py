"""Which generated scenes there are, and rendering them into files.

A file's name carries the version of the drawing code: an update renders anew, an old file is never taken for
a new one.
"""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from vedette.core.media import Codec
from vedette.media.encode import AudioEncoding, ClipWriter, VideoEncoding
from vedette.testing.scenes.ambience import make_ambience
from vedette.testing.scenes.car_park import make_car_park
from vedette.testing.scenes.corridor import make_corridor
from vedette.testing.scenes.gate import make_gate
from vedette.testing.scenes.renderer import SceneRenderer, TrueBox
from vedette.testing.scenes.scene import FPS, FRAMES, Scene
from vedette.testing.scenes.street import make_street

VERSION = 1
GOP_FRAMES = 2 * FPS
SUB_SIZE = (640, 360)


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """One generated camera.

    Attributes:
        title: What the camera is called in the console.
        audio: Its sound, None for a camera without a microphone.
    """

    name: str
    title: str
    make: Callable[[int], Scene]
    seed: int
    audio: Codec | None = None

    def files(self, folder: Path) -> "SceneFiles":
        stem = f"{self.name}-{self.seed}-v{VERSION}"
        suffix = "mov" if self.audio in {Codec.PCMA, Codec.PCMU} else "mp4"
        return SceneFiles(
            folder / f"{stem}-main.{suffix}", folder / f"{stem}-sub.{suffix}", folder / f"{stem}-truth.txt"
        )


@dataclass(frozen=True, slots=True)
class SceneFiles:
    """Where a rendered scene lies: both streams and the truth (MOT rows in pixels of the main stream)."""

    main: Path
    sub: Path
    truth: Path

    def exist(self) -> bool:
        return all(path.is_file() for path in (self.main, self.sub, self.truth))

    def preview(self) -> "SceneFiles":
        """The same for the first seconds of the scene, rendered first."""
        main, sub, truth = (path.with_name(f"preview-{path.name}") for path in (self.main, self.sub, self.truth))
        return SceneFiles(main, sub, truth)


CATALOG: tuple[CatalogEntry, ...] = (
    CatalogEntry("gate", "Works gate", make_gate, 1, Codec.AAC),
    CatalogEntry("car_park", "Car park", make_car_park, 1),
    CatalogEntry("street", "Shopping street", make_street, 1, Codec.PCMA),
    CatalogEntry("corridor", "Office corridor", make_corridor, 1),
    CatalogEntry("gate", "Works gate, west", make_gate, 4),
    CatalogEntry("car_park", "Car park, level 2", make_car_park, 5, Codec.AAC),
    CatalogEntry("street", "Market street", make_street, 7),
    CatalogEntry("corridor", "Office corridor, 2nd floor", make_corridor, 3, Codec.PCMU),
)


def render_scene(entry: CatalogEntry, files: SceneFiles, frames: int = FRAMES) -> None:
    """Renders both streams and the truth. Files appear under their names only when they are complete.

    Fewer `frames` than the whole loop give a preview.
    """
    scene = entry.make(entry.seed)
    renderer = SceneRenderer(scene, entry.seed)
    audio = _make_audio(entry, scene, frames)
    fresh = SceneFiles(*(path.with_name(f"new-{path.name}") for path in (files.main, files.sub, files.truth)))
    rows: list[str] = []
    main_video = VideoEncoding(width=scene.view.width, height=scene.view.height, fps=FPS, gop_frames=GOP_FRAMES)
    sub_video = VideoEncoding(width=SUB_SIZE[0], height=SUB_SIZE[1], fps=FPS, gop_frames=GOP_FRAMES)
    with contextlib.ExitStack() as stack:
        main = stack.enter_context(ClipWriter(fresh.main, main_video, audio))
        sub = stack.enter_context(ClipWriter(fresh.sub, sub_video, audio))
        for frame in range(frames):
            image, boxes = renderer.render(frame)
            main.write(image)
            sub.write(np.asarray(cv2.resize(image, SUB_SIZE, interpolation=cv2.INTER_AREA), np.uint8))
            rows += [format_truth(frame, box) for box in boxes]
    fresh.truth.write_text("".join(rows), encoding="ascii")
    fresh.main.replace(files.main)
    fresh.sub.replace(files.sub)
    fresh.truth.replace(files.truth)


def format_truth(frame: int, box: TrueBox) -> str:
    """Makes a MOT Challenge row: frame from 1, id, box, flag 1, class (1 person, 2 vehicle, 3 two-wheeler)."""
    left, top, width, height = box.box_px
    return (
        f"{frame + 1},{box.track_id},{left:.1f},{top:.1f},{width:.1f},{height:.1f},"
        f"1,{box.class_id + 1},{box.visibility:.2f}\n"
    )


def _make_audio(entry: CatalogEntry, scene: Scene, frames: int) -> AudioEncoding | None:
    if entry.audio is None:
        return None
    rate_hz = 16_000 if entry.audio is Codec.AAC else 8_000
    samples = make_ambience(scene, rate_hz, entry.seed)[: frames * rate_hz // FPS]
    return AudioEncoding(samples, entry.audio, rate_hz)
