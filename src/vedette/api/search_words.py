"""Which words of attributes may be asked for: those that are recognised anyway, and the operator's own categories."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from vedette.core.errors import InvalidInputError
from vedette.core.objects import UNKNOWN
from vedette.vision.categories.words import CategoryWords
from vedette.vision.recognize.attribute_forms import ATTRIBUTES


class UnknownAttributeError(InvalidInputError):
    """A question about what is never recognised: no answer would look like nobody there."""

    code = "unknown_attribute"


class KeptSets(Protocol):
    """The operator's own categories: `vedette.node.category_words.KeptWords`. Raises StorageError."""

    async def list_words(self) -> Sequence[CategoryWords]:
        """Of all kept sets, by name."""
        ...

    async def list_names(self) -> Sequence[str]: ...


class PastWords(Protocol):
    """What was told before: `vedette.search.service.ObjectSearch`."""

    async def find_values(self, name: str) -> frozenset[str]: ...


async def check_attributes(asked: Mapping[str, Sequence[str]], kept: Sequence[CategoryWords], past: PastWords) -> None:
    """Checks a question. Words of a set that is kept no longer, or was taught anew, may be asked for as long as an
    object has them.

    Raises:
        UnknownAttributeError
    """
    own = {one.name: (*one.categories, UNKNOWN) for one in kept}
    known: Mapping[str, Sequence[str]] = {**own, **ATTRIBUTES}
    for name, values in asked.items():
        strange = [value for value in values if value not in known.get(name, ())]
        if strange and name not in ATTRIBUTES:
            told = await past.find_values(name)
            strange = [value for value in strange if value not in told]
        if strange:
            words = ", ".join(known.get(name, known))
            raise UnknownAttributeError(f"{name} is never {strange[0]!r}", f"Known: {words}.")
