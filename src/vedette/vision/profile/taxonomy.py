"""The closed table from which a profile is made: classes of the model -> scenes and objects -> hobbies, occupations,
ways of life. Pure; the table is `taxonomy.yaml`, and what is deliberately absent stands in it too.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np
import yaml
from numpy.typing import NDArray

from vedette.core.errors import InvalidInputError

_FILE = Path(__file__).with_name("taxonomy.yaml")
_RANGE = ".."

LeafKind = Literal["scene", "object"]
CategoryKind = Literal["hobby", "occupation", "lifestyle"]


class Category(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A hobby, an occupation or a way of life. `words`: how a catalogue names it."""

    kind: CategoryKind
    en: str
    vi: str
    words: list[str]


class Leaf(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A scene or an object. `speaks_for`: category to 0..1, how much one clear picture of it counts."""

    kind: LeafKind
    en: str
    vi: str
    classes: list[str]
    speaks_for: dict[str, float]


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    release: str
    categories: dict[str, Category]
    leaves: dict[str, Leaf]
    withheld: dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """The table, fitted to the labels of one model.

    Attributes:
        names: Of the leaves, in the order that numbers count them.
        leaf_of_class: (classes,) int16: the leaf of each class, -1 for none.
        withheld: Reason to the classes from which nothing is concluded.
    """

    release: str
    categories: dict[str, Category]
    leaves: dict[str, Leaf]
    names: tuple[str, ...]
    leaf_of_class: NDArray[np.int16]
    withheld: dict[str, frozenset[int]]


def read_taxonomy(labels: list[str]) -> Taxonomy:
    """The table of this release, for a model with these labels."""
    return parse_taxonomy(_FILE.read_text("utf-8"), labels)


def parse_taxonomy(text: str, labels: list[str]) -> Taxonomy:
    """Reads a table and checks that it is whole.

    Raises:
        InvalidInputError: with every fault: an unknown class or category, a class of two leaves, a weight out of range.
    """
    try:
        given: Any = yaml.safe_load(text)
        table = msgspec.convert(given, _Table)
    except (yaml.YAMLError, msgspec.ValidationError) as error:
        raise InvalidInputError(f"the taxonomy is not valid: {error}") from error
    places = {label: number for number, label in enumerate(labels)}
    faults = _find_weight_faults(table)
    owner: dict[int, str] = {}
    for name, classes in [*((name, leaf.classes) for name, leaf in table.leaves.items()), *table.withheld.items()]:
        for number in _expand(classes, places, faults):
            if number in owner:
                faults.append(f"{labels[number]} belongs to {owner[number]} and to {name}")
            owner[number] = name
    if faults:
        raise InvalidInputError(f"the taxonomy is not valid: {'; '.join(faults)}")
    names = tuple(table.leaves)
    leaf_of_class = np.full(len(labels), -1, np.int16)
    for number, name in owner.items():
        if name in table.leaves:
            leaf_of_class[number] = names.index(name)
    withheld = {reason: frozenset(_expand(classes, places, [])) for reason, classes in table.withheld.items()}
    return Taxonomy(table.release, table.categories, table.leaves, names, leaf_of_class, withheld)


def _expand(classes: list[str], places: dict[str, int], faults: list[str]) -> list[int]:
    numbers: list[int] = []
    for entry in classes:
        first, _, last = entry.partition(_RANGE)
        unknown = [name for name in (first, last or first) if name not in places]
        if unknown or places[first] > places[last or first]:
            faults.append(f"{entry} is no class or range of classes")
        else:
            numbers += range(places[first], places[last or first] + 1)
    return numbers


def _find_weight_faults(table: _Table) -> list[str]:
    faults = [f"{name} is a leaf and withheld" for name in table.leaves.keys() & table.withheld.keys()]
    for name, leaf in table.leaves.items():
        for category, weight in leaf.speaks_for.items():
            if category not in table.categories:
                faults.append(f"{name} speaks for {category}, which is no category")
            elif not 0 < weight <= 1:
                faults.append(f"{name} speaks for {category} with {weight:g}, which is not above 0 and up to 1")
    return faults
