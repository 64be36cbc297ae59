"""Ranks a catalogue by the words that a profile's categories and items share. Pure.

No network, no learning: each place is explained by the categories that gave it.
"""

import re
import unicodedata
from collections.abc import Sequence

from typing_extensions import override

from vedette.vision.profile.ports import Because, Item, Ranked, Recommender
from vedette.vision.profile.profile import Entry, Profile
from vedette.vision.profile.taxonomy import Taxonomy

_WORD = re.compile(r"[^\W_]+")
_TAG, _NAME, _TEXT = 1.0, 0.8, 0.4
"""What a word found there is worth: who tags says what it is, a text mentions much."""
_OBJECT = 0.3
"""Of an object: that it is shown is surer than that it is liked."""


class WordRecommender(Recommender):
    """Category by category: its confidence times the best place in which the item names it.

    Points of an item are 1 - (1 - p1)(1 - p2)...: more categories give more, never above 1.
    """

    def __init__(self, taxonomy: Taxonomy) -> None:
        categories, leaves = taxonomy.categories, taxonomy.leaves
        self._words = {name: [category.en, category.vi, *category.words] for name, category in categories.items()}
        self._leaf_words = {name: [leaf.en, leaf.vi, *leaf.classes] for name, leaf in leaves.items()}

    @override
    def rank(self, profile: Profile, catalogue: Sequence[Item]) -> list[Ranked]:
        categories = (*profile.hobbies, *profile.occupations, *profile.lifestyle)
        told = [(entry, 1.0, self._words[entry.name]) for entry in categories]
        told += [(entry, _OBJECT, self._leaf_words[entry.name]) for entry in profile.objects if entry.occasions > 1]
        scored = [(self._explain(item, told), place, item) for place, item in enumerate(catalogue, 1)]
        scored.sort(key=lambda row: (-_sum_points(row[0]), row[1]))
        return [
            Ranked(rank, item.id or str(place), item.name, round(_sum_points(because), 4), because)
            for rank, (because, place, item) in enumerate(scored, 1)
        ]

    def _explain(self, item: Item, told: Sequence[tuple[Entry, float, list[str]]]) -> list[Because]:
        because = []
        places = [(_TAG, " ".join(f" {fold_words(tag)} " for tag in item.tags)), (_NAME, fold_words(item.name))]
        places += [(_TEXT, fold_words(item.text))]
        for entry, share, words in told:
            found = [(worth, word) for worth, text in places for word in words if _names(text, word)]
            if found:
                points = share * entry.confidence * max(worth for worth, _ in found)
                named = list(dict.fromkeys(word for _, word in found))
                because.append(Because(entry.name, entry.title, entry.confidence, named, round(points, 4)))
        return sorted(because, key=lambda one: -one.points)


def fold_words(text: str) -> str:
    """Words in small letters between single spaces; Vietnamese signs are kept, they tell words apart."""
    composed = unicodedata.normalize("NFC", text).casefold()
    return f" {' '.join(_WORD.findall(composed))} "


def _names(text: str, word: str) -> bool:
    return fold_words(word) in text


def _sum_points(because: Sequence[Because]) -> float:
    missing = 1.0
    for one in because:
        missing *= 1.0 - one.points
    return 1.0 - missing
