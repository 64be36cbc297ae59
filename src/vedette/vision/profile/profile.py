"""The profile itself, as `profile.json` tells it. Pure. Meaning of each field: docs/design/profile.md."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

from vedette.vision.profile.conclude import (
    MIN_OCCASIONS,
    Conclusion,
    ConclusionPolicy,
    conclude_categories,
    conclude_leaves,
)
from vedette.vision.profile.occasions import Sight, find_occasions
from vedette.vision.profile.owner import Owner, Told, find_owner
from vedette.vision.profile.taxonomy import Category, Leaf, Taxonomy

FORMAT, VERSION = "vedette-profile", 1


class Example(msgspec.Struct, frozen=True):
    """A picture that shows it. `at_s`: of a frame; `picture`: the small copy in the result's folder."""

    path: str
    at_s: float | None
    picture: str


class Entry(msgspec.Struct, frozen=True):
    """One leaf or category with its confidence, 0..1, and the occasions that show it."""

    name: str
    title: dict[str, str]
    confidence: float
    occasions: int
    examples: list[Example]


class ToldOf(msgspec.Struct, frozen=True):
    """A group, or null with the reason."""

    value: str | None
    confidence: float
    reason: str


class OwnerEntry(msgspec.Struct, frozen=True):
    """The face that most occasions show; nobody with the reason."""

    state: Literal["found", "cannot_tell"]
    reason: str
    occasions: int
    age_group: ToldOf
    sex: ToldOf
    examples: list[Example]


class FileFault(msgspec.Struct, frozen=True):
    """A file that was not looked at. `state`: `failed`, or `refused` where it is no gallery's."""

    path: str
    state: Literal["failed", "refused"]
    error: str


class GalleryEntry(msgspec.Struct, frozen=True):
    """What was looked at. `occasions`: after pictures that are nearly the same were counted once."""

    pictures: int
    videos: int
    looked_at: int
    occasions: int
    not_looked_at: list[FileFault]


class Profile(msgspec.Struct, frozen=True):
    """The whole of `profile.json`. `state`: `told`, or `cannot_tell` where too little was given."""

    format: str
    version: int
    made_at: str
    taxonomy: str
    models: list[str]
    state: Literal["told", "cannot_tell"]
    reason: str
    gallery: GalleryEntry
    owner: OwnerEntry
    hobbies: list[Entry]
    occupations: list[Entry]
    lifestyle: list[Entry]
    scenes: list[Entry]
    objects: list[Entry]


@dataclass(frozen=True, slots=True)
class Gallery:
    """What was seen.

    Attributes:
        same_picture, same_face: Cosines from which two are one.
        has_faces: Whether faces were looked for.
    """

    sights: Sequence[Sight]
    pictures: int
    videos: int
    not_looked_at: Sequence[FileFault]
    models: Sequence[str]
    same_picture: float
    same_face: float
    has_faces: bool


def build_profile(
    gallery: Gallery, taxonomy: Taxonomy, made_at: str, policy: ConclusionPolicy | None = None
) -> tuple[Profile, dict[str, bytes]]:
    """Makes the profile, and the small pictures that it names. `made_at`: RFC 3339."""
    policy = policy or ConclusionPolicy()
    sights = gallery.sights
    occasions = find_occasions(sights, gallery.same_picture)
    count = int(occasions.max()) + 1 if len(occasions) else 0
    leaves = conclude_leaves(sights, occasions, taxonomy, policy)
    categories = conclude_categories(sights, occasions, taxonomy, policy)
    owner = find_owner(sights, occasions, gallery.same_face, has_models=gallery.has_faces)
    album = _Album(sights)
    state, reason = _judge(count, categories, owner)
    profile = Profile(
        FORMAT,
        VERSION,
        made_at,
        taxonomy.release,
        list(gallery.models),
        state,
        reason,
        GalleryEntry(gallery.pictures, gallery.videos, len(sights), count, list(gallery.not_looked_at)),
        _describe_owner(owner, album),
        *(
            [
                _describe(one, taxonomy.categories, album)
                for one in categories
                if taxonomy.categories[one.name].kind == kind
            ]
            for kind in ("hobby", "occupation", "lifestyle")
        ),
        *(
            [_describe(one, taxonomy.leaves, album) for one in leaves if taxonomy.leaves[one.name].kind == kind]
            for kind in ("scene", "object")
        ),
    )
    return profile, album.pictures


class _Album:
    """Names the small pictures that are used."""

    def __init__(self, sights: Sequence[Sight]) -> None:
        self._sights = sights
        self.pictures: dict[str, bytes] = {}

    def show(self, numbers: Sequence[int]) -> list[Example]:
        examples = []
        for number in numbers:
            sight = self._sights[number]
            name = f"pictures/{number + 1:04d}.jpg"
            self.pictures[name] = sight.jpeg
            examples.append(Example(sight.path, sight.at_s, name))
        return examples


def _describe(one: Conclusion, titles: Mapping[str, Category] | Mapping[str, Leaf], album: _Album) -> Entry:
    title = {"en": titles[one.name].en, "vi": titles[one.name].vi}
    return Entry(one.name, title, one.confidence, one.occasions, album.show(one.sights))


def _describe_owner(owner: Owner, album: _Album) -> OwnerEntry:
    state: Literal["found", "cannot_tell"] = "cannot_tell" if owner.reason else "found"
    age, sex = _describe_told(owner.age_group), _describe_told(owner.sex)
    return OwnerEntry(state, owner.reason, owner.occasions, age, sex, album.show(owner.sights))


def _describe_told(told: Told) -> ToldOf:
    return ToldOf(told.value or None, told.confidence, told.reason)


def _judge(
    occasions: int, categories: Sequence[Conclusion], owner: Owner
) -> tuple[Literal["told", "cannot_tell"], str]:
    if occasions < MIN_OCCASIONS:
        return "cannot_tell", "too_few_pictures"
    if not categories and owner.reason:
        return "cannot_tell", "nothing_repeated"
    return "told", ""
