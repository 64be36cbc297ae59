"""What vision needs from outside: a detector, and networks for recognizers. Adapters bring the inference runtimes."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vedette.core.detections import Detections
from vedette.media.decode import PlanarFrame
from vedette.vision.recognize.crop import Crop
from vedette.vision.recognize.records import Form, Record


class Detector(Protocol):
    """Finds objects in one picture. Used by one thread, inside a locked worker: opens nothing at run time."""

    @property
    def release(self) -> str:
        """Which model, in which precision and version: goes into every event."""
        ...

    def detect(self, frame: PlanarFrame) -> Detections:
        """Finds the objects of one picture, best first. Works for any picture size."""
        ...


class Network(Protocol):
    """One loaded model with one fixed input shape: compiled and run once before the worker is locked in."""

    @property
    def release(self) -> str:
        """Which model, in which precision and version."""
        ...

    def infer(self, tensor: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        """Runs the model on an input of exactly its shape; outputs by name."""
        ...


class Recognizer(Protocol):
    """Says what objects look like. Lives in the jail; its answers are checked against `form` outside of it."""

    @property
    def form(self) -> Form:
        """Its name, the classes it fits, and what its records may contain."""
        ...

    @property
    def release(self) -> str:
        """Which models it uses."""
        ...

    def describe(self, crops: Sequence[Crop]) -> list[list[Record]]:
        """Judges crops of one picture, all of classes that it fits. One list per crop, empty when there is
        nothing to say: too small, too blurred, turned away.
        """
        ...

    def warm_up(self, crop: Crop) -> None:
        """Runs every path once, whatever the crop shows: what is loaded lazily fails after the lock."""
        ...
