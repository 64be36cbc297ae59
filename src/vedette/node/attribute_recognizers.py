"""Makes the recognizers of people, their appearance, and vehicles of their models. Imported in the jail only."""

from collections.abc import Mapping

from vedette.adapters.openvino_network import OpenVinoNetwork
from vedette.vision.models.kept import KeptNetworks
from vedette.vision.models.registry import InstalledModel
from vedette.vision.recognize.appearance import AppearanceRecognizer
from vedette.vision.recognize.attribute_forms import APPEARANCE_MODELS
from vedette.vision.recognize.people import PersonRecognizer
from vedette.vision.recognize.vehicles import KINDS_SIDE_PX, VehicleRecognizer


def make_person_recognizer(models: Mapping[str, InstalledModel], kept: KeptNetworks) -> PersonRecognizer:
    return PersonRecognizer(OpenVinoNetwork(models["person-attributes-0230"], kept=kept))


def make_appearance_recognizer(models: Mapping[str, InstalledModel], kept: KeptNetworks) -> AppearanceRecognizer:
    model = models[APPEARANCE_MODELS[0]]
    taken = model.manifest.input
    return AppearanceRecognizer(OpenVinoNetwork(model, kept=kept), (taken.width, taken.height))


def make_vehicle_recognizer(models: Mapping[str, InstalledModel], kept: KeptNetworks) -> VehicleRecognizer:
    kinds = OpenVinoNetwork(models["yolox-nano"], (1, 3, KINDS_SIDE_PX, KINDS_SIDE_PX), kept=kept)
    return VehicleRecognizer(OpenVinoNetwork(models["vehicle-attributes-0039"], kept=kept), kinds)
