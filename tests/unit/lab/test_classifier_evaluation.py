"""Hazards of judging a classifier: pictures it was taught among the held-out ones, classes mixed up by their order, a
calibration that flatters, a curve that hides where it began.
"""

import json
import re
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest
from click.testing import CliRunner

from vedette.cli.lab import command
from vedette.core.errors import InvalidInputError
from vedette.lab.classifier.answers import classify_all
from vedette.lab.classifier.evaluation import draw_grid, evaluate, fit_temperature, measure_changes, measure_ece
from vedette.lab.classifier.figures import measure_figures, replace_figures
from vedette.lab.classifier.judge import open_pair
from vedette.lab.classifier.pictures import LabelledPictures, load_pictures
from vedette.lab.curves import draw_curves, read_history
from vedette.vision.classify.changes import CHANGES
from vedette.vision.models.manifest import MeasuredAccuracy, parse_manifest


def write_classes(folder: Path, count: int) -> None:
    for name, grey in (("cat", 40), ("dog", 200)):
        (folder / name).mkdir(parents=True)
        for number in range(1, count + 1):
            cv2.imwrite(str(folder / name / f"{number}.png"), np.full((32, 32, 3), grey + number, np.uint8))


def test_every_tenth_of_each_class_is_held_out(tmp_path: Path) -> None:
    write_classes(tmp_path, 20)
    everything, held_out = load_pictures(tmp_path, 32)
    assert everything.names == ("cat", "dog")
    assert held_out.sum() == 4
    apart = everything.pick(held_out)
    assert apart.labels.tolist() == [0, 0, 1, 1]
    # files are counted by number: 2.png stands before 10.png
    assert apart.pictures[:, 0, 0, 0].tolist() == [50, 60, 210, 220]


def test_larger_pictures_are_brought_to_size(tmp_path: Path) -> None:
    write_classes(tmp_path, 1)
    cv2.imwrite(str(tmp_path / "cat" / "large.png"), np.full((64, 96, 3), 90, np.uint8))
    everything, _ = load_pictures(tmp_path, 32)
    assert everything.pictures.shape == (3, 32, 32, 3)


def test_single_class_and_file_that_is_no_picture_are_refused(tmp_path: Path) -> None:
    (tmp_path / "cat").mkdir()
    (tmp_path / "cat" / "1.jpg").write_bytes(b"no picture")
    with pytest.raises(InvalidInputError, match="two folders"):
        load_pictures(tmp_path, 32)
    with pytest.raises(InvalidInputError, match="no folder"):
        load_pictures(tmp_path / "gone", 32)
    write_classes(tmp_path / "more", 1)
    (tmp_path / "more" / "cat" / "2.jpg").write_bytes(b"no picture")
    with pytest.raises(InvalidInputError, match="no picture"):
        load_pictures(tmp_path / "more", 32)


def test_confusion_has_the_truth_in_its_rows() -> None:
    answers = np.array([[0.9, 0.1], [0.2, 0.8], [0.3, 0.7]], np.float32)
    judged = evaluate(answers, np.array([0, 0, 1]))
    assert judged.confusion.tolist() == [[1, 1], [0, 1]]
    assert judged.accuracy == pytest.approx(2 / 3)


def test_calibration_error_is_the_gap_of_confidence_and_hits() -> None:
    confidence = np.array([0.9] * 10 + [0.5] * 10, np.float32)
    hits = np.array([True] * 9 + [False] + [True] * 2 + [False] * 8)
    assert measure_ece(confidence, hits) == pytest.approx((0 + 10 * 0.3) / 20, abs=1e-6)
    assert measure_ece(np.array([1.0], np.float32), np.array([True])) == pytest.approx(0)


def test_temperature_takes_back_what_was_too_sure() -> None:
    rng = np.random.default_rng(1)
    honest = rng.normal(0, 1.5, (4000, 5))
    shares = np.exp(honest) / np.exp(honest).sum(1, keepdims=True)
    labels = np.array([rng.choice(5, p=row) for row in shares])
    assert fit_temperature((3 * honest).astype(np.float32), labels) == pytest.approx(3, rel=0.1)


def test_changes_move_the_picture_and_nothing_else() -> None:
    pictures = np.zeros((6, 32, 32, 3), np.uint8)
    pictures[:3, :, :16] = 255  # left bright: class 0
    pictures[3:, :, 16:] = 255
    labelled = LabelledPictures(("left", "right"), pictures, np.array([0, 0, 0, 1, 1, 1]))

    def classify(given: np.ndarray) -> np.ndarray:
        left, right = (given[:, :, half].astype(float).mean((1, 2, 3)) for half in (slice(16), slice(16, 32)))
        return np.stack([left, right], 1).astype(np.float32)

    table = measure_changes(classify, labelled)
    assert set(table) == {change.figure for change in CHANGES}
    assert {"accuracy_shift_6", "accuracy_scale_0.7", "accuracy_turn_45"} < set(table)
    assert set(table.values()) == {1.0}

    def wrong_when_moved(given: np.ndarray) -> np.ndarray:
        still = (given[:, 16, 15:17] == pictures[:, 16, 15:17]).all((1, 2))
        return np.where(still[:, None], classify(given), classify(given)[:, ::-1])

    moved = measure_changes(wrong_when_moved, labelled)
    assert moved["accuracy_shift_1"] == moved["accuracy_turn_45"] == 0


