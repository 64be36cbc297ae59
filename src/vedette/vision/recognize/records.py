"""What recognizers answer, and the check of it: they run in the jail, and a taken-over worker may say anything.

Each recognizer has a `Form`: the closed set of labels, the ranges of numbers, the alphabet of texts. The analyzer
refuses a record that does not fit its form exactly.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
import numpy as np

from vedette.core.errors import InvalidInputError

WHOLE_PICTURE = "picture"
"""Class name of an ask about the whole picture, for what may be seen where no object is."""
MAX_ASKS = 8
"""Objects asked about in one picture."""
MAX_RECORD_JPEG_BYTES = 256 << 10
_UNIT_TOLERANCE = 1e-3


class Label(msgspec.Struct, frozen=True, array_like=True):
    """One value of a closed set, with 0..1."""

    value: str
    confidence: float


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one recognizer says of one crop.

    Attributes:
        recognizer: Its name.
        box: Where in the picture, in fractions, when it is not the object's own box.
        text: Of a plate.
        vector: float32, of unit length.
        jpeg: A small picture of it.
    """

    recognizer: str
    labels: dict[str, Label] = {}  # msgspec copies defaults for each record
    numbers: dict[str, float] = {}
    box: tuple[float, float, float, float] | None = None
    text: str = ""
    vector: bytes = b""
    jpeg: bytes = b""


class Described(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The answer to one ask: how sharp the crop is, 0..1, and the records of all recognizers that fit."""

    sharpness: float
    records: list[Record]


@dataclass(frozen=True, slots=True)
class Sighting:
    """One record of one track.

    Attributes:
        weight: How much it counts, 0..1.
        release: Of the recognizer; empty where nothing is made of it that could be compared later.
    """

    at_s: float
    weight: float
    record: Record
    release: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """What records of one recognizer look like.

    Attributes:
        group: What a camera's setting switches: `attributes` | `plates` | `appearance` | `faces`.
        classes: Object classes it fits; `WHOLE_PICTURE` among them: whole pictures too.
        labels: Name to its closed set of values (`unknown` is not a value: leave the label out).
        numbers: Name to its least and greatest value.
        floors: Confidence under which the track's label is `unknown`; 0.6 where not named.
        alphabet, max_text: Of `text`; no text allowed by default.
        vector_size: Numbers in `vector`, finite and together of unit length; none allowed by default.
        max_records: For one crop.
    """

    name: str
    group: str
    classes: frozenset[str]
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    numbers: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    floors: Mapping[str, float] = field(default_factory=dict)
    alphabet: str = ""
    max_text: int = 0
    vector_size: int = 0
    max_records: int = 1


def check_described(described: Sequence[Described], asks: int, forms: Mapping[str, Form]) -> None:
    """Checks the answer to a describe question.

    Raises:
        InvalidInputError: another number of answers, an unknown recognizer, or a record that does not fit its form.
    """
    if len(described) != asks:
        raise InvalidInputError(f"a worker answers {len(described)} of {asks} asks")
    for item in described:
        if not 0.0 <= item.sharpness <= 1.0:
            raise InvalidInputError("a worker's sharpness is out of range")
        names = [record.recognizer for record in item.records]
        for name in set(names):
            form = forms.get(name)
            if form is None or names.count(name) > form.max_records:
                raise InvalidInputError("a worker answers for a recognizer that was not asked, or too much")
        for record in item.records:
            _check_record(record, forms[record.recognizer])


def _check_record(record: Record, form: Form) -> None:
    sane = (
        all(
            label.value in form.labels.get(name, ()) and 0.0 <= label.confidence <= 1.0
            for name, label in record.labels.items()
        )
        and all(_is_within(value, form.numbers.get(name)) for name, value in record.numbers.items())
        and _is_box(record.box)
        and len(record.text) <= form.max_text
        and all(letter in form.alphabet for letter in record.text)
        and is_unit_vector(record.vector, form.vector_size)
        and _is_small_jpeg(record.jpeg)
    )
    if not sane:
        raise InvalidInputError(f"a worker's record of {form.name} does not fit its form")


def _is_within(value: float, bounds: tuple[float, float] | None) -> bool:
    return bounds is not None and math.isfinite(value) and bounds[0] <= value <= bounds[1]


def _is_box(box: tuple[float, float, float, float] | None) -> bool:
    return box is None or (0.0 <= box[0] <= box[2] <= 1.0 and 0.0 <= box[1] <= box[3] <= 1.0)


def is_unit_vector(data: bytes, size: int) -> bool:
    """Whether these bytes are `size` float32 of unit length, or none at all. A longer vector would match everybody."""
    if not data or len(data) != size * 4:
        return not data
    vector = np.frombuffer(data, np.float32).astype(np.float64)
    return bool(np.isfinite(vector).all() and abs(np.sqrt((vector**2).sum()) - 1.0) < _UNIT_TOLERANCE)


def _is_small_jpeg(data: bytes) -> bool:
    is_jpeg = data[:3] == b"\xff\xd8\xff" and data[-2:] == b"\xff\xd9"
    return not data or (is_jpeg and len(data) <= MAX_RECORD_JPEG_BYTES)
