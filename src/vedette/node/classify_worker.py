"""The jailed worker that says what uploaded pictures show: decodes and infers, without files or network.

Started by `vedette.node.classification` as `python -m vedette.node.classify_worker --channel FD --model NAME`, never by
hand. The order is that of docs/design/jail.md: confine, then import and warm up, then lock, then say so. Heavy modules
are imported inside functions, because the first layer must hold before they load.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from vedette.core.errors import VedetteError
from vedette.runtime.jail import Jail
from vedette.runtime.worker_channel import open_inherited_channel

if TYPE_CHECKING:
    from vedette.vision.classify.classifier import PictureClassifier

HEADROOM_BYTES = 1 << 30
"""A PNG of the largest area, decoded, and its copy the right way up."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one worker until its parent closes the channel."""
    parser = argparse.ArgumentParser(prog="classify_worker")
    parser.add_argument("--channel", type=int, required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--models", type=Path, required=True)
    options = parser.parse_args(arguments)
    jail = Jail()
    jail.confine_files([options.models])
    channel = open_inherited_channel(options.channel)
    try:
        classifier = prepare(options.models, options.model)
    except VedetteError as error:  # the parent hears of it: these are this worker's last words
        sys.stderr.write(f"{error.code}: {error}\n")
        return 1
    report = jail.lock(headroom_bytes=HEADROOM_BYTES)
    channel.send(0, report.state.encode())
    while (message := channel.receive()) is not None:
        channel.send(*answer(classifier, message.kind, message.payload))
    return 0


def prepare(models: Path, name: str) -> "PictureClassifier":
    """Imports, compiles and runs everything once, while files can still be read."""
    import cv2  # noqa: PLC0415 - after the first layer of the jail
    import numpy as np  # noqa: PLC0415 - as above

    from vedette.adapters.openvino_network import OpenVinoNetwork  # noqa: PLC0415 - as above
    from vedette.vision.classify.answers import encode_verdict  # noqa: PLC0415 - as above
    from vedette.vision.classify.classifier import NONE_BELOW, PictureClassifier  # noqa: PLC0415 - as above
    from vedette.vision.classify.upload import decode_upload  # noqa: PLC0415 - as above
    from vedette.vision.models.registry import ModelRegistry  # noqa: PLC0415 - as above

    cv2.setNumThreads(1)
    registry = ModelRegistry(models)
    model = registry.load(registry.find_named(name))
    network = OpenVinoNetwork(model)
    classifier = PictureClassifier(network, model.manifest.input.width, model.manifest.thresholds[NONE_BELOW])
    noise = np.random.default_rng(1).integers(0, 255, (640, 600, 3), np.uint8)
    for ending in (".jpg", ".png", ".bmp"):
        encode_verdict(classifier.classify(decode_upload(cv2.imencode(ending, noise)[1].tobytes())))
    return classifier


def answer(classifier: "PictureClassifier", kind: int, payload: bytes) -> tuple[int, bytes]:
    """Answers one picture. What is wrong with it becomes `FAILED` with the reason."""
    from vedette.vision.classify.answers import FAILED, encode_failure, encode_verdict  # noqa: PLC0415 - loaded already
    from vedette.vision.classify.upload import decode_upload  # noqa: PLC0415 - loaded already

    try:
        return kind, encode_verdict(classifier.classify(decode_upload(payload)))
    except VedetteError as error:
        return FAILED, encode_failure(error)


if __name__ == "__main__":
    sys.exit(main())
