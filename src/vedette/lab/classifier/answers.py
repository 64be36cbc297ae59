"""Asks a release of a classifier, from a folder or installed, without a training framework."""

import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vedette.adapters.classifier_network import ClassifierNetwork, open_classifier
from vedette.core.errors import InvalidInputError
from vedette.lab.classifier.pictures import Pictures
from vedette.vision.classify.classifier import PictureClassifier
from vedette.vision.models.manifest import ModelManifest, parse_manifest
from vedette.vision.models.registry import InstalledModel


def open_release(manifest: ModelManifest, folder: Path) -> ClassifierNetwork:
    """Loads a release that lies in a folder and not in the registry; its hashes are checked all the same."""
    files = tuple((folder / file.file_name).read_bytes() for file in manifest.files)
    for file, data in zip(manifest.files, files, strict=True):
        if hashlib.sha256(data).hexdigest() != file.sha256:
            raise InvalidInputError(f"{folder / file.file_name} is not the file that its manifest names")
    return open_classifier(InstalledModel(manifest, files))


def read_release(folder: Path, name: str) -> ModelManifest:
    """The manifest that `release_classifier` wrote.

    Raises:
        InvalidInputError: there is none.
    """
    path = folder / f"{name}.yaml"
    try:
        return parse_manifest(path.read_text("utf-8"), str(path))
    except OSError as error:
        raise InvalidInputError(f"{path} cannot be read", "Name the folder `release` of a training.") from error


def classify_all(network: ClassifierNetwork, pictures: Pictures) -> NDArray[np.float32]:
    """The answers (N, classes) to pictures (N, H, W, 3), one at a time as the product asks."""
    classifier = PictureClassifier(network, network.shape[-1], 0.0)
    return np.stack([classifier.classify(picture).probabilities for picture in pictures])


def as_input(picture: Pictures) -> NDArray[np.float32]:
    """A picture (side, side, 3) as the release takes it: (1, 3, side, side)."""
    return np.ascontiguousarray(picture.transpose(2, 0, 1)[None].astype(np.float32))
