"""Makes the recognizers of faces of their models. Imported in the jail only: it loads the inference runtime."""

from collections.abc import Mapping

from vedette.adapters.openvino_network import OpenVinoNetwork
from vedette.vision.models.kept import NOTHING_KEPT, KeptNetworks
from vedette.vision.models.registry import InstalledModel
from vedette.vision.recognize.face_detector import FaceDetector, FaceFinder, TwoScaleFaceDetector
from vedette.vision.recognize.face_templates import FaceTemplateRecognizer
from vedette.vision.recognize.face_traits import AgeSexEstimator, FaceEmbedder, LivenessJudge
from vedette.vision.recognize.faces import FaceRecognizer
from vedette.vision.recognize.glasses import GlassesJudge
from vedette.vision.recognize.records import WHOLE_PICTURE

HEAD_SIDE_PX, CROP_SIDE_PX, PICTURE_SIDE_PX = 160, 320, 640
"""A head region needs few pixels (1.6 ms), an object of unknown kind more (6 ms), a whole picture most (23 ms)."""
_LIVENESS = ("minifasnet-v2", "minifasnet-v1se")


def make_face_detector(
    model: InstalledModel, side_px: int, kept: KeptNetworks = NOTHING_KEPT, *, most_enlarged: float | None = None
) -> FaceDetector:
    """YuNet, or the default pack's detector that answers as it does, for one input size."""
    network = OpenVinoNetwork(model, (1, 3, side_px, side_px), kept=kept)
    enlarge = model.manifest.input.enlarge if most_enlarged is None else most_enlarged
    return FaceDetector(network, side_px, model.manifest.thresholds["score"], enlarge)


def make_picture_face_detector(model: InstalledModel, kept: KeptNetworks = NOTHING_KEPT) -> FaceFinder:
    """The same for whole pictures."""
    enlarge = model.manifest.input.enlarge
    plain = make_face_detector(model, PICTURE_SIDE_PX, kept, most_enlarged=1.0)
    if enlarge == 1.0:
        return plain
    return TwoScaleFaceDetector(plain, make_face_detector(model, round(PICTURE_SIDE_PX * enlarge), kept))


def make_face_recognizer(models: Mapping[str, InstalledModel], kept: KeptNetworks) -> FaceRecognizer:
    """Composes the recognizer."""
    return FaceRecognizer(
        _make_detectors(models["yunet-n"], kept),
        _make_age_sex(models, kept),
        _make_liveness(models, kept),
        _make_glasses(models, kept),
    )


def make_template_recognizer(models: Mapping[str, InstalledModel], kept: KeptNetworks) -> FaceTemplateRecognizer:
    """Composes the recognizer that makes templates."""
    embedder = FaceEmbedder(OpenVinoNetwork(models["face-reid-0095"], kept=kept))
    return FaceTemplateRecognizer(_make_detectors(models["yunet-n"], kept), embedder)


def _make_detectors(model: InstalledModel, kept: KeptNetworks) -> dict[str, FaceFinder]:
    head, crop = (make_face_detector(model, side, kept) for side in (HEAD_SIDE_PX, CROP_SIDE_PX))
    picture = make_picture_face_detector(model, kept)
    return {"person": head, "two_wheeler": crop, "object": crop, WHOLE_PICTURE: picture}


def _make_age_sex(models: Mapping[str, InstalledModel], kept: KeptNetworks) -> AgeSexEstimator | None:
    model = models.get("age-gender-0013-int8")
    return AgeSexEstimator(OpenVinoNetwork(model, kept=kept)) if model else None


def _make_glasses(models: Mapping[str, InstalledModel], kept: KeptNetworks) -> GlassesJudge | None:
    model = models.get("glasses")
    return GlassesJudge(OpenVinoNetwork(model, kept=kept)) if model else None


def _make_liveness(models: Mapping[str, InstalledModel], kept: KeptNetworks) -> LivenessJudge | None:
    if not all(name in models for name in _LIVENESS):
        return None
    return LivenessJudge([OpenVinoNetwork(models[name], (1, 3, 80, 80), kept=kept) for name in _LIVENESS])
