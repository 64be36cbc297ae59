"""The calibrated search confined to near cells, written out entry by entry: what the fast one must equal.

Nothing in common with `vedette.search` but the formulas: no blocks, no places, cells as lists that are made for each
question. Distances add up component after component in float32.
"""

import math

import numpy as np

from vedette.search.calibrated import CalibratedTerms


def find_near_slowly(
    query_parts: list[np.ndarray],
    entry_parts: list[np.ndarray],
    centres: np.ndarray,
    terms: CalibratedTerms,
    step: float,
    few: int,
    k: int,
) -> tuple[int, list[int]]:
    """`query_parts[l]` is (m,), `entry_parts[l]` is (R, m). Returns the levels and who is measured in full."""
    count = len(entry_parts[0])
    members: dict[int, list[int]] = {}
    for row in range(count):
        members.setdefault(_find_nearest(entry_parts[0][row], centres), []).append(row)
    rows = [
        row for cell in _choose_cells(query_parts[0], members, centres, terms.slack or 0.0, k) for row in members[cell]
    ]
    asked = _to_whole(query_parts[0], step)
    sums = {
        row: sum((a - b) ** 2 for a, b in zip(_to_whole(entry_parts[0][row], step), asked, strict=True)) for row in rows
    }
    limit = terms.deltas[0] * (_kth(list(sums.values()), k, count) + terms.floor / step**2)
    rows = [row for row in rows if sums[row] <= math.floor(limit)]
    distance = {row: np.float32(np.float32(sums[row]) * np.float32(step**2)) for row in rows}
    levels = 1
    while len(rows) > max(few, 2 * k) and levels < len(query_parts):
        for row in rows:
            distance[row] = _add(distance[row], query_parts[levels], entry_parts[levels][row])
        limit = terms.deltas[levels] * (_kth([float(distance[row]) for row in rows], k, len(rows)) + terms.floor)
        rows = [row for row in rows if distance[row] <= np.float32(limit)]
        levels += 1
    return levels, sorted(rows)


def _choose_cells(
    part: np.ndarray, members: dict[int, list[int]], centres: np.ndarray, slack: float, k: int
) -> list[int]:
    far = {cell: float(_add(np.float32(0), centres[cell], part)) for cell in members}
    held = 0
    enough = math.inf
    for cell in sorted(members, key=lambda one: (far[one], one)):
        held, enough = held + len(members[cell]), far[cell]
        if held >= k:
            break
    limit = np.float32((math.sqrt(enough) + slack) ** 2)
    return [cell for cell in members if np.float32(far[cell]) <= limit]


def _find_nearest(part: np.ndarray, centres: np.ndarray) -> int:
    far = [_add(np.float32(0), part, centre) for centre in centres]
    return far.index(min(far))


def _add(total: np.float32, one: np.ndarray, other: np.ndarray) -> np.float32:
    for a, b in zip(one, other, strict=True):
        difference = np.float32(a - b)
        total = np.float32(total + np.float32(difference * difference))
    return total


def _to_whole(part: np.ndarray, step: float) -> list[int]:
    return [int(min(max(round(float(np.float32(value / np.float32(step)))) + 128, 0), 255)) for value in part]


def _kth(values: list[float], k: int, count: int) -> float:
    return sorted(values)[min(k, count) - 1] if min(k, count) <= len(values) else math.inf
