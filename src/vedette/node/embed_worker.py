"""The jailed worker that makes vectors of pictures that somebody brings: decodes and infers, without files or network.

Started by `vedette.node.picture_vectors` as `python -m vedette.node.embed_worker --channel FD ...`, never by hand.
Heavy modules are imported inside functions, because the first layer of the jail must hold before they load.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from vedette.node.jailed_worker import open_scratch
from vedette.node.upload_worker import Looker, run_upload_worker
from vedette.vision.models.kept import KeptNetworks


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one worker until its parent closes the channel."""
    parser = argparse.ArgumentParser(prog="embed_worker")
    parser.add_argument("--channel", type=int, required=True)
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--scratch", type=Path, required=True, help="A private folder for the model's bytes.")
    options = parser.parse_args(arguments)
    scratch = open_scratch(options.scratch)
    readable = [options.models, options.scratch]
    return run_upload_worker(options.channel, readable, lambda kept: prepare(options.models, scratch, kept))


def prepare(models: Path, scratch: IO[bytes], kept: KeptNetworks) -> Looker:
    """Loads the embedding, while files can still be read."""
    from vedette.node.embeddings import load_embedder  # noqa: PLC0415 -- after the first layer of the jail
    from vedette.vision.models.registry import ModelRegistry  # noqa: PLC0415 -- as above

    embedder = load_embedder(ModelRegistry(models), scratch, kept)
    return Looker(lambda image: embedder.embed(image).tobytes(), lambda image: image)


if __name__ == "__main__":
    sys.exit(main())
