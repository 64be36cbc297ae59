"""What is compressed: a release of the registry or a Keras model file, with the judge of its work."""

from dataclasses import dataclass
from pathlib import Path

import openvino as ov

from vedette.adapters.openvino_network import OpenVinoNetwork
from vedette.core.errors import InvalidInputError
from vedette.lab.compress.graph import open_files, open_keras
from vedette.lab.compress.judges import AgreementJudge, ClassesJudge, FaceJudge, Judge, PlateJudge, find_pictures
from vedette.lab.compress.networks import CompiledVariant, RememberingNetwork
from vedette.lab.plates.labels import is_held_out, read_labels
from vedette.vision.models.manifest import ModelInput
from vedette.vision.models.registry import InstalledModel, ModelRegistry
from vedette.vision.recognize.face_detector import FaceDetector
from vedette.vision.recognize.plate_finder import SIDE_PX as PLATE_SIDE_PX

FACE_SIDE_PX = 320
_NO_TEACHER = "there is no larger network of ours that it could learn from"


@dataclass(frozen=True, slots=True)
class Subject:
    """One network and its judge.

    Attributes:
        teacher: The network that it was distilled from, None where it was not.
        distilled: What is to be said of distillation.
    """

    release: str
    model: ov.Model
    judge: Judge
    teacher: ov.Model | None = None
    distilled: str = _NO_TEACHER


@dataclass(frozen=True, slots=True)
class SubjectTerms:
    """What a person chose.

    Attributes:
        name: Of a release, or the path of a `.keras` file.
        models: Where the standard pack is installed.
        most: Pictures to look at.
        scale: What a Keras model gets for a pixel of 255.
    """

    name: str
    data: Path
    models: Path
    most: int = 60
    scale: float = 1.0


def open_subject(terms: SubjectTerms) -> Subject:
    """Opens the network and finds its judge: by its task, else by folders of classes, else by agreement with itself.

    Raises:
        InvalidInputError: the model or its pictures are not to be used.
        NotFoundError: there is no such release, or it or its reference is not installed.
    """
    if Path(terms.name).suffix == ".keras":
        return _open_keras(terms)
    registry = ModelRegistry(terms.models)
    installed = registry.load(registry.find_named(terms.name))
    if not installed.manifest.files[0].path.endswith((".xml", ".onnx", ".tflite")):
        raise InvalidInputError(
            f"the weights of {terms.name} are no network file",
            "Super-resolution has its own integer form: python -m evals.super_resolution prints psnr_y_w10a14.",
        )
    task = installed.manifest.task
    if task == "face_detection":
        return _open_faces(terms, registry, installed)
    if task in {"plate_detection", "plate_reading"}:
        return _open_plates(terms, registry, installed)
    return _open_other(terms, installed)


def _open_keras(terms: SubjectTerms) -> Subject:
    path = Path(terms.name)
    if not path.is_file():
        raise InvalidInputError(f"there is no file {path}")
    model = open_keras(path, None)
    shape = list(model.input(0).shape)
    form = ModelInput("image", shape[2], shape[1], "NHWC", "RGB", (0.0, terms.scale), "plain")
    if shape[3] == 1:
        form = ModelInput("image", shape[2], shape[1], "NHWC", "GREY", (0.0, terms.scale), "plain")
    return Subject(path.name, model, _judge_pictures(terms, model, form, []))


def _open_other(terms: SubjectTerms, installed: InstalledModel) -> Subject:
    form = installed.manifest.input
    model = open_files(installed.files, _shape(form))
    return Subject(installed.manifest.release, model, _judge_pictures(terms, model, form, installed.manifest.labels))


def _judge_pictures(terms: SubjectTerms, model: ov.Model, form: ModelInput, labels: list[str]) -> Judge:
    """By classes where the folders of the data are those that the network tells apart."""
    files = find_pictures(terms.data, terms.most)
    folders = sorted(path.name for path in terms.data.iterdir() if path.is_dir())
    outputs = model.outputs[0].get_partial_shape().get_max_shape()
    if len(model.outputs) == 1 and len(folders) > 1 and outputs[-1] == len(folders):
        classes = labels if set(labels) == set(folders) else folders
        return ClassesJudge(files, classes, form)
    return AgreementJudge(files, CompiledVariant("original", model), form)


def _open_faces(terms: SubjectTerms, registry: ModelRegistry, installed: InstalledModel) -> Subject:
    shape = (1, 3, FACE_SIDE_PX, FACE_SIDE_PX)
    teacher = registry.load(registry.find_named("yunet-n"))
    reference = FaceDetector(OpenVinoNetwork(teacher, shape), FACE_SIDE_PX, teacher.manifest.thresholds["score"])
    judge = FaceJudge(
        find_pictures(terms.data, terms.most), reference, FACE_SIDE_PX, installed.manifest.thresholds["score"]
    )
    is_student = installed.manifest.name == "face-detector"
    return Subject(
        installed.manifest.release,
        open_files(installed.files, shape),
        judge,
        open_files(teacher.files, shape) if is_student else None,
        f"every row of this table is: it learned from {teacher.manifest.release}, this row"
        if is_student
        else _NO_TEACHER,
    )


def _open_plates(terms: SubjectTerms, registry: ModelRegistry, installed: InstalledModel) -> Subject:
    detector, reader = (registry.load(registry.find_named(name)) for name in ("plate-detector", "plate-reader"))
    pictures = [picture for picture in read_labels(terms.data) if is_held_out(picture)][: terms.most]
    thresholds = detector.manifest.thresholds
    pair = (thresholds["floor"], thresholds["sure"])
    side = (1, PLATE_SIDE_PX, PLATE_SIDE_PX, 3)
    if installed.manifest.task == "plate_detection":
        judge = PlateJudge(pictures, pair, reader=OpenVinoNetwork(reader))
        return Subject(installed.manifest.release, open_files(installed.files, side), judge)
    known = RememberingNetwork(OpenVinoNetwork(detector, side))
    judge = PlateJudge(pictures, pair, detector=known)
    return Subject(installed.manifest.release, open_files(installed.files, _shape(installed.manifest.input)), judge)


def _shape(form: ModelInput) -> tuple[int, int, int, int]:
    colours = 1 if form.colour == "GREY" else 3
    if form.layout == "NCHW":
        return 1, colours, form.height, form.width
    return 1, form.height, form.width, colours
