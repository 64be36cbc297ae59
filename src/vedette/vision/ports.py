"""What vision needs from outside: a detector. Adapters bring the inference runtimes."""

from typing import Protocol

from vedette.core.detections import Detections
from vedette.media.decode import PlanarFrame


class Detector(Protocol):
    """Finds objects in one picture. Used by one thread, inside a locked worker: opens nothing at run time."""

    @property
    def release(self) -> str:
        """Which model, in which precision and version: goes into every event."""
        ...

    def detect(self, frame: PlanarFrame) -> Detections:
        """Finds the objects of one picture, best first. Works for any picture size."""
        ...
