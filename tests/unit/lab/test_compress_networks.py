"""Hazards of a changed network: an answer that moved where it must not, a layer that was missed, a figure of nothing.

Needs the extra `lab`; skipped without it.
"""

from pathlib import Path

import cv2
import numpy as np
import openvino as ov
import pytest
from click.testing import CliRunner

pytest.importorskip("nncf")
keras = pytest.importorskip("keras")

from vedette.cli.lab import command  # noqa: E402 -- after the skip
from vedette.core.errors import InvalidInputError  # noqa: E402
from vedette.lab.compress.channels import prune_channels  # noqa: E402
from vedette.lab.compress.graph import (  # noqa: E402
    change_weights,
    find_layers,
    inner_layers,
    open_files,
    open_keras,
    replace_layers,
)
from vedette.lab.compress.judges import correlate_outputs  # noqa: E402
from vedette.lab.compress.low_rank import decompose_cp, decompose_svd  # noqa: E402
from vedette.lab.compress.networks import CompiledVariant, RememberingNetwork, time_side_by_side  # noqa: E402
from vedette.lab.compress.restoring import restore_statistics  # noqa: E402
from vedette.lab.compress.subjects import SubjectTerms, open_subject  # noqa: E402
from vedette.lab.compress.table import format_table, make_table  # noqa: E402
from vedette.runtime.clock import SystemClock  # noqa: E402
from vedette.vision.models.registry import ModelRegistry  # noqa: E402

RNG = np.random.default_rng(5)
CROPS = [RNG.normal(size=(1, 64, 160, 1)).astype(np.float32) for _ in range(4)]


def open_reader() -> ov.Model:
    registry = ModelRegistry(Path("absent"))
    return open_files(registry.load(registry.find_named("plate-reader")).files, None)


def answer(model: ov.Model, crop: np.ndarray = CROPS[0]) -> np.ndarray:
    return CompiledVariant("x", model).infer(crop)["signs"]


def save_small_classifier(path: Path) -> None:
    keras.utils.set_random_seed(3)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((16, 16, 3)),
            layers.Conv2D(8, 3, padding="same", activation="relu", bias_initializer="ones"),
            layers.Conv2D(12, 3, padding="same", activation="relu"),
            layers.Conv2D(8, 3, strides=2, padding="same", activation="relu"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(2),
        ]
    )
    model.save(path)


def save_classes(folder: Path) -> None:
    for name, level in (("dark", 30), ("light", 220)):
        (folder / name).mkdir(parents=True)
        for place in range(6):
            noise = RNG.normal(level, 8, (20, 20, 3))
            cv2.imwrite(str(folder / name / f"{place}.png"), np.clip(noise, 0, 255).astype(np.uint8))


def test_every_layer_of_our_reader_is_found_with_its_shape() -> None:
    layers = find_layers(open_reader())
    assert len(layers) == 10
    assert layers[0].weights.shape == (16, 1, 3, 3)
    assert layers[-1].weights.shape == (37, 96, 1, 1)
    assert [layer.name for layer in inner_layers(layers)] == [layer.name for layer in layers[1:-2]]


def test_same_weights_give_the_same_answer_and_others_another() -> None:
    model = open_reader()
    layers = find_layers(model)
    np.testing.assert_array_equal(answer(change_weights(model, layers, np.copy)), answer(model))
    assert np.abs(answer(change_weights(model, layers[3:4], np.zeros_like)) - answer(model)).max() > 0.05


def test_layers_split_at_full_rank_answer_as_before() -> None:
    model = open_reader()
    layer = find_layers(model)[2]  # stride 2 and padding on one side only
    wide = find_layers(model)[4]
    splits = {layer.name: decompose_svd(layer.weights, 48), wide.name: decompose_svd(wide.weights, 64)}
    np.testing.assert_allclose(answer(replace_layers(model, splits)), answer(model), atol=1e-3)


def test_cp_layers_compute_what_their_product_says() -> None:
    model = open_reader()
    for place in (1, 3, 5):  # strides (2, 2), (2, 1) and (1, 1)
        layer = find_layers(model)[place]
        split = decompose_cp(layer.weights, 20, rounds=3)
        whole = change_weights(model, [layer], lambda _, split=split: split.product())
        np.testing.assert_allclose(answer(replace_layers(model, {layer.name: split})), answer(whole), atol=1e-3)


