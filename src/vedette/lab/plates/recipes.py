"""The two recipes of `vedette lab train`: data, network, plan and export of the plate detector and reader."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import keras
import numpy as np
from keras import layers

from vedette.lab.export import export_openvino
from vedette.lab.plates import detector_training, reader_training
from vedette.lab.plates.labelled import load_labelled_photos
from vedette.lab.plates.networks import build_detector, build_reader
from vedette.lab.plates.reader_samples import INPUT_WH
from vedette.lab.plates.scenes import load_photos
from vedette.lab.training import Trainer
from vedette.runtime.clock import Clock

DETECTOR_SIDE_PX = 256
_MOST_PHOTOS = 500


@dataclass(frozen=True, slots=True)
class TrainingInputs:
    """What a person chose. `backgrounds`: folders of photographs without plates; `labelled`: with labelled ones."""

    folder: Path
    backgrounds: Sequence[Path]
    labelled: Sequence[Path]
    shards: int | None


Train = Callable[[TrainingInputs, Clock, Callable[[str], None]], list[str]]


def train_plate_reader(inputs: TrainingInputs, clock: Clock, tell: Callable[[str], None]) -> list[str]:
    """Trains or goes on training the reader; exports it; returns lines for its manifest."""
    plan = reader_training.PLAN if inputs.shards is None else replace(reader_training.PLAN, shards=inputs.shards)
    trainer = Trainer(
        folder=inputs.folder,
        plan=plan,
        build=build_reader,
        draw_shard=reader_training.draw_reader_shard,
        prepare=reader_training.prepare_reader_batch,
        loss=reader_training.reader_loss(),
        clock=clock,
        tell=tell,
    )
    shape = (1, INPUT_WH[1], INPUT_WH[0], 1)
    return export_openvino(trainer.run(), "signs", shape, inputs.folder / "release", "plate-reader")


def train_plate_detector(inputs: TrainingInputs, clock: Clock, tell: Callable[[str], None]) -> list[str]:
    """Trains or goes on training the detector; exports it; returns lines for its manifest."""
    plan = detector_training.PLAN if inputs.shards is None else replace(detector_training.PLAN, shards=inputs.shards)
    photos = load_photos(inputs.backgrounds, _MOST_PHOTOS, np.random.default_rng(5))
    labelled = load_labelled_photos(list(inputs.labelled))
    tell(f"{len(photos)} photographs as backgrounds, {len(labelled)} labelled ones")
    trainer = Trainer(
        folder=inputs.folder,
        plan=plan,
        build=build_detector,
        draw_shard=detector_training.make_draw_detector_shard(photos, labelled),
        prepare=detector_training.prepare_detector_batch,
        loss=detector_training.PlateLoss(),
        clock=clock,
        tell=tell,
    )
    shape = (1, DETECTOR_SIDE_PX, DETECTOR_SIDE_PX, 3)
    return export_openvino(as_scores(trainer.run()), "plates", shape, inputs.folder / "release", "plate-detector")


def as_scores(model: keras.Model) -> keras.Model:
    """The detector with its first value as a score 0..1: training wants logits, users want scores."""
    image = keras.Input((None, None, 3), name="image")
    answer = model(image)
    score = layers.Activation("sigmoid")(answer[..., :1])
    return keras.Model(image, layers.Concatenate()([score, answer[..., 1:]]))


RECIPES: dict[str, Train] = {"plate-detector": train_plate_detector, "plate-reader": train_plate_reader}
