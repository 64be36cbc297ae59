"""What a kept set can say: its name and its categories, read without its numbers. Pure.

Apart from `category_set`, because the gateway offers the words and loads nothing that judges. Whether a set can be used
is for the analyzer to say, which checks all of it.
"""

from typing import Annotated, Literal

import msgspec

from vedette.core.errors import InvalidInputError
from vedette.vision.recognize.attribute_forms import HOUSE_NAMES

MAX_WORD_CHARS = 32
MAX_FILE_BYTES = 4 << 20
"""Of a whole set, as a file."""
TAKEN = frozenset(name.casefold() for name in HOUSE_NAMES) | {"plate", "face", "unknown"}
"""What objects have already, so no set is called so."""
_Word = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_WORD_CHARS)]


class CategoryWords(msgspec.Struct, frozen=True):
    """The words of one set, as its file has them. `about`: objects that it fits."""

    name: _Word
    about: Literal["any", "person", "vehicle"]
    categories: Annotated[list[_Word], msgspec.Meta(min_length=2, max_length=50)]


def read_words(data: bytes) -> CategoryWords:
    """Raises InvalidInputError: it is no set, or its name is taken."""
    try:
        words = msgspec.json.decode(data, type=CategoryWords)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInputError(f"this is no set of categories: {error}") from error
    if words.name.casefold() in TAKEN:
        raise InvalidInputError(f"{words.name} is an attribute already")
    return words
