"""The recognizer of makes: asks the classifier that somebody added about vehicles. Design: docs/design/recognition.md.

The picture is the vehicle's box as its detector drew it. What the model was taught on is not known here, so nothing
but size is asked of a vehicle: views that it does not know are for its own probabilities and its manifest's floor.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from vedette.core.errors import InvalidInputError
from vedette.vision.models.manifest import ModelInput, ModelManifest
from vedette.vision.models.own import LOGITS
from vedette.vision.picture import Image
from vedette.vision.ports import Network, Recognizer
from vedette.vision.recognize.attribute_forms import MAKE
from vedette.vision.recognize.crop import Crop
from vedette.vision.recognize.make_forms import MAKES, make_form
from vedette.vision.recognize.records import Form, Label, Record
from vedette.vision.recognize.yolox import pad_square

MIN_HEIGHT_PX = 40
"""As for types: lower vehicles are not told apart by people either."""
_LEVELS = 255.0


class MakeRecognizer(Recognizer):
    """One classifier, as its manifest describes it.

    Raises (from the constructor):
        InvalidInputError: it has not one probability for each label.
    """

    def __init__(self, network: Network, manifest: ModelManifest) -> None:
        self._network = network
        self._manifest = manifest
        self._form = make_form(manifest)
        given = manifest.input
        found = self._score(np.zeros((given.height, given.width, 3), np.uint8))
        if found.size != len(manifest.labels):
            raise InvalidInputError(
                f"it answers {found.size} numbers and its manifest names {len(manifest.labels)} labels"
            )

    @property
    @override
    def form(self) -> Form:
        return self._form

    @property
    @override
    def release(self) -> str:
        return self._network.release

    @override
    def describe(self, crops: Sequence[Crop]) -> list[list[Record]]:
        return [[self._describe(crop)] if crop.size_px[1] >= MIN_HEIGHT_PX else [] for crop in crops]

    @override
    def warm_up(self, crop: Crop) -> None:
        self._describe(crop)

    def _describe(self, crop: Crop) -> Record:
        shares = self._score(crop.image_bgr)
        best = int(shares.argmax())
        return Record(MAKES, labels={MAKE: Label(self._manifest.labels[best], float(np.clip(shares[best], 0.0, 1.0)))})

    def _score(self, vehicle_bgr: Image) -> NDArray[np.float32]:
        """(N,) float32, 0..1 for each label."""
        [scores, *_] = self._network.infer(prepare(vehicle_bgr, self._manifest.input)).values()
        flat = scores.reshape(-1)
        return soften(flat) if LOGITS in self._manifest.outputs.values() else flat


def prepare(image_bgr: Image, given: ModelInput) -> NDArray[np.float32]:
    """(1, 3, H, W) or (1, H, W, 3) float32, as a manifest says, of a picture (H, W, 3) of any size."""
    if given.resize == "padded":
        planes = pad_square(image_bgr, given.width)
    else:
        squeezed = cv2.resize(image_bgr, (given.width, given.height), interpolation=cv2.INTER_LINEAR)
        planes = squeezed.transpose(2, 0, 1)[None].astype(np.float32)
    planes = planes[:, ::-1] if given.colour == "RGB" else planes
    low, high = given.range
    scaled = low + planes / _LEVELS * (high - low)
    return np.ascontiguousarray(scaled if given.layout == "NCHW" else scaled.transpose(0, 2, 3, 1), np.float32)


def soften(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Probabilities of logits (N,): their softmax."""
    grown = np.exp(logits - logits.max())
    return np.asarray(grown / grown.sum(), np.float32)
