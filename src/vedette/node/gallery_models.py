"""Which models look at a gallery, and how its recognizers of faces are made: for whole pictures alone."""

from vedette.core.errors import NotFoundError
from vedette.vision.models.registry import ModelRegistry
from vedette.vision.recognize.face_templates import FaceTemplateRecognizer
from vedette.vision.recognize.faces import FaceRecognizer
from vedette.vision.recognize.records import WHOLE_PICTURE

CLASSIFIER = "mobilenet-v2-imagenet"
_FACES = ("yunet-n", "face-reid-0095", "age-gender-0013-int8")


class GalleryModelMissingError(NotFoundError):
    """Nothing here can say what a picture shows."""

    code = "gallery_model_missing"


def check_classifier(registry: ModelRegistry) -> None:
    """Raises GalleryModelMissingError unless the classifier is installed; ModelRefusedError when it differs."""
    manifest = registry.find_named(CLASSIFIER)
    if not registry.is_installed(manifest):
        raise GalleryModelMissingError(
            "the model that says what pictures show is not installed", "Run `vedette models pull standard`."
        )
    registry.load(manifest)


def has_face_models(registry: ModelRegistry) -> bool:
    """Whether all models of faces are installed."""
    return all(registry.is_installed(registry.find_named(name)) for name in _FACES)


def name_releases(registry: ModelRegistry, *, has_faces: bool) -> list[str]:
    """The releases that look at a gallery."""
    names = (CLASSIFIER, *_FACES) if has_faces else (CLASSIFIER,)
    return [registry.find_named(name).release for name in names]


def make_gallery_faces(registry: ModelRegistry) -> tuple[FaceRecognizer, FaceTemplateRecognizer]:
    """Both recognizers with one detector. In the jail only: it loads the inference runtime."""
    from vedette.adapters.openvino_network import OpenVinoNetwork  # noqa: PLC0415 -- in the jail only
    from vedette.node.face_recognizer import make_picture_face_detector  # noqa: PLC0415 -- as above
    from vedette.vision.recognize.face_traits import AgeSexEstimator, FaceEmbedder  # noqa: PLC0415 -- as above

    found, embedding, age_sex = (registry.load(registry.find_named(name)) for name in _FACES)
    detectors = {WHOLE_PICTURE: make_picture_face_detector(found)}
    return (
        FaceRecognizer(detectors, AgeSexEstimator(OpenVinoNetwork(age_sex)), None),
        FaceTemplateRecognizer(detectors, FaceEmbedder(OpenVinoNetwork(embedding))),
    )
