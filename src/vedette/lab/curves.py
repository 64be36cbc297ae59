"""Draws the history of trainings as SVG: figures of every shard, one line each."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from vedette.core.errors import InvalidInputError

_WIDTH, _HEIGHT, _MARGIN = 760, 420, 56
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
    values = [value for series in lines.values() for value in series]
    low, high = min(values), max(values)
    span = (high - low) or 1.0

    def place(index: int, value: float) -> str:
        x = _MARGIN + (_WIDTH - 2 * _MARGIN) * (index / max(longest - 1, 1))
        y = _HEIGHT - _MARGIN - (_HEIGHT - 2 * _MARGIN) * ((value - low) / span)
        return f"{x:.1f},{y:.1f}"

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" {_FONT}>',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#14181d"/>',
        f'<text x="{_MARGIN}" y="28" fill="#e6edf3" font-size="16">{_escape(title)}</text>',
    ]
    for step in range(5):
        value = low + span * step / 4
        y = float(place(0, value).split(",")[1])
        parts.append(f'<path d="M{_MARGIN} {y:.1f}H{_WIDTH - _MARGIN}" stroke="#2b333c"/>')
        parts.append(f'<text x="{_MARGIN - 8}" y="{y + 4:.1f}" fill="#9aa7b4" text-anchor="end">{value:.3g}</text>')
    for number in sorted({1, (longest + 1) // 2, longest}):
        x = place(number - 1, low).split(",")[0]
        parts.append(f'<text x="{x}" y="{_HEIGHT - _MARGIN + 22}" fill="#9aa7b4" text-anchor="middle">{number}</text>')
    for row, (name, series) in enumerate(lines.items()):
        colour = _COLOURS[row % len(_COLOURS)]
        points = " ".join(place(index, value) for index, value in enumerate(series))
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        y = _HEIGHT - _MARGIN - 12 - 18 * (len(lines) - 1 - row)
        label = f"{_escape(name)} {series[-1]:.4f}"
        parts.append(f'<text x="{_WIDTH - _MARGIN - 6}" y="{y}" fill="{colour}" text-anchor="end">{label}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
