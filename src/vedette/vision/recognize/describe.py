"""Asks every recognizer that fits about the crops of one picture. Inside the jail."""

from collections.abc import Sequence

from vedette.vision.ports import Recognizer
from vedette.vision.recognize.crop import Crop, measure_sharpness
from vedette.vision.recognize.records import Described, Record


def describe_crops(crops: Sequence[Crop], recognizers: Sequence[Recognizer]) -> list[Described]:
    """One answer per crop, with the records of all recognizers whose classes it is of."""
    records: list[list[Record]] = [[] for _ in crops]
    for recognizer in recognizers:
        fitting = [row for row, crop in enumerate(crops) if crop.class_name in recognizer.form.classes]
        if not fitting:
            continue
        answers = recognizer.describe([crops[row] for row in fitting])
        for row, answer in zip(fitting, answers, strict=True):
            records[row] += answer
    return [Described(measure_sharpness(crop), found) for crop, found in zip(crops, records, strict=True)]
