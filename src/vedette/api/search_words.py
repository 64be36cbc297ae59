"""Which words of attributes may be asked for: those that are recognised anyway, makes where a model of them is
installed, and the operator's own categories.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

from vedette.api.schemas.search import AbsentAttributeOut
from vedette.core.errors import InvalidInputError
from vedette.core.objects import UNKNOWN
from vedette.vision.categories.words import CategoryWords
from vedette.vision.recognize.attribute_forms import ATTRIBUTES, MAKE
from vedette.vision.recognize.make_forms import NO_MAKE, MakeWords

_MOST_NAMED = 60
"""Words in one error."""


class UnknownAttributeError(InvalidInputError):
    """A question about what is never recognised: no answer would look like nobody there."""

    code = "unknown_attribute"


class KeptSets(Protocol):
    """The operator's own categories: `vedette.node.category_words.KeptWords`. Raises StorageError."""

    async def list_words(self) -> Sequence[CategoryWords]:
        """Of all kept sets, by name."""
        ...

    async def list_names(self) -> Sequence[str]: ...


class Makes(Protocol):
    """The model of makes: `vedette.node.make_words.InstalledMakes`."""

    async def read(self) -> MakeWords: ...


class PastWords(Protocol):
    """What was told before: `vedette.search.service.ObjectSearch`."""

    async def find_values(self, name: str) -> frozenset[str]: ...


def known_attributes(makes: MakeWords) -> dict[str, Sequence[str]]:
    """Attributes of the house that can be told now, with their values."""
    return {**ATTRIBUTES, MAKE: makes.values} if makes.values else dict(ATTRIBUTES)


def find_absent(makes: MakeWords) -> list[AbsentAttributeOut]:
    """Those that cannot, and why."""
    if makes.values:
        return []
    code: Literal["no_model", "refused"] = "refused" if makes.refused else "no_model"
    return [AbsentAttributeOut(name=MAKE, code=code, reason=makes.refused or NO_MAKE)]


async def check_attributes(
    asked: Mapping[str, Sequence[str]], kept: Sequence[CategoryWords], makes: MakeWords, past: PastWords
) -> None:
    """Checks a question. Words of a set that is kept no longer, or was taught anew, may be asked for as long as an
    object has them; so may makes that another model told.

    Raises:
        UnknownAttributeError
    """
    own = {one.name: (*one.categories, UNKNOWN) for one in kept}
    known: Mapping[str, Sequence[str]] = {**own, **known_attributes(makes)}
    for name, values in asked.items():
        strange = [value for value in values if value not in known.get(name, ())]
        if strange and name not in ATTRIBUTES:
            told = await past.find_values(name)
            strange = [value for value in strange if value not in told]
        if strange:
            raise UnknownAttributeError(f"{name} is never {strange[0]!r}", _say_known(name, known, makes))


def _say_known(name: str, known: Mapping[str, Sequence[str]], makes: MakeWords) -> str:
    if name == MAKE and not makes.values:
        return makes.refused or NO_MAKE
    words = list(known.get(name, known))
    return f"Known: {', '.join(words[:_MOST_NAMED])}{' ...' if len(words) > _MOST_NAMED else ''}."
