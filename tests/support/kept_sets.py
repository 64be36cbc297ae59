"""Small sets of categories, taught in a moment from drawn vectors."""

from functools import cache

import numpy as np
from msgspec.structs import replace

from vedette.vision.categories.category_set import About, CategorySet, EmbeddingRef
from vedette.vision.categories.training import Lesson, Made, teach

HERE = EmbeddingRef("net-r1", "ab" * 32, 1280)


def make_kept_set(name: str = "livery", about: About = "vehicle", *categories: str) -> CategorySet:
    """Two categories, told apart by vectors of `draw_like`."""
    return replace(_teach(), name=name, about=about, categories=list(categories or ("courier", "post")))


@cache
def _teach() -> CategorySet:
    vectors = np.concatenate([draw_like(label, seed=label, count=10) for label in range(2)])
    labels = np.repeat(np.arange(2), 10).astype(np.int64)
    digests = [f"{row:064x}" for row in range(len(labels))]
    lesson = Lesson("k1", "livery", "vehicle", ["courier", "post"], vectors, labels, digests, 0, HERE, {})
    *_, last = teach(lesson, Made("2026-01-01T00:00:00Z", "vedette 0"))
    assert isinstance(last, CategorySet)
    return last


def draw_like(label: int, seed: int = 0, count: int = 1) -> np.ndarray:
    """(count, 1280) float32 of unit length, around the direction of a category."""
    mean = np.random.default_rng(1000 + label).standard_normal(HERE.size)
    vectors = mean + 0.3 * np.random.default_rng(seed).standard_normal((count, HERE.size))
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)
