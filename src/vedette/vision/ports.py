"""What vision needs from outside: a detector, and networks for recognizers. Adapters bring the inference runtimes."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vedette.core.detections import Detections
from vedette.media.planes import PlanarFrame
from vedette.vision.focus import WHOLE, Window
from vedette.vision.recognize.crop import Crop
from vedette.vision.recognize.records import Form, Record


class Look(Protocol):
    """One picture on its way through a detector."""

    def wait(self) -> Detections:
        """What was found, best first, in fractions of the whole picture. Call it once."""
        ...


class Detector(Protocol):
    """Finds objects in pictures. Used by one thread, inside a locked worker: opens nothing at run time."""

    @property
    def release(self) -> str:
        """Which model, in which precision and version: goes into every event."""
        ...

    @property
    def windows(self) -> Sequence[tuple[float, float]]:
        """Width and height, in fractions of any picture, of the parts that it can look at alone, cheapest first."""
        ...

    @property
    def input_px(self) -> tuple[int, int]:
        """Width and height in which it sees a whole picture, or a tile."""
        ...

    @property
    def needs_motion(self) -> bool:
        """Whether its boxes count only where something moves: see `vision/naming.py`."""
        return False

    @property
    def ahead(self) -> int:
        """Looks that may be under way at a time; 1: starting a second one waits for nothing but gains nothing."""
        ...

    def start(self, frame: PlanarFrame, window: Window = WHOLE) -> Look:
        """Begins to find the objects of a picture, or of one part of it. Works for any picture size."""
        ...

    def start_tile(self, frame: PlanarFrame, tile: Window) -> Look:
        """Begins to find the objects of any part of a picture, shown as large as else the whole. At most two of them
        may be under way beside `ahead` - 1 other looks.
        """
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
