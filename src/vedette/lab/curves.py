"""Draws the history of trainings as SVG: figures of every shard, one line each."""

import itertools
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from vedette.core.errors import InvalidInputError

_WIDTH, _HEIGHT, _MARGIN = 860, 420, 56
_RIGHT = _WIDTH - 200
"""Behind it stand the names of the lines."""
_LABEL_PX = 18
_MOST_STEPS = 6
_FONT = 'font-family="sans-serif" font-size="13"'
_COLOURS = ("#4fa3ff", "#ffb454", "#5fd38d", "#ff6b81", "#b48cff", "#9aa7b4")


def read_history(path: Path) -> dict[str, list[float]]:
    """The figures of a training (`history.jsonl`) by name, shard by shard."""
    try:
        rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    except (OSError, ValueError) as error:
        raise InvalidInputError(f"{path} is no history of a training: {error}") from error
    names = [name for name in (rows[0] if rows else {}) if name not in {"shard", "seconds"}]
    return {name: [float(row[name]) for row in rows] for name in names}


def draw_curves(lines: Mapping[str, Sequence[float]], title: str) -> str:
    """An SVG picture with one line per series, from shard 1 on; all share one scale."""
    longest = max((len(values) for values in lines.values()), default=0)
    if longest < 1:
        raise InvalidInputError("there is nothing to draw yet")
    step, low, high = _find_scale([value for series in lines.values() for value in series])

    def place(index: int, value: float) -> tuple[float, float]:
        x = _MARGIN + (_RIGHT - _MARGIN) * (index / max(longest - 1, 1))
        return x, _HEIGHT - _MARGIN - (_HEIGHT - 2 * _MARGIN) * ((value - low) / (high - low))

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" {_FONT}>',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#14181d"/>',
        f'<text x="{_MARGIN}" y="28" fill="#e6edf3" font-size="16">{_escape(title)}</text>',
    ]
    for number in range(round((high - low) / step) + 1):
        value = low + number * step
        y = place(0, value)[1]
        parts.append(f'<path d="M{_MARGIN} {y:.1f}H{_RIGHT}" stroke="#2b333c"/>')
        parts.append(f'<text x="{_MARGIN - 8}" y="{y + 4:.1f}" fill="#9aa7b4" text-anchor="end">{value:.3g}</text>')
    for number in sorted({1, (longest + 1) // 2, longest}):
        x = place(number - 1, low)[0]
        y = _HEIGHT - _MARGIN + 22
        parts.append(f'<text x="{x:.1f}" y="{y}" fill="#9aa7b4" text-anchor="middle">{number}</text>')
    heights = _spread([place(0, series[-1])[1] for series in lines.values()])
    for (name, series), y, colour in zip(lines.items(), heights, itertools.cycle(_COLOURS), strict=False):
        points = " ".join("{:.1f},{:.1f}".format(*place(index, value)) for index, value in enumerate(series))
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        label = f"{_escape(name)} {series[-1]:.4f}"
        parts.append(f'<text x="{_RIGHT + 10}" y="{y + 4:.1f}" fill="{colour}">{label}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _find_scale(values: Sequence[float]) -> tuple[float, float, float]:
    """Step, lowest and highest value of an axis that holds all values in round steps."""
    span = (max(values) - min(values)) or 1.0
    power = 10.0 ** math.floor(math.log10(span / _MOST_STEPS))
    step = next(power * times for times in (1, 2, 5, 10) if span / (power * times) <= _MOST_STEPS)
    low = math.floor(min(values) / step) * step
    return step, low, max(math.ceil(max(values) / step) * step, low + step)


def _spread(heights: Sequence[float]) -> list[float]:
    """Heights of labels near these, in their order, so that none lies over another."""
    found, free = [0.0] * len(heights), 0.0
    for index in sorted(range(len(heights)), key=lambda each: heights[each]):
        found[index] = max(heights[index], free)
        free = found[index] + _LABEL_PX
    return found


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
