"""The recipes of `vedette lab train`: data, network, plan and export of each model of the default pack."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path

import cv2
import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from vedette.adapters.classifier_network import open_classifier
from vedette.adapters.openvino_detector import OpenVinoDetector
from vedette.adapters.openvino_network import OpenVinoNetwork
from vedette.core.errors import InvalidInputError
from vedette.lab.appearance import training as appearance_training
from vedette.lab.appearance.network import OUTPUT as EMBEDDING
from vedette.lab.appearance.network import as_unit_vectors, build_embedder
from vedette.lab.appearance.samples import INPUT_WH as PERSON_WH
from vedette.lab.appearance.samples import TAUGHT_WH as TEACHER_WH
from vedette.lab.appearance.samples import collect_people as collect_bodies
from vedette.lab.classifier import training as classifier_training
from vedette.lab.classifier.answers import classify_all
from vedette.lab.classifier.networks import SIDE_PX as CLASSIFIER_SIDE_PX
from vedette.lab.classifier.networks import with_views
from vedette.lab.classifier.pictures import LabelledPictures, load_pictures
from vedette.lab.classifier.release import release_classifier
from vedette.lab.curves import draw_curves, read_history
from vedette.lab.detector import network, training
from vedette.lab.detector.pictures import collect_pictures, draw_scenes
from vedette.lab.detector.samples import Stock
from vedette.lab.detector.teachers import YOLOX_SIDE_PX, Teachers
from vedette.lab.enhance.samples import load_lumas
from vedette.lab.enhance.training import train_bank
from vedette.lab.export import describe_files, export_openvino
from vedette.lab.faces import training as faces_training
from vedette.lab.faces.network import as_yunet, build_face_detector, output_names
from vedette.lab.faces.samples import SIDE_PX as FACES_SIDE_PX
from vedette.lab.faces.samples import collect_faces
from vedette.lab.glasses import training as glasses_training
from vedette.lab.glasses.samples import collect_people, read_worn
from vedette.lab.glasses.training import train_on_faces
from vedette.lab.plates import detector_training, reader_training
from vedette.lab.plates.labelled import load_labelled_photos
from vedette.lab.plates.networks import build_detector, build_reader
from vedette.lab.plates.reader_samples import INPUT_WH
from vedette.lab.plates.scenes import load_photos
from vedette.lab.quantize import quantize_release
from vedette.lab.restart import average, take_released
from vedette.lab.training import HISTORY, Plan, Trainer, prepare_pictures, training_dtype
from vedette.runtime.clock import Clock
from vedette.runtime.files import replace_file
from vedette.vision.models.registry import ModelRegistry
from vedette.vision.recognize.appearance import AppearanceRecognizer
from vedette.vision.recognize.face_detector import FaceDetector
from vedette.vision.recognize.glasses import STRIP_WH

DETECTOR_SIDE_PX = 256
_HEAD_SIDE_PX, _PICTURE_SIDE_PX = 160, 640
_MOST_PHOTOS = 500
_CALIBRATED_ON, _MEASURED_ON = 300, 256
_GOING_ON = 0.4
"""Share of the plan's learning rate for a network that has learnt before."""
_LEARNT_ANEW = 0.4
"""What the weights then count beside those before. Chosen among .3 to .6 on what the detector is measured on."""


@dataclass(frozen=True, slots=True)
class TrainingInputs:
    """What a person chose.

    Attributes:
        backgrounds: Folders of photographs without plates.
        labelled: Folders of pictures with labelled plates.
        pictures: Videos, photographs and folders of them, that the teachers label; for super-resolution folders of
            PNG or BMP; for the classifiers one folder of `<class>/*.jpg`.
        models: Where the standard pack is installed: the teachers.
        worn: A text file that names who wears glasses: a line is `person`, or `person/picture`.
        begin_with: A release (.xml) whose weights are trained on, for when there is no checkpoint.
    """

    folder: Path
    backgrounds: Sequence[Path] = ()
    labelled: Sequence[Path] = ()
    pictures: Sequence[Path] = ()
    models: Path = Path("var/models")
    shards: int | None = None
    worn: Path | None = None
    begin_with: Path | None = None

    def cut(self, plan: Plan) -> Plan:
        """The recipe's plan in the length that was asked for."""
        return plan if self.shards is None else replace(plan, shards=self.shards)


Train = Callable[[TrainingInputs, Clock, Callable[[str], None]], list[str]]


def _take_trained(model: keras.Model, trainer: Trainer) -> keras.Model:
    """Trains, and gives the float32 model the weights of the one that was trained, perhaps in bfloat16."""
    model.set_weights(trainer.run().get_weights())
    return model


