"""From the reader's answer, a grid of sign probabilities, to signs in reading order. Pure.

The reader says for each cell which sign has its middle there, if any. Peaks of "some sign" are the signs; they are
sorted into one or two lines. Distributions are kept, not letters: the grammar decides between 0 and O with them.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_PRESENT = 0.45
"""From here on a peak is a sign."""
_TWO_LINES_ROWS = 2.0
"""Lines whose middles are less than this many rows apart are one slanted line."""
MAX_SIGNS = 12

Probabilities = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class SignRow:
    """Signs in reading order.

    Attributes:
        probabilities: (N, 36) of each sign, given that there is one; rows sum to 1.
        presence: (N,) that there is one.
        lines: 1 or 2.
        clear: 0..1: 1 less the highest presence of what was not taken for a sign, but might be one.
    """

    probabilities: Probabilities
    presence: Probabilities
    lines: int
    clear: float

    def __len__(self) -> int:
        return len(self.presence)


def find_signs(grid: Probabilities) -> SignRow:
    """Finds the signs of one plate.

    Args:
        grid: (rows, columns, 37) float32 probabilities, the last is "none".
    """
    present = 1.0 - grid[:, :, -1]
    is_peak = present >= _neighbour_max(present, 1, 1) - 1e-9
    rows, columns = np.nonzero(is_peak & (present >= 0.1))
    order = np.argsort(-present[rows, columns], kind="stable")
    kept: list[tuple[float, float, float, Probabilities]] = []
    for index in order:
        peak = _gather(grid, present, int(rows[index]), int(columns[index]))
        if all(abs(peak[1] - other[1]) >= 1.6 or abs(peak[0] - other[0]) >= 2.0 for other in kept):
            kept.append(peak)
    signs = [peak for peak in kept if peak[2] >= _PRESENT][:MAX_SIGNS]
    doubt = max((peak[2] for peak in kept if peak[2] < _PRESENT), default=0.0)
    return _in_order(signs, 1.0 - doubt)


def _neighbour_max(values: Probabilities, reach_y: int, reach_x: int) -> Probabilities:
    padded = np.pad(values, ((reach_y, reach_y), (reach_x, reach_x)))
    height, width = values.shape
    shifted = [padded[y : y + height, x : x + width] for y in range(2 * reach_y + 1) for x in range(2 * reach_x + 1)]
    return np.asarray(np.max(shifted, axis=0), np.float32)


def _gather(
    grid: Probabilities, present: Probabilities, row: int, column: int
) -> tuple[float, float, float, Probabilities]:
    """Middle, presence and distribution of a peak, averaged over its neighbours by their presence."""
    rows = slice(max(row - 1, 0), row + 2)
    columns = slice(max(column - 1, 0), column + 2)
    weight = present[rows, columns]
    signs = (grid[rows, columns, :-1] * weight[:, :, None]).sum(axis=(0, 1))
    y, x = (np.indices(weight.shape).T + np.array([rows.start, columns.start])).T
    total = max(float(weight.sum()), 1e-9)
    middle = float((y * weight).sum()) / total, float((x * weight).sum()) / total
    return *middle, float(present[row, column]), np.asarray(signs / max(float(signs.sum()), 1e-9), np.float32)


def _in_order(signs: list[tuple[float, float, float, Probabilities]], clear: float) -> SignRow:
    if not signs:
        return SignRow(np.zeros((0, len(SIGNS)), np.float32), np.zeros(0, np.float32), 1, clear)
    y = np.array([sign[0] for sign in signs])
    x = np.array([sign[1] for sign in signs])
    line = _split_lines(x, y)
    order = np.lexsort((x, line))
    return SignRow(
        np.stack([signs[int(i)][3] for i in order]),
        np.array([signs[int(i)][2] for i in order], np.float32),
        int(line.max()) + 1,
        clear,
    )


def _split_lines(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.int64]:
    """(N,) 0 for the upper line and 1 for the lower, all 0 for one line. A slope of the whole plate is allowed for."""
    one = np.zeros(len(y), np.int64)
    if len(y) < 4:
        return one
    order = np.sort(y)
    gaps = np.diff(order)
    cut = int(np.argmax(gaps))
    lower = np.asarray(y > (order[cut] + order[cut + 1]) / 2, np.int64)
    if min(lower.sum(), len(y) - lower.sum()) < 2:
        return one
    apart = float(y[lower == 1].mean() - y[lower == 0].mean())
    overlap = min(x[lower == 0].max(), x[lower == 1].max()) - max(x[lower == 0].min(), x[lower == 1].min())
    return one if apart < _TWO_LINES_ROWS or overlap <= 0 else lower
