"""The jailed worker of `vedette profile`: looks at pictures that come as messages, or at one open video.

Started by `vedette.node.gallery` as `python -m vedette.node.gallery_worker --channel FD ...`, never by hand. The order
is that of docs/design/jail.md: confine, then import and warm up, then lock, then say so. It is a worker of its own and
its classifier is in no table of recognizers, so no worker of a camera can be asked for what it says.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from vedette.node.jailed_worker import open_scratch, run_jailed

if TYPE_CHECKING:
    from vedette.vision.models.registry import ModelRegistry
    from vedette.vision.profile.session import GallerySession
    from vedette.vision.recognize.face_templates import FaceTemplateRecognizer
    from vedette.vision.recognize.faces import FaceRecognizer

HEADROOM_BYTES = 2 << 30
"""A large picture, its copies, and the references of a 4K video."""


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """What the command line says. `scratch`: a private folder for the model that is read from a path alone."""

    channel: int
    models: Path
    scratch: Path
    video: int | None
    faces: bool


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one worker until its parent closes the channel."""
    options = parse_options(arguments)
    scratch = open_scratch(options.scratch)
    readable = [options.models, options.scratch]
    return run_jailed(options.channel, readable, HEADROOM_BYTES, lambda _: prepare(options, scratch).handle)


def prepare(options: WorkerOptions, scratch: IO[bytes]) -> "GallerySession":
    """Imports, compiles and runs everything once, while files can still be read."""
    import cv2  # noqa: PLC0415 -- after the first layer of the jail

    from vedette.adapters.openvino_network import OpenVinoNetwork  # noqa: PLC0415 -- as above
    from vedette.node.gallery_models import CLASSIFIER  # noqa: PLC0415 -- as above
    from vedette.node.vision_warmup import warm_up  # noqa: PLC0415 -- as above
    from vedette.vision.models.registry import ModelRegistry  # noqa: PLC0415 -- as above
    from vedette.vision.profile.classifier import EMBEDDING_OUTPUT, GalleryClassifier  # noqa: PLC0415 -- as above
    from vedette.vision.profile.session import GallerySession  # noqa: PLC0415 -- as above

    cv2.setNumThreads(1)
    warm_up(None)
    registry = ModelRegistry(options.models)
    model = registry.load(registry.find_named(CLASSIFIER))
    classifier = GalleryClassifier(OpenVinoNetwork(model, pooled_as=EMBEDDING_OUTPUT, scratch=scratch))
    faces, templates = _load_faces(registry) if options.faces else (None, None)
    video = os.fdopen(options.video, "rb") if options.video is not None else None
    session = GallerySession(classifier, faces, templates, video)
    warm_up_gallery(session)
    return session


def _load_faces(registry: "ModelRegistry") -> tuple["FaceRecognizer", "FaceTemplateRecognizer"]:
    from vedette.node.gallery_models import make_gallery_faces  # noqa: PLC0415 -- as above

    return make_gallery_faces(registry)


def warm_up_gallery(session: "GallerySession") -> None:
    """Looks at pictures of each kind once: what is loaded lazily fails after the lock."""
    import cv2  # noqa: PLC0415 -- as above
    import numpy as np  # noqa: PLC0415 -- as above

    from vedette.vision.picture import to_planes  # noqa: PLC0415 -- as above
    from vedette.vision.profile.observed import Kind  # noqa: PLC0415 -- as above

    image = np.random.default_rng(1).integers(0, 255, (480, 640, 3), np.uint8)
    session.warm_up(to_planes(image))
    for suffix in (".jpg", ".png", ".bmp", ".webp", ".tiff"):
        session.handle(Kind.PICTURE, bytes(cv2.imencode(suffix, image)[1]))
    session.handle(Kind.PICTURE, b"GIF89a")


def parse_options(arguments: Sequence[str] | None) -> WorkerOptions:
    parser = argparse.ArgumentParser(prog="gallery_worker")
    parser.add_argument("--channel", type=int, required=True)
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--scratch", type=Path, required=True)
    parser.add_argument("--video", type=int)
    parser.add_argument("--faces", action="store_true")
    return WorkerOptions(**vars(parser.parse_args(arguments)))


if __name__ == "__main__":
    sys.exit(main())