def train_plate_reader(inputs: TrainingInputs, clock: Clock, tell: Callable[[str], None]) -> list[str]:
    """Trains or goes on training the reader; exports it; returns lines for its manifest."""
    trainer = Trainer(
        folder=inputs.folder,
        plan=inputs.cut(reader_training.PLAN),
        build=build_reader,
        draw_shard=reader_training.draw_reader_shard,
        prepare=reader_training.prepare_reader_batch,
        loss=reader_training.reader_loss(),
        clock=clock,
        tell=tell,
    )
    shape = (1, INPUT_WH[1], INPUT_WH[0], 1)
    return export_openvino(trainer.run(), ("signs",), shape, inputs.folder / "release", "plate-reader")


def train_plate_detector(inputs: TrainingInputs, clock: Clock, tell: Callable[[str], None]) -> list[str]:
    """Trains or goes on training the detector; exports it; returns lines for its manifest."""
    photos = load_photos(inputs.backgrounds, _MOST_PHOTOS, np.random.default_rng(5))
    labelled = load_labelled_photos(list(inputs.labelled))
    tell(f"{len(photos)} photographs as backgrounds, {len(labelled)} labelled ones")
    trainer = Trainer(
        folder=inputs.folder,
        plan=inputs.cut(detector_training.PLAN),
        build=build_detector,
        draw_shard=detector_training.make_draw_detector_shard(photos, labelled),
        prepare=prepare_pictures,
        loss=detector_training.PlateLoss(),
        clock=clock,
        tell=tell,
    )
    shape = (1, DETECTOR_SIDE_PX, DETECTOR_SIDE_PX, 3)
    return export_openvino(as_scores(trainer.run()), ("plates",), shape, inputs.folder / "release", "plate-detector")


def as_scores(model: keras.Model) -> keras.Model:
    """The detector with its first value as a score 0..1: training wants logits, users want scores."""
    image = keras.Input((None, None, 3), name="image")
    answer = model(image)
    score = layers.Activation("sigmoid")(answer[..., :1])
    return keras.Model(image, layers.Concatenate()([score, answer[..., 1:]]))


def train_face_detector(inputs: TrainingInputs, clock: Clock, tell: Callable[[str], None]) -> list[str]:
    """Trains or goes on training the face detector: it learns to answer as the standard pack's does."""
    registry = ModelRegistry(inputs.models)
    teacher = registry.load(registry.find_named("yunet-n"))
    whole = OpenVinoNetwork(teacher, (1, 3, _PICTURE_SIDE_PX, _PICTURE_SIDE_PX))
    find = FaceDetector(whole, _PICTURE_SIDE_PX, teacher.manifest.thresholds["score"]).detect
    stock = collect_faces(inputs.pictures, find, tell)
    usual, large = (OpenVinoNetwork(teacher, (1, 3, side, side)) for side in (FACES_SIDE_PX, 2 * FACES_SIDE_PX))
    trainer = Trainer(
        folder=inputs.folder,
        plan=inputs.cut(faces_training.PLAN),
        build=lambda: build_face_detector(training_dtype()),
        draw_shard=faces_training.make_draw_shard(stock, faces_training.Teacher(usual, large)),
        prepare=prepare_pictures,
        loss=faces_training.FaceLoss(),
        clock=clock,
        tell=tell,
        jit_compile=False,
    )
    shape = (1, 3, _HEAD_SIDE_PX, _HEAD_SIDE_PX)
    model = _take_trained(build_face_detector(), trainer)
    return export_openvino(as_yunet(model), output_names(), shape, inputs.folder / "release", "face-detector")


