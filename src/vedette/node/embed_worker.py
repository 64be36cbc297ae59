"""The jailed worker that makes vectors of pictures that somebody brings: decodes and infers, without files or network.

Started by `vedette.node.picture_vectors` as `python -m vedette.node.embed_worker --channel FD ...`, never by hand. The
order is that of docs/design/jail.md: confine, then import and warm up, then lock, then say so. Heavy modules are
imported inside functions, because the first layer must hold before they load.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, TYPE_CHECKING

from vedette.core.errors import VedetteError
from vedette.runtime.jail import Jail
from vedette.runtime.worker_channel import open_inherited_channel

if TYPE_CHECKING:
    from vedette.vision.categories.embedding import PictureEmbedder

HEADROOM_BYTES = 1 << 30
"""A PNG of the largest area, decoded, and its copy the right way up."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one worker until its parent closes the channel."""
    parser = argparse.ArgumentParser(prog="embed_worker")
    parser.add_argument("--channel", type=int, required=True)
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--scratch", type=Path, required=True, help="A private folder for the model's bytes.")
    options = parser.parse_args(arguments)
    scratch = NamedTemporaryFile(suffix=".tflite", dir=options.scratch, delete=False)  # noqa: SIM115 - closed by its reader
    jail = Jail()
    jail.confine_files([options.models, options.scratch])
    channel = open_inherited_channel(options.channel)
    try:
        embedder = prepare(options.models, scratch)
    except VedetteError as error:  # the parent hears of it: these are this worker's last words
        sys.stderr.write(f"{error.code}: {error}\n")
        return 1
    report = jail.lock(headroom_bytes=HEADROOM_BYTES)
    channel.send(0, report.state.encode())
    while (message := channel.receive()) is not None:
        channel.send(*answer(embedder, message.kind, message.payload))
    return 0


def prepare(models: Path, scratch: IO[bytes]) -> "PictureEmbedder":
    """Imports, compiles and runs everything once, while files can still be read."""
    import cv2  # noqa: PLC0415 - after the first layer of the jail
    import numpy as np  # noqa: PLC0415 - as above

    from vedette.node.embeddings import load_embedder  # noqa: PLC0415 - as above
    from vedette.vision.classify.upload import decode_upload  # noqa: PLC0415 - as above
    from vedette.vision.models.registry import ModelRegistry  # noqa: PLC0415 - as above

    cv2.setNumThreads(1)
    embedder = load_embedder(ModelRegistry(models), scratch)
    noise = np.random.default_rng(1).integers(0, 255, (640, 600, 3), np.uint8)
    for ending in (".jpg", ".png", ".bmp"):
        embedder.embed(decode_upload(cv2.imencode(ending, noise)[1].tobytes()))
    answer(embedder, 0, b"no picture")
    return embedder


def answer(embedder: "PictureEmbedder", kind: int, payload: bytes) -> tuple[int, bytes]:
    """The vector of one picture. What is wrong with it becomes `FAILED` with the reason."""
    from vedette.vision.classify.answers import FAILED, encode_failure  # noqa: PLC0415 - loaded already
    from vedette.vision.classify.upload import decode_upload  # noqa: PLC0415 - loaded already

    try:
        return kind, embedder.embed(decode_upload(payload)).tobytes()
    except VedetteError as error:
        return FAILED, encode_failure(error)


if __name__ == "__main__":
    sys.exit(main())
