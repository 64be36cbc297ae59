"""Hazards of the live benchmark's figures: a bad round that others hide, sides that are not shown in turn."""

from dataclasses import dataclass

from benchmarks.bare_chromium import BarePage
from benchmarks.live import OVER_ROUNDS, in_turn, summarize_tiles
from benchmarks.live_sides import Side
from vedette.core.media import StreamRole


@dataclass(frozen=True)
class NamedSide:
    prefix: str
    pid: int = 0

    def show(self, page: BarePage, role: StreamRole, count: int) -> None:
        raise NotImplementedError


def make_round(value: float) -> dict[str, float]:
    return dict.fromkeys(OVER_ROUNDS, value)


def test_one_bad_round_is_told_where_a_floor_or_a_ceiling_is_promised() -> None:
    figures = summarize_tiles({"": [make_round(25.0), make_round(3.0), make_round(24.0), make_round(22.0)]})
    assert (figures["tiles_fps_min"], figures["tiles_callbacks_min"], figures["stall_max_s"]) == (3.0, 3.0, 25.0)
    assert (figures["tiles_fps_median"], figures["cpu_per_viewer"]) == (23.0, 23.0)


def test_figures_of_the_peer_do_not_mix_with_ours() -> None:
    figures = summarize_tiles({"": [make_round(25.0)], "peer_": [make_round(20.0)]})
    assert figures == dict.fromkeys(OVER_ROUNDS, 25.0) | {f"peer_{name}": 20.0 for name in OVER_ROUNDS}


def test_sides_take_turns() -> None:
    shown: list[str] = []

    def show(side: Side) -> int:
        shown.append(side.prefix)
        return len(shown)

    assert in_turn([NamedSide(""), NamedSide("peer_")], 2, show) == {"": [1, 3], "peer_": [2, 4]}
    assert shown == ["", "peer_", "", "peer_"]
