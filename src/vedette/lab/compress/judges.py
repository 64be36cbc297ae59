"""How good a variant of a network is at its own work, by the figure of its own evaluation."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from typing_extensions import override

from vedette.core.errors import InvalidInputError
from vedette.lab.compress.networks import Tensor
from vedette.lab.detector.pictures import files_below, read_images
from vedette.lab.faces.recall import Tally as FaceTally
from vedette.lab.plates.labels import LabelledPicture
from vedette.lab.plates.tally import Tally as PlateTally
from vedette.lab.plates.tally import judge_picture
from vedette.vision.models.manifest import ModelInput
from vedette.vision.picture import Image
from vedette.vision.ports import Network
from vedette.vision.recognize.face_detector import FaceDetector
from vedette.vision.recognize.plate_finder import PlateFinder
from vedette.vision.recognize.plate_reader import PlateReader
from vedette.vision.recognize.plates import PlateRecognizer


class Judge(Protocol):
    """Scores a network on some of its pictures."""

    @property
    def figure(self) -> str:
        """What the score is; 1 is best."""
        ...

    @property
    def count(self) -> int:
        """How many pictures there are."""
        ...

    def score(self, network: Network, places: Sequence[int]) -> float:
        """The score over the pictures at these places."""
        ...


@dataclass(frozen=True, slots=True)
class PlateJudge(Judge):
    """Finding and reading as the product does it, one of the two networks varied, the other one given.

    Attributes:
        thresholds: Floor and sure, of the detector.
    """

    pictures: Sequence[LabelledPicture]
    thresholds: tuple[float, float]
    detector: Network | None = None
    reader: Network | None = None

    @property
    @override
    def figure(self) -> str:
        return "found" if self.detector is None else "exact"

    @property
    @override
    def count(self) -> int:
        return len(self.pictures)

    @override
    def score(self, network: Network, places: Sequence[int]) -> float:
        finder = PlateFinder(self.detector or network, *self.thresholds)
        recognizer = PlateRecognizer(finder, PlateReader(self.reader or network))
        tally = PlateTally()
        for picture in (self.pictures[place] for place in places):
            image = read_picture(picture.path)
            judge_picture(tally, recognizer, picture.plates, image, (image.shape[1], image.shape[0]))
        return float(tally.figures()[self.figure])


class FaceJudge(Judge):
    """F1 of the boxes against a reference detector's sure faces, as nobody labelled the pictures."""

    figure = "f1"

    def __init__(self, files: Sequence[Path], reference: FaceDetector, side_px: int, min_score: float) -> None:
        self._images = [image for file in files for image in read_images(file)]
        self._wanted = [reference.detect(image).boxes for image in self._images]
        self._side_px, self._min_score = side_px, min_score

    @property
    @override
    def count(self) -> int:
        return len(self._images)

    @override
    def score(self, network: Network, places: Sequence[int]) -> float:
        detector, tally = FaceDetector(network, self._side_px, self._min_score), FaceTally()
        for place in places:
            tally.add(self._wanted[place], detector.detect(self._images[place]).boxes)
        both = tally.recall + tally.precision
        return 2 * tally.recall * tally.precision / both if both else 0.0


class ClassesJudge(Judge):
    """Share of pictures that lie in the folder of the class with the highest output."""

    figure = "top1"

    def __init__(self, files: Sequence[Path], classes: Sequence[str], form: ModelInput) -> None:
        self._files, self._classes, self._form = files, list(classes), form

    @property
    @override
    def count(self) -> int:
        return len(self._files)

    @override
    def score(self, network: Network, places: Sequence[int]) -> float:
        right = 0
        for file in (self._files[place] for place in places):
            answer = next(iter(network.infer(prepare_input(read_picture(file), self._form)).values()))
            right += self._classes[int(np.argmax(answer.reshape(-1)))] == file.parent.name
        return right / max(len(places), 1)


class AgreementJudge(Judge):
    """How alike the outputs are to those of the network as it was: mean correlation. For what nobody labelled."""

    figure = "agreement"

    def __init__(self, files: Sequence[Path], original: Network, form: ModelInput) -> None:
        self._inputs = [prepare_input(image, form) for file in files for image in read_images(file)]
        self._wanted = [original.infer(tensor) for tensor in self._inputs]

    @property
    @override
    def count(self) -> int:
        return len(self._inputs)

    @override
    def score(self, network: Network, places: Sequence[int]) -> float:
        found = []
        for place in places:
            answer, wanted = network.infer(self._inputs[place]), self._wanted[place]
            found += [correlate_outputs(answer[name], wanted[name]) for name in wanted]
        return float(np.mean(found)) if found else 0.0


def correlate_outputs(one: Tensor, other: Tensor) -> float:
    """-1..1; two outputs that are the same everywhere agree, one such agrees with nothing else."""
    a, b = (values.reshape(-1).astype(np.float64) - values.mean(dtype=np.float64) for values in (one, other))
    size = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b) / size if size > 0 else float(np.array_equal(one, other))


def prepare_input(image_bgr: Image, form: ModelInput) -> Tensor:
    """A picture as a manifest says that the model wants it, without aligning: (1, H, W, C) or (1, C, H, W)."""
    resized = cv2.resize(image_bgr, (form.width, form.height), interpolation=cv2.INTER_AREA)
    how = {"RGB": cv2.COLOR_BGR2RGB, "GREY": cv2.COLOR_BGR2GRAY}.get(form.colour)
    shown = resized if how is None else cv2.cvtColor(resized, how)
    low, high = form.range
    values = shown.reshape(form.height, form.width, -1).astype(np.float32) / 255 * (high - low) + low
    return np.ascontiguousarray((values.transpose(2, 0, 1) if form.layout == "NCHW" else values)[None], np.float32)


def read_picture(path: Path) -> Image:
    """(H, W, 3) uint8 BGR.

    Raises:
        InvalidInputError: the file is no picture.
    """
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise InvalidInputError(f"{path} cannot be read as a picture")
    return np.asarray(image, np.uint8)


def find_pictures(folder: Path, most: int) -> list[Path]:
    """At most so many files below a folder, spread evenly over them, so that all of its folders have a share.

    Raises:
        InvalidInputError: there is no picture.
    """
    files = sorted(files_below(folder))
    if not files:
        raise InvalidInputError(f"{folder} holds no picture", "Name a folder of pictures with --data.")
    return [files[place] for place in np.unique(np.linspace(0, len(files) - 1, min(most, len(files))).astype(int))]