def train_detector(inputs: TrainingInputs, clock: Clock, tell: Callable[[str], None]) -> list[str]:
    """Trains or goes on training the detector of people, vehicles and two-wheelers on pictures that teachers label."""
    kept = inputs.folder / "taught"
    teachers = _make_teachers(inputs.models)
    groups = collect_pictures(inputs.pictures, teachers, kept, tell) + draw_scenes(kept, tell)
    tell(f"{sum(map(len, groups))} pictures of {len(groups)} files")
    draw_shard = training.make_draw_shard(Stock(groups), teachers.look)
    plan = inputs.cut(training.PLAN)

    seen, _ = draw_shard(plan.shards + 1, _MEASURED_ON if inputs.begin_with else 0)
    measured = np.asarray(seen, np.float32) / np.float32(255)

    def build(dtype: str) -> keras.Model:
        model = network.build_detector(dtype)
        return take_released(model, inputs.begin_with, measured, full_scale=255) if inputs.begin_with else model

    trainer = Trainer(
        folder=inputs.folder,
        plan=plan if inputs.begin_with is None else replace(plan, peak_rate=plan.peak_rate * _GOING_ON),
        build=lambda: build(training_dtype()),
        draw_shard=draw_shard,
        prepare=prepare_pictures,
        loss=training.DetectorLoss(),
        clock=clock,
        tell=tell,
        jit_compile=False,
    )
    model = _take_trained(network.build_detector(), trainer)
    if inputs.begin_with is not None:
        average(build("float32"), model, _LEARNT_ANEW, measured)
    folder, shape = inputs.folder / "release", (1, 3, *network.RELEASE_WH[::-1])
    lines = export_openvino(network.as_boxes(model), ("boxes", "labels"), shape, folder, "detector")
    pictures, _ = draw_shard(plan.shards, _CALIBRATED_ON)
    enlarged = (cv2.resize(picture, network.RELEASE_WH) for picture in np.asarray(pictures, np.uint8))
    calibration = [picture.transpose(2, 0, 1)[None].astype(np.float32) for picture in enlarged]
    quantize_release(folder, "detector", calibration, spares_head=True)
    return lines + describe_files(folder, "detector-int8")


def train_glasses(inputs: TrainingInputs, clock: Clock, tell: Callable[[str], None]) -> list[str]:
    """Trains or goes on training the network of glasses on pictures of people, of which a list says who wears some."""
    if len(inputs.pictures) != 1 or inputs.worn is None:
        raise InvalidInputError(
            "glasses are taught by one folder of people and a list", "Give each once: --pictures FOLDER --worn FILE."
        )
    registry = ModelRegistry(inputs.models)
    model = registry.load(registry.find_named("face-detector"))
    whole = OpenVinoNetwork(model, (1, 3, _HEAD_SIDE_PX, _HEAD_SIDE_PX))
    find = FaceDetector(whole, _HEAD_SIDE_PX, model.manifest.thresholds["score"], model.manifest.input.enlarge).detect
    faces = collect_people(inputs.pictures[0], read_worn(inputs.worn), find)
    tell(f"{len(faces)} faces, {sum(face.is_worn for face in faces)} with glasses")
    trained = train_on_faces(faces, inputs.folder, inputs.cut(glasses_training.PLAN), clock, tell)
    shape = (1, STRIP_WH[1], STRIP_WH[0], 1)
    return export_openvino(trained, ("worn",), shape, inputs.folder / "release", "glasses")


def train_person_reid(inputs: TrainingInputs, clock: Clock, tell: Callable[[str], None]) -> list[str]:
    """Trains or goes on training the network of appearance: it learns to answer as the standard pack's does."""
    kept = inputs.folder / "taught"
    people = collect_bodies(
        collect_pictures(inputs.pictures, _make_teachers(inputs.models), kept, tell) + draw_scenes(kept, tell)
    )
    tell(f"{people.count} people, as often as they are seen")
    registry = ModelRegistry(inputs.models)
    asked = OpenVinoNetwork(registry.load(registry.find_named("person-reid-0287")))
    teacher = AppearanceRecognizer(asked, TEACHER_WH)
    trainer = Trainer(
        folder=inputs.folder,
        plan=inputs.cut(appearance_training.PLAN),
        build=lambda: build_embedder(training_dtype()),
        draw_shard=appearance_training.make_draw_shard(people, teacher.embed),
        prepare=prepare_pictures,
        loss=appearance_training.AppearanceLoss(),
        clock=clock,
        tell=tell,
        jit_compile=False,
    )
    model = _take_trained(build_embedder(), trainer)
    shape = (1, 3, PERSON_WH[1], PERSON_WH[0])
    return export_openvino(as_unit_vectors(model), (EMBEDDING,), shape, inputs.folder / "release", "person-reid-small")


def train_super_resolution(inputs: TrainingInputs, clock: Clock, tell: Callable[[str], None]) -> list[str]:
    """Trains or goes on training the weight sets of super-resolution; gives lines for their manifest."""
    lumas = load_lumas(inputs.pictures)
    tell(f"{len(lumas)} photographs")
    return train_bank(lumas, inputs.folder, inputs.shards, clock, tell)


def train_small_classifier(inputs: TrainingInputs, clock: Clock, tell: Callable[[str], None]) -> list[str]:
    """Trains or goes on training the small classifier of our own."""
    return _train_lean_classifier("small", inputs, clock, tell)


def train_large_classifier(inputs: TrainingInputs, clock: Clock, tell: Callable[[str], None]) -> list[str]:
    """Trains or goes on training the large classifier of our own."""
    return _train_lean_classifier("large", inputs, clock, tell)