def test_grid_marks_wrong_answers() -> None:
    labelled = LabelledPictures(("a", "b"), np.zeros((2, 32, 32, 3), np.uint8), np.array([0, 0]))
    right, wrong = (draw_grid(labelled, np.array([row] * 2, np.float32)) for row in ([0.9, 0.1], [0.1, 0.9]))
    assert right.shape == wrong.shape == (124, 768, 3)
    red = [int((sheet[..., 2].astype(int) - sheet[..., 1] > 60).sum()) for sheet in (right, wrong)]
    assert red[0] == 0 < red[1]


def test_curves_show_every_series_and_refuse_nothing(tmp_path: Path) -> None:
    history = tmp_path / "history.jsonl"
    history.write_text('{"shard": 1, "seconds": 3, "loss": 2.0}\n{"shard": 2, "seconds": 6, "loss": 1.0}\n')
    lines = read_history(history)
    assert lines == {"loss": [2.0, 1.0]}
    drawn = draw_curves({"a < b": lines["loss"]}, "T & U")
    assert drawn.count("<polyline") == 1
    assert "a &lt; b 1.0000" in drawn
    assert "T &amp; U" in drawn
    crowded = draw_curves({name: [0.1, 0.71 + 0.001 * index] for index, name in enumerate("abcd")}, "close")
    heights = sorted(float(y) for y in re.findall(r'y="([\d.]+)" fill="#[0-9a-f]{6}">[abcd] ', crowded))
    assert len(heights) == 4
    assert min(np.diff(heights)) >= 18, "no name lies over another"
    with pytest.raises(InvalidInputError):
        draw_curves({}, "nothing")
    with pytest.raises(InvalidInputError, match="history"):
        read_history(tmp_path / "gone")


def test_installed_classifier_is_judged_from_the_command_line(tmp_path: Path) -> None:
    write_classes(tmp_path, 10)
    grid = tmp_path / "grid.png"
    given = ["eval", "classifier-small", "--data", str(tmp_path), "--json", "--grid", str(grid)]
    result = CliRunner().invoke(command, given)
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["figures"]["params"] == 293_594
    assert [sum(row) for row in told["confusion"]] == [0, 0, 0, 10, 0, 10, 0, 0, 0, 0], "cats and dogs"
    assert grid.stat().st_size > 100
    (tmp_path / "unicorn").mkdir()
    (tmp_path / "unicorn" / "1.png").write_bytes((tmp_path / "cat" / "1.png").read_bytes())
    refused = CliRunner().invoke(command, given)
    assert isinstance(refused.exception, InvalidInputError)
    assert "unicorn" in str(refused.exception)


def test_figures_are_replaced_and_nothing_else_of_a_manifest() -> None:
    kept = Path("src/vedette/vision/manifests/classifier-small-int8.yaml").read_text("utf-8")
    figures = [MeasuredAccuracy("accuracy", 0.5, "8 pictures", "a: command"), MeasuredAccuracy("ece", 0.25, "8", "b")]
    replaced = replace_figures(kept, figures)
    before, after = parse_manifest(kept, "before"), parse_manifest(replaced, "after")
    assert after == msgspec.structs.replace(before, accuracy=figures)
    assert replaced.splitlines()[0].startswith("# ")
    assert replace_figures(replaced, before.accuracy) == replace_figures(kept, before.accuracy)
    with pytest.raises(InvalidInputError, match="no figures"):
        replace_figures("name: a\n", figures)


def test_measured_figures_are_those_of_the_network_asked() -> None:
    pair = open_pair("classifier-small")
    noise = np.random.default_rng(0).integers(0, 255, (6, 32, 32, 3), np.uint8)
    answers = classify_all(pair.quantized.network, noise).argmax(1)
    labels = np.where(np.arange(6) < 4, answers, (answers + 1) % 10)
    figures = measure_figures(pair.quantized.network, LabelledPictures(tuple(pair.half.manifest.labels), noise, labels))
    values = {one.figure: one.value for one in figures}
    assert values["accuracy"] == pytest.approx(4 / 6, abs=1e-4)
    assert list(values) == ["accuracy", "ece", *(change.figure for change in CHANGES)]
    assert figures[0].data.startswith("6 pictures")
