"""The words of the operator's own categories on the wire."""

from typing import Literal

from vedette.api.schemas.common import Answer
from vedette.vision.categories.words import CategoryWords


class KeptSetOut(Answer):
    """One kept set.

    Attributes:
        name: Of the attribute that it is of people and vehicles.
        about: What it is told of; `any` is people and vehicles.
        categories: Values of the attribute; `unknown` besides: none of these.
    """

    name: str
    about: Literal["any", "person", "vehicle"]
    categories: list[str]


class KeptSetsOut(Answer):
    items: list[KeptSetOut]


def kept_set_out(words: CategoryWords) -> KeptSetOut:
    return KeptSetOut(name=words.name, about=words.about, categories=list(words.categories))
