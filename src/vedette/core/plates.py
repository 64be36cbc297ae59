"""How the plate of an entry is written, and when a read plate fits it. Pure.

A plate is matched on A-Z and 0-9 alone, so `51F-123.45` and `51f 12345` are one. Signs that look alike on a plate are
told apart by the reader with little certainty at a distance; such a plate fits too, and the match says so.
"""

import re
from dataclasses import dataclass

from vedette.core.watchlists import WILDCARDS

MAX_PLATE_SIGNS = 20
MAX_STARS = 3
"""Bounds the time of a match: what a star may stand for is tried sign by sign."""
_SEPARATORS = " -.,_/·\t"
_OTHER_SPELLINGS = str.maketrans({"Đ": "D", "\N{EM DASH}": "-", "\N{EN DASH}": "-"})
_ALIKE = str.maketrans("OQDIBSZG", "00018526")
_SIGNS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789" + WILDCARDS)


def read_plate(text: str) -> str:
    """The plate of an entry, as it is kept: capital letters, figures and wildcards. What separates is left out.

    Raises:
        ValueError: says what is wrong, to stand after the name of the field.
    """
    upper = text.strip().upper().translate(_OTHER_SPELLINGS)
    signs = "".join(sign for sign in upper if sign not in _SEPARATORS)
    strange = sorted({sign for sign in signs if sign not in _SIGNS})
    if strange:
        raise ValueError(f"has {' '.join(map(repr, strange[:3]))}; a plate has A-Z, 0-9, ? for one sign and * for any")
    plate = re.sub(r"\*+", "*", signs)
    if len(plate) > MAX_PLATE_SIGNS:
        raise ValueError(f"has {len(plate)} signs; at most {MAX_PLATE_SIGNS}")
    if plate.count("*") > MAX_STARS:
        raise ValueError(f"has more than {MAX_STARS} times *")
    return plate


def fold_alike(text: str) -> str:
    """The text with one sign for all that look like it."""
    return text.translate(_ALIKE)


@dataclass(frozen=True, slots=True)
class PlatePattern:
    """A plate with wildcards, ready to be matched."""

    exact: re.Pattern[str]
    alike: re.Pattern[str]

    def fits(self, text: str) -> bool:
        return self.exact.fullmatch(text) is not None

    def fits_alike(self, folded: str) -> bool:
        """Whether it fits a text that was folded (`fold_alike`), with its own signs folded too."""
        return self.alike.fullmatch(folded) is not None


def compile_plate(plate: str) -> PlatePattern:
    """Makes a plate with wildcards ready."""
    return PlatePattern(_compile(plate), _compile(fold_alike(plate)))


def _compile(plate: str) -> re.Pattern[str]:
    words = {"?": "[A-Z0-9]", "*": "[A-Z0-9]*"}
    return re.compile("".join(words.get(sign, re.escape(sign)) for sign in plate))
