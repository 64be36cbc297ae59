"""The jailed worker that says what uploaded pictures show: decodes and infers, without files or network.

Started by `vedette.node.classification` as `python -m vedette.node.classify_worker --channel FD --model NAME`, never by
hand. Heavy modules are imported inside functions, because the first layer of the jail must hold before they load.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from vedette.node.upload_worker import Looker, run_upload_worker
from vedette.vision.models.kept import KeptNetworks


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one worker until its parent closes the channel."""
    parser = argparse.ArgumentParser(prog="classify_worker")
    parser.add_argument("--channel", type=int, required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--models", type=Path, required=True)
    options = parser.parse_args(arguments)
    return run_upload_worker(
        options.channel, [options.models], lambda kept: prepare(options.models, options.model, kept)
    )


def prepare(models: Path, name: str, kept: KeptNetworks) -> Looker:
    """Loads the classifier, while files can still be read."""
    from vedette.adapters.classifier_network import open_classifier  # noqa: PLC0415 -- after the first layer of the jail
    from vedette.vision.classify.answers import encode_verdict  # noqa: PLC0415 -- as above
    from vedette.vision.classify.classifier import (  # noqa: PLC0415 -- as above
        NONE_BELOW,
        PictureClassifier,
        cut_square,
    )
    from vedette.vision.models.registry import ModelRegistry  # noqa: PLC0415 -- as above

    registry = ModelRegistry(models)
    model = registry.load(registry.find_named(name))
    none_below = model.manifest.thresholds[NONE_BELOW]
    classifier = PictureClassifier(open_classifier(model, kept), model.manifest.input.width, none_below)
    return Looker(lambda image: encode_verdict(classifier.classify(image)), cut_square)


if __name__ == "__main__":
    sys.exit(main())
