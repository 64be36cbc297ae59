"""Makes the recognizers of people, their appearance, and vehicles of their models. Imported in the jail only."""

from collections.abc import Mapping

from vedette.adapters.openvino_network import OpenVinoNetwork
from vedette.vision.models.registry import InstalledModel
from vedette.vision.recognize.appearance import AppearanceRecognizer
from vedette.vision.recognize.attribute_forms import APPEARANCE_MODEL
from vedette.vision.recognize.people import PersonRecognizer
from vedette.vision.recognize.vehicles import KINDS_SIDE_PX, VehicleRecognizer


def make_person_recognizer(models: Mapping[str, InstalledModel]) -> PersonRecognizer:
    return PersonRecognizer(OpenVinoNetwork(models["person-attributes-0230"]))


def make_appearance_recognizer(models: Mapping[str, InstalledModel]) -> AppearanceRecognizer:
    return AppearanceRecognizer(OpenVinoNetwork(models[APPEARANCE_MODEL]))


def make_vehicle_recognizer(models: Mapping[str, InstalledModel]) -> VehicleRecognizer:
    kinds = OpenVinoNetwork(models["yolox-nano"], (1, 3, KINDS_SIDE_PX, KINDS_SIDE_PX))
    return VehicleRecognizer(OpenVinoNetwork(models["vehicle-attributes-0039"]), kinds)
