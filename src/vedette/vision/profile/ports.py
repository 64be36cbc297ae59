"""What ranks things by a profile. A shop's own engine may stand here; `rank` of this room needs none."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from vedette.vision.profile.profile import Profile


class Item(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One product, shop or piece of content of a catalogue. `id`: its own, or its place, counted from 1."""

    name: str
    id: str = ""
    tags: list[str] = []  # msgspec copies it for each item
    text: str = ""


class Because(msgspec.Struct, frozen=True):
    """Why an item stands where it does: a category, how sure it is, the words of the item, and what that gave."""

    category: str
    title: dict[str, str]
    confidence: float
    words: list[str]
    points: float


class Ranked(msgspec.Struct, frozen=True):
    """One item in its place. Without points nothing of the profile speaks for it."""

    rank: int
    id: str
    name: str
    points: float
    because: list[Because]


class Recommender(Protocol):
    """Ranks a given catalogue by a profile. It adds nothing to the catalogue and leaves nothing out."""

    def rank(self, profile: Profile, catalogue: Sequence[Item]) -> list[Ranked]:
        """All items, best first; equal ones in the catalogue's order."""
        ...
