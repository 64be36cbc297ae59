"""Three-way decisions written out number by number, as the paper and the author's program have them.

Plain Python on single float32 numbers: slow, and with nothing in common with `vedette.search` but the formulas.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class SlowAnswer:
    label: int
    row: int
    distance: float
    levels: int
    survivors: list[int]
    is_committed: bool


def decide_slowly(
    query_parts: list[np.ndarray], gallery_parts: list[np.ndarray], labels: list[int], delta: float, variant: str
) -> SlowAnswer:
    """`query_parts[l]` is (m,), `gallery_parts[l]` is (R, m): the projected granules."""
    candidates = list(range(len(labels)))
    distance = [np.float32(0)] * len(labels)
    for level, (query, rows) in enumerate(zip(query_parts, gallery_parts, strict=True), 1):
        for row in candidates:
            for place in range(len(query)):
                difference = np.float32(rows[row, place] - query[place])
                distance[row] = np.float32(distance[row] + np.float32(difference * difference))
        nearest = candidates[0]
        for row in candidates:
            if distance[row] < distance[nearest]:
                nearest = row
        limit = np.float32(np.float32(delta) * distance[nearest])
        if variant == "per_instance":
            candidates = [row for row in candidates if distance[row] <= limit]
        else:
            of_class: dict[int, np.float32] = {}
            for row in candidates:
                of_class[labels[row]] = min(of_class.get(labels[row], np.float32(np.inf)), distance[row])
            candidates = [row for row in candidates if of_class[labels[row]] <= limit]
        if len({labels[row] for row in candidates}) == 1:
            return SlowAnswer(labels[nearest], nearest, float(distance[nearest]), level, candidates, True)
    return SlowAnswer(labels[nearest], nearest, float(distance[nearest]), level, candidates, False)


def sort_slowly(query: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Squared distances of one query in double precision: (R,)."""
    return np.array([sum((float(a) - float(b)) ** 2 for a, b in zip(row, query, strict=True)) for row in vectors])