def _train_lean_classifier(size: str, inputs: TrainingInputs, clock: Clock, tell: Callable[[str], None]) -> list[str]:
    taught, held_out = _load_classes(inputs, tell)
    recipe = classifier_training.LEAN[size]
    recipe = replace(recipe, plan=inputs.cut(recipe.plan))
    answers = ask_teacher(recipe.teacher, taught, inputs.folder, tell) if recipe.teacher else None
    model = classifier_training.train_lean(recipe, taught, held_out, inputs.folder, clock, tell, answers)
    _plot({size: inputs.folder}, inputs.folder, f"Classifier, {size}: loss and accuracy by epoch")
    released = with_views(model) if size == "large" else model  # time that only the large one has to spend
    return release_classifier(released, f"classifier-{size}", taught, held_out, inputs.folder / "release")


def ask_teacher(
    name: str, taught: LabelledPictures, folder: Path, tell: Callable[[str], None]
) -> NDArray[np.float32] | None:
    """What an embedded classifier says of all pictures (N, classes); kept in the folder for when training goes on. None
    where it knows other classes.
    """
    registry = ModelRegistry(Path())
    manifest = registry.find_named(name)
    if list(taught.names) != manifest.labels:
        tell(f"{name} knows other classes: the labels alone are learned")
        return None
    kept = folder / "answers.npy"
    if not kept.is_file():
        tell(f"{name} is asked about {len(taught)} pictures")
        answers = classify_all(open_classifier(registry.load(manifest)), taught.pictures)
        folder.mkdir(parents=True, exist_ok=True)
        written = BytesIO()
        np.save(written, answers)
        replace_file(kept, written.getvalue())
    answers = np.asarray(np.load(kept, allow_pickle=False), np.float32)
    if answers.shape != (len(taught), len(taught.names)):
        raise InvalidInputError(f"{kept} is of other pictures", "Train in another folder, or remove it.")
    return answers


def train_report_classifier(inputs: TrainingInputs, clock: Clock, tell: Callable[[str], None]) -> list[str]:
    """Trains the report's network twice: at the constant rate that it really had, and with the decay that it wrote."""
    taught, held_out = _load_classes(inputs, tell)
    folders, lines = {}, []
    for name, decays in (("constant", False), ("decaying", True)):
        folders[name] = inputs.folder / name
        tell(f"learning rate: {name}")
        model = classifier_training.train_report(
            decays=decays,
            plan=inputs.cut(classifier_training.REPORT_PLAN),
            taught=taught,
            held_out=held_out,
            folder=folders[name],
            clock=clock,
            tell=tell,
        )
        lines += release_classifier(model, f"classifier-report-{name}", taught, held_out, inputs.folder / "release")
    _plot(folders, inputs.folder, "The report's network: loss and accuracy by epoch")
    return lines


def _load_classes(inputs: TrainingInputs, tell: Callable[[str], None]) -> tuple[LabelledPictures, LabelledPictures]:
    if len(inputs.pictures) != 1:
        raise InvalidInputError("a classifier is taught by one folder", "Give it once: --pictures FOLDER.")
    everything, held_out = load_pictures(inputs.pictures[0], CLASSIFIER_SIDE_PX)
    tell(f"{len(everything)} pictures of {len(everything.names)} classes, every tenth held out")
    return everything.pick(~held_out), everything.pick(held_out)


def _plot(folders: dict[str, Path], out: Path, title: str) -> None:
    lines = {
        f"{name} {figure}": values
        for name, folder in folders.items()
        for figure, values in read_history(folder / HISTORY).items()
    }
    (out / "curves.svg").write_text(draw_curves(lines, title), "utf-8")


def _make_teachers(models: Path) -> Teachers:
    registry = ModelRegistry(models)
    surveillance, general = (registry.load(registry.find_named(name)) for name in ("pvb-2004-int8", "yolox-nano"))
    return Teachers(OpenVinoDetector(surveillance, 1), OpenVinoNetwork(general, (1, 3, YOLOX_SIDE_PX, YOLOX_SIDE_PX)))


RECIPES: dict[str, Train] = {
    "classifier-large": train_large_classifier,
    "classifier-report": train_report_classifier,
    "classifier-small": train_small_classifier,
    "detector": train_detector,
    "face-detector": train_face_detector,
    "glasses": train_glasses,
    "person-reid": train_person_reid,
    "plate-detector": train_plate_detector,
    "plate-reader": train_plate_reader,
    "super-resolution": train_super_resolution,
}
