"""A set of categories as one JSON file: which embedding it belongs to, its linear head, how good it is. Pure.

It is data and nothing else (no pickle), so one that somebody brings can say something wrong and do nothing. All of it
is checked when it is read, and it must then answer a fixed question as it did where it was made: arithmetic that
differs would give other categories without anybody noticing. Design: docs/design/categories.md.
"""

import base64
import binascii
import math
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from vedette.core.errors import InvalidInputError
from vedette.vision.categories.figures import SetFigures
from vedette.vision.categories.head import Head, Vectors
from vedette.vision.categories.words import MAX_FILE_BYTES, MAX_WORD_CHARS, TAKEN

FORMAT, VERSION = "vedette-categories", 1
MIN_CATEGORIES, MAX_CATEGORIES = 2, 50
MAX_NAME_CHARS = MAX_WORD_CHARS
"""Of a set and of a category: they are an attribute of objects, and its value."""
MAX_SET_BYTES = MAX_FILE_BYTES
ABOUT = ("any", "person", "vehicle")
About = Literal["any", "person", "vehicle"]
_MAX_SIZE = 4096
_CHECK_TOLERANCE = 1e-4


class BadCategorySetError(InvalidInputError):
    """A file is no set of categories, or one that was damaged or changed."""

    code = "bad_category_set"


class OtherEmbeddingError(InvalidInputError):
    """A set was taught on vectors of another model than is installed: its numbers mean nothing here."""

    code = "other_embedding"


class EmbeddingRef(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which model makes the vectors: release, SHA-256 of its file, and how many numbers it gives."""

    release: str
    sha256: str
    size: int


class CategorySet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file. Arrays are float32, little-endian, Base64.

    Attributes:
        about: Objects that it fits.
        pictures_sha256: Of the taught and held-out pictures' own hashes, sorted: the same pictures give the same.
        weights: (size, categories); `centre`: (size,), taken off a vector before; `bias`: one a category.
        temperature: By which scores are divided.
        none_below: A picture whose surest category is less probable is none of these.
        check: What it answers to `make_check`.
    """

    format: str
    version: int
    set_id: str
    name: str
    about: About
    made_at: str
    made_by: str
    embedding: EmbeddingRef
    categories: list[str]
    pictures: int
    pictures_sha256: str
    skipped: int
    weights: str
    centre: str
    bias: list[float]
    temperature: float
    none_below: float
    figures: SetFigures
    check: list[float]

    def head(self) -> Head:
        """The arithmetic of it."""
        shape = (self.embedding.size, len(self.categories))
        return Head(
            unpack(self.weights, shape),
            np.array(self.bias, np.float32),
            unpack(self.centre, shape[:1]),
            self.temperature,
        )


def encode_set(one: CategorySet) -> bytes:
    """As the file's bytes."""
    return msgspec.json.format(msgspec.json.encode(one), indent=1) + b"\n"


def decode_set(data: bytes) -> CategorySet:
    """Reads and checks a set.

    Raises:
        BadCategorySetError: it is none, or does not answer as it did where it was made.
    """
    if len(data) > MAX_SET_BYTES:
        raise BadCategorySetError(f"a set of categories has {MAX_SET_BYTES >> 20} MB at most")
    try:
        one = msgspec.json.decode(data, type=CategorySet)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BadCategorySetError(f"this is no set of categories: {error}") from error
    _check_words(one)
    _check_numbers(one)
    answered = one.head().shares(make_check(one.embedding.size)[None])[0]
    if len(one.check) != len(answered) or not np.allclose(answered, one.check, atol=_CHECK_TOLERANCE):
        raise BadCategorySetError(
            f"the set {one.name} does not answer as it did where it was made",
            "It was damaged or changed: get it anew, or teach it again.",
        )
    return one


def check_embedding(one: CategorySet, here: EmbeddingRef) -> None:
    """Raises OtherEmbeddingError unless the set was taught on vectors of this model."""
    if one.embedding != here:
        raise OtherEmbeddingError(
            f"the set {one.name} was taught on {one.embedding.release}, and {here.release} (or another file of that "
            "name) is installed here",
            "Teach it again here, from its folders of pictures.",
        )


def check_names(name: str, categories: list[str]) -> None:
    """Checks the words that people will read and search for.

    Raises:
        InvalidInputError: too few or too many, empty, too long, not printable, or twice the same.
    """
    if not MIN_CATEGORIES <= len(categories) <= MAX_CATEGORIES:
        raise InvalidInputError(
            f"a set has {MIN_CATEGORIES} to {MAX_CATEGORIES} categories, not {len(categories)}",
            "Each category is a folder with its pictures.",
        )
    for word in (name, *categories):
        if not word.strip() or word != word.strip() or len(word) > MAX_NAME_CHARS or not word.isprintable():
            raise InvalidInputError(f"{word[:80]!r} cannot be a name", f"1 to {MAX_NAME_CHARS} printable characters.")
    if len({word.casefold() for word in categories}) < len(categories):
        raise InvalidInputError("two categories have the same name")
    if name.casefold() in TAKEN:
        raise InvalidInputError(f"{name} is an attribute already", "Choose another name for the set.")
    if "unknown" in {word.casefold() for word in categories}:
        raise InvalidInputError(
            "`unknown` cannot be a category", "Pictures that fit none of the categories need no folder."
        )


def make_check(size: int) -> NDArray[np.float32]:
    """(size,) float32 of unit length: the fixed question of the self-check."""
    vector = np.random.default_rng(size).standard_normal(size)
    return np.asarray(vector / np.linalg.norm(vector), np.float32)


def pack(values: Vectors) -> str:
    return base64.b64encode(np.ascontiguousarray(values, "<f4").tobytes()).decode("ascii")


def unpack(text: str, shape: tuple[int, ...]) -> Vectors:
    """Raises BadCategorySetError."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadCategorySetError("the numbers of a set of categories cannot be read") from error
    if len(data) != 4 * math.prod(shape):
        raise BadCategorySetError("a set of categories has not as many numbers as it says")
    values = np.frombuffer(data, "<f4").reshape(shape).astype(np.float32)
    if not np.isfinite(values).all():
        raise BadCategorySetError("the numbers of a set of categories are not finite")
    return values


def _check_words(one: CategorySet) -> None:
    if (one.format, one.version) != (FORMAT, VERSION):
        raise BadCategorySetError(f"this is {one.format[:40]} {one.version}, not {FORMAT} {VERSION}")
    try:
        check_names(one.name, one.categories)
    except InvalidInputError as error:
        raise BadCategorySetError(error.message, error.hint) from error


def _check_numbers(one: CategorySet) -> None:
    count = len(one.categories)
    figures = one.figures
    sane = (
        1 <= one.embedding.size <= _MAX_SIZE
        and len(one.bias) == count
        and all(math.isfinite(value) for value in one.bias)
        and 0.01 <= one.temperature <= 100.0
        and 0.0 <= one.none_below < 1.0
        and len(figures.categories) == count
        and len(figures.confusion) == count
        and all(len(row) == count for row in figures.confusion)
        and len(figures.reliability) <= 100
    )
    if not sane:
        raise BadCategorySetError(f"the numbers of the set {one.name} cannot be")