def test_channels_that_say_nothing_can_go_without_a_trace() -> None:
    model = open_reader()
    layer = find_layers(model)[0]

    def silence(weights: np.ndarray) -> np.ndarray:
        changed = weights.copy()
        changed[: len(weights) // 4] = 0
        return changed

    # A channel without weights still adds its bias; what the pruned one loses is that alone.
    thin = prune_channels(change_weights(model, [layer], silence), 0.25)
    assert find_layers(thin)[0].weights.shape == (12, 1, 3, 3)
    assert find_layers(thin)[1].weights.shape[1] == 12
    assert answer(thin).shape == answer(model).shape
    np.testing.assert_array_equal(find_layers(thin)[0].weights, layer.weights[4:])
    np.testing.assert_array_equal(answer(prune_channels(model, 0.0)), answer(model))


def test_residual_channels_stay() -> None:
    thin = prune_channels(open_reader(), 0.5)
    widths = [layer.weights.shape[0] for layer in find_layers(thin)]
    assert widths == [8, 16, 24, 64, 32, 64, 32, 64, 48, 37]


def test_restored_layers_have_their_old_mean_and_spread() -> None:
    model = open_reader()
    layers = inner_layers(find_layers(model))
    weak = change_weights(model, layers, lambda weights: weights * np.float32(0.3))
    lost = np.abs(answer(weak) - answer(model)).mean()
    assert restore_statistics(model, weak, [layer.name for layer in layers], CROPS) == 2 * sum(
        len(layer.weights) for layer in layers
    )
    assert np.abs(answer(weak) - answer(model)).mean() < 0.05 * lost


def test_remembered_answers_are_not_computed_again() -> None:
    class Counting:
        release, asked = "x", 0

        def infer(self, tensor: np.ndarray) -> dict[str, np.ndarray]:
            self.asked += 1
            return {"sum": tensor.sum(keepdims=True)}

    counting = Counting()
    network = RememberingNetwork(counting)
    first, again = (network.infer(np.ones((2, 2), np.float32)) for _ in range(2))
    assert (first["sum"], counting.asked) == (again["sum"], 1)
    network.infer(np.zeros((2, 2), np.float32))
    assert counting.asked == 2
    assert len(time_side_by_side([network, network], np.zeros((2, 2), np.float32), 3, SystemClock())) == 2


def test_agreement_is_one_with_itself_and_nothing_with_a_constant() -> None:
    values = RNG.normal(size=(3, 4)).astype(np.float32)
    assert correlate_outputs(values, values * 2 + 1) == pytest.approx(1)
    assert correlate_outputs(values, np.ones_like(values)) == 0
    assert correlate_outputs(np.ones_like(values), np.ones_like(values)) == 1


def test_any_keras_classifier_gets_its_table(tmp_path: Path) -> None:
    save_small_classifier(tmp_path / "small.keras")
    save_classes(tmp_path / "data")
    subject = open_subject(SubjectTerms(str(tmp_path / "small.keras"), tmp_path / "data", tmp_path, 12))
    table = make_table(subject, 2, SystemClock(), lambda _: None)
    assert (table.figure, table.pictures) == ("top1", 9)
    rows = {row.name: row for row in table.rows}
    numbers = 8 * 27 + 8 + 12 * 72 + 8 * 108 + 16  # the other offsets are zeros, which are folded away
    assert rows["fp32"].bytes == 4 * numbers
    assert rows["int8 (NNCF)"].bytes < 0.6 * rows["fp32"].bytes
    assert rows["channels -50%"].bytes < rows["channels -25%"].bytes < rows["fp32"].bytes
    assert rows["fp32"].score == pytest.approx(rows["bf16"].score, abs=0.12)
    assert rows["XNOR-Net"].note
    assert rows["distilled"].note
    assert all(row.ms > 0 for row in table.rows if row.score is not None)
    assert "top1 on 9 pictures" in format_table(table)


def test_keras_file_answers_as_keras_does(tmp_path: Path) -> None:
    save_small_classifier(tmp_path / "small.keras")
    picture = RNG.uniform(size=(1, 16, 16, 3)).astype(np.float32)
    ours = CompiledVariant("x", open_keras(tmp_path / "small.keras", None)).infer(picture)["output_0"]
    theirs = keras.saving.load_model(tmp_path / "small.keras")(picture)
    np.testing.assert_allclose(ours, np.asarray(theirs), atol=1e-5)


def test_folders_that_are_no_classes_of_the_network_give_agreement(tmp_path: Path) -> None:
    save_small_classifier(tmp_path / "small.keras")
    save_classes(tmp_path / "data")
    (tmp_path / "data" / "third").mkdir()
    subject = open_subject(SubjectTerms(str(tmp_path / "small.keras"), tmp_path / "data", tmp_path, 12))
    assert subject.judge.figure == "agreement"
    assert subject.judge.score(CompiledVariant("x", subject.model), range(12)) == pytest.approx(1)


@pytest.mark.parametrize(("name", "said"), [("absent.keras", "no file"), ("super-resolution", "no network file")])
def test_what_is_no_network_is_refused_with_what_to_do(name: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=said):
        open_subject(SubjectTerms(name, tmp_path, tmp_path))


def test_too_few_pictures_are_refused(tmp_path: Path) -> None:
    save_small_classifier(tmp_path / "small.keras")
    save_classes(tmp_path / "data")
    subject = open_subject(SubjectTerms(str(tmp_path / "small.keras"), tmp_path / "data", tmp_path, 4))
    with pytest.raises(InvalidInputError, match="too few"):
        make_table(subject, 1, SystemClock(), lambda _: None)


def test_folder_without_pictures_is_refused_by_the_command(tmp_path: Path) -> None:
    save_small_classifier(tmp_path / "small.keras")
    (tmp_path / "empty").mkdir()
    result = CliRunner().invoke(command, ["compress", str(tmp_path / "small.keras"), "--data", str(tmp_path / "empty")])
    assert isinstance(result.exception, InvalidInputError)
    assert "holds no picture" in str(result.exception)
