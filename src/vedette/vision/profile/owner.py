"""Whose gallery it is: the face that most occasions show, and the age group and sex told of it. Pure.

Templates are compared here, in memory, and forgotten: no profile carries one. Of other people nothing is said: they
gave no pictures of themselves.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from vedette.vision.profile.observed import SeenFace, to_vector
from vedette.vision.profile.occasions import Sight

AGE_GROUPS = (("18-29", 18.0, 30.0), ("30-44", 30.0, 45.0), ("45-59", 45.0, 60.0), ("60+", 60.0, 200.0))
MIN_OCCASIONS = 3
_LEAD = 1.5
"""How much more often than the next person the owner is seen."""
_AGE_ERROR_YEARS = 7.0
"""Standard deviation that an estimate keeps however many pictures are averaged: published for the model, adults."""
_ADULT_AGE = 18.0
_AGE_FLOOR, _SEX_FLOOR = 0.5, 0.75
_EXAMPLES = 4

Reason = Literal["", "no_models", "too_few_faces", "nobody_most_often", "not_adult", "not_sure"]


@dataclass(frozen=True, slots=True)
class Told:
    """A group and 0..1; an empty value with the reason where it cannot be told."""

    value: str
    confidence: float
    reason: Reason = ""


@dataclass(frozen=True, slots=True)
class Owner:
    """The person of a gallery. `reason`: why nobody is taken for it."""

    occasions: int
    age_group: Told
    sex: Told
    sights: tuple[int, ...] = ()
    reason: Reason = ""


@dataclass(slots=True)
class _Person:
    """A group of faces that are one person's."""

    total: NDArray[np.float32]
    faces: list[SeenFace] = field(default_factory=list)
    sights: list[int] = field(default_factory=list)
    occasions: set[int] = field(default_factory=set)

    def compare(self, template: NDArray[np.float32]) -> float:
        return float(self.total @ template) / max(float(np.linalg.norm(self.total)), 1e-6)

    def add(self, face: SeenFace, template: NDArray[np.float32], sight: int, occasion: int) -> None:
        self.total = self.total + template
        self.faces.append(face)
        self.sights.append(sight)
        self.occasions.add(occasion)


def find_owner(sights: Sequence[Sight], occasions: NDArray[np.int32], same_from: float, *, has_models: bool) -> Owner:
    """Finds the owner. `same_from`: cosine from which two faces are one person's; `has_models`: whether faces were
    looked for at all.
    """
    if not has_models:
        return _nobody("no_models")
    people = sorted(_group_faces(sights, occasions, same_from), key=lambda person: -len(person.occasions))
    if not people or len(people[0].occasions) < MIN_OCCASIONS:
        return _nobody("too_few_faces")
    owner = people[0]
    if len(people) > 1 and len(owner.occasions) < _LEAD * len(people[1].occasions):
        return _nobody("nobody_most_often")
    age, sex = _decide_age(owner.faces), _decide_sex(owner.faces)
    if age.reason == "not_adult":
        sex = Told("", 0.0, "not_adult")
    return Owner(len(owner.occasions), age, sex, _choose_examples(owner, occasions))


def _nobody(reason: Reason) -> Owner:
    return Owner(0, Told("", 0.0, reason), Told("", 0.0, reason), (), reason)


def _group_faces(sights: Sequence[Sight], occasions: NDArray[np.int32], same_from: float) -> list[_Person]:
    """Best faces first, each to the most similar person, or to a new one."""
    seen = [(face, number) for number, sight in enumerate(sights) for face in sight.faces]
    people: list[_Person] = []
    for face, number in sorted(seen, key=lambda item: -item[0].quality):
        template = to_vector(face.template)
        similar = [person.compare(template) for person in people]
        best = int(np.argmax(similar)) if similar else -1
        if best < 0 or similar[best] < same_from:
            people.append(_Person(np.zeros_like(template)))
            best = len(people) - 1
        people[best].add(face, template, number, int(occasions[number]))
    return people


def _choose_examples(owner: _Person, occasions: NDArray[np.int32]) -> tuple[int, ...]:
    chosen: dict[int, int] = {}
    for sight in owner.sights:
        chosen.setdefault(int(occasions[sight]), sight)
    return tuple(chosen.values())[:_EXAMPLES]


def _decide_age(faces: Sequence[SeenFace]) -> Told:
    """The group that holds most of a normal distribution around the mean estimate."""
    ages = np.array([face.age for face in faces if face.age is not None])
    if len(ages) < MIN_OCCASIONS:
        return Told("", 0.0, "too_few_faces")
    mean = float(ages.mean())
    if mean < _ADULT_AGE:
        return Told("", 0.0, "not_adult")
    error = math.hypot(_AGE_ERROR_YEARS, float(ages.std()) / math.sqrt(len(ages)))
    shares = [(_normal((high - mean) / error) - _normal((low - mean) / error), name) for name, low, high in AGE_GROUPS]
    share, name = max(shares)
    return Told(name, round(share, 3)) if share >= _AGE_FLOOR else Told("", round(share, 3), "not_sure")


def _decide_sex(faces: Sequence[SeenFace]) -> Told:
    votes = {"female": 0.0, "male": 0.0}
    total = 0.0
    for face in faces:
        if face.sex:
            votes[face.sex] += face.quality * face.sex_confidence
            total += face.quality
    if not total:
        return Told("", 0.0, "too_few_faces")
    value = max(votes, key=lambda name: votes[name])
    share = votes[value] / total
    return Told(value, round(share, 3)) if share >= _SEX_FLOOR else Told("", round(share, 3), "not_sure")


def _normal(value: float) -> float:
    return 0.5 * (1.0 + math.erf(value / math.sqrt(2.0)))
