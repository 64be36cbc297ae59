"""Makes the recognizer of number plates of its models. Imported in the jail only: it loads the inference runtime."""

from collections.abc import Mapping

from vedette.adapters.openvino_network import OpenVinoNetwork
from vedette.vision.models.kept import NOTHING_KEPT, KeptNetworks
from vedette.vision.models.registry import InstalledModel
from vedette.vision.recognize.plate_finder import SIDE_PX, PlateFinder
from vedette.vision.recognize.plate_reader import PlateReader
from vedette.vision.recognize.plates import PlateRecognizer


def make_plate_recognizer(models: Mapping[str, InstalledModel], kept: KeptNetworks = NOTHING_KEPT) -> PlateRecognizer:
    """Composes the recognizer."""
    detector = models["plate-detector"]
    network = OpenVinoNetwork(detector, (1, SIDE_PX, SIDE_PX, 3), kept=kept)
    thresholds = detector.manifest.thresholds
    return PlateRecognizer(
        PlateFinder(network, thresholds["floor"], thresholds["sure"]),
        PlateReader(OpenVinoNetwork(models["plate-reader"], kept=kept)),
    )
