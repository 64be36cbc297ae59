"""Makes the recognizers of people, their appearance, vehicles and makes of their models. Imported in the jail only."""

from collections.abc import Mapping

from vedette.adapters.openvino_network import OpenVinoNetwork
from vedette.core.errors import InvalidInputError
from vedette.vision.models.kept import KeptNetworks
from vedette.vision.models.registry import InstalledModel
from vedette.vision.models.selftest import ModelRefusedError, SelfTestFailedError
from vedette.vision.recognize.appearance import AppearanceRecognizer
from vedette.vision.recognize.attribute_forms import APPEARANCE_MODEL
from vedette.vision.recognize.carried import SIDE_PX, BagFinder
from vedette.vision.recognize.makes import MakeRecognizer
from vedette.vision.recognize.people import PersonRecognizer
from vedette.vision.recognize.vehicles import KINDS_SIDE_PX, VehicleRecognizer


def make_person_recognizer(models: Mapping[str, InstalledModel], kept: KeptNetworks) -> PersonRecognizer:
    """What is carried is told where `yolox-nano` is installed too."""
    kinds = models.get("yolox-nano")
    shape = (1, 3, SIDE_PX, SIDE_PX)
    bags = None if kinds is None else BagFinder(OpenVinoNetwork(kinds, shape, kept=kept))
    return PersonRecognizer(OpenVinoNetwork(models["person-attributes-0230"], kept=kept), bags)


def make_appearance_recognizer(models: Mapping[str, InstalledModel], kept: KeptNetworks) -> AppearanceRecognizer:
    return AppearanceRecognizer(OpenVinoNetwork(models[APPEARANCE_MODEL], kept=kept))


def make_vehicle_recognizer(models: Mapping[str, InstalledModel], kept: KeptNetworks) -> VehicleRecognizer:
    kinds = OpenVinoNetwork(models["yolox-nano"], (1, 3, KINDS_SIDE_PX, KINDS_SIDE_PX), kept=kept)
    return VehicleRecognizer(OpenVinoNetwork(models["vehicle-attributes-0039"], kept=kept), kinds)


def make_make_recognizer(model: InstalledModel, kept: KeptNetworks) -> MakeRecognizer:
    """Whatever is wrong with somebody's own model is said as of one that fails its self-test: the analyzer then goes on
    without it, where a worker that only ended would be started again for ever.

    Raises:
        SelfTestFailedError: it cannot be used.
    """
    manifest = model.manifest
    given = manifest.input
    planes = (3, given.height, given.width) if given.layout == "NCHW" else (given.height, given.width, 3)
    try:
        return MakeRecognizer(OpenVinoNetwork(model, (1, *planes), kept=kept), manifest)
    except ModelRefusedError:
        raise
    except (InvalidInputError, RuntimeError) as error:
        raise SelfTestFailedError(f"{manifest.name}: it cannot be used: {error}") from error
