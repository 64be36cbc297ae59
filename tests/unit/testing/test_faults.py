import random
from pathlib import Path

import pytest

from vedette.core.media import Codec
from vedette.testing.fault_runner import plan_actions
from vedette.testing.fault_script import FaultScriptError, load_script, parse_script
from vedette.testing.faults import ClipVariant, Fault, FaultKind, FaultStep, Spoiling, spoil_packets
from vedette.testing.source_library import plan_key_frames

PACKETS = [bytes([0x24, 0, 0, 13]) + bytes(11) + bytes([index]) + b"payload" for index in range(200)]


def spoil(spoiling: Spoiling, seed: int = 1) -> list[bytes]:
    return spoil_packets(PACKETS, spoiling, random.Random(seed), 16)


def test_nothing_is_spoiled_without_a_fault() -> None:
    assert spoil(Spoiling()) == PACKETS


def test_loss_loses_about_its_share_and_keeps_the_order() -> None:
    kept = spoil(Spoiling(loss=0.25))
    assert 130 < len(kept) < 170
    assert kept == [packet for packet in PACKETS if packet in kept]


def test_all_can_be_lost() -> None:
    assert spoil(Spoiling(loss=1.0)) == []


def test_duplicates_follow_their_original() -> None:
    assert spoil(Spoiling(duplicate=1.0)) == [packet for packet in PACKETS for _ in range(2)]


def test_reordering_loses_nothing_and_moves_a_packet_by_one() -> None:
    moved = spoil(Spoiling(reorder=0.3))
    assert sorted(moved) == sorted(PACKETS)
    assert moved != PACKETS
    assert all(abs(moved.index(packet) - index) <= 1 for index, packet in enumerate(PACKETS))


def test_corruption_spares_the_headers() -> None:
    damaged = spoil(Spoiling(corrupt=1.0))
    for before, after in zip(PACKETS, damaged, strict=True):
        assert before[:16] == after[:16]
        assert sum(a != b for a, b in zip(before, after, strict=True)) == 1


def test_same_seed_same_faults() -> None:
    spoiling = Spoiling(0.1, 0.1, 0.1, 0.1)
    assert spoil(spoiling, 7) == spoil(spoiling, 7) != spoil(spoiling, 8)


def test_script_is_read_in_the_order_of_time(tmp_path: Path) -> None:
    script = tmp_path / "faults.yaml"
    script.write_text(
        """
version: 1
steps:
  - {at_s: 20, do: loss, ratio: 0.02, for_s: 5, camera: cam1, stream: sub}
  - {at_s: 10, do: disconnect}
  - {do: refuse, on_connection: 2}
""",
        encoding="utf-8",
    )
    steps = load_script(script)
    assert [step.fault.kind for step in steps] == [FaultKind.REFUSE, FaultKind.DISCONNECT, FaultKind.LOSS]
    assert steps[2] == FaultStep(Fault(FaultKind.LOSS, 0.02), "cam1", "sub", 20.0, None, 5.0)


@pytest.mark.parametrize(
    ("step", "says"),
    [
        ({"do": "explode"}, "unknown"),
        ({"do": "loss"}, "needs `ratio`"),
        ({"do": "loss", "ratio": 2}, "from 0 to 1"),
        ({"do": "loss", "ratio": True}, "from 0 to 1"),
        ({"do": "stall", "fors_s": 2}, "unknown key `fors_s`"),
        ({"do": "stall", "ratio": 0.5}, "unknown key `ratio`"),
        ({"do": "disconnect", "for_s": 2}, "takes no `for_s`"),
        ({"do": "stall", "stream": "third"}, "main, sub"),
        ({"do": "stall", "on_connection": 0}, "from 1"),
        ({"do": "stall", "for_s": 5, "every_s": 5}, "shorter"),
        ({"do": "source", "file": "nothing.mp4"}, "does not exist"),
        ({"do": "source", "encode": {"codec": "mpeg2"}}, "h264 or h265"),
        ({"do": "source", "encode": {"size": [641, 360]}}, "even"),
        ({"do": "source", "encode": {"gop_s": []}}, "0.04"),
        ({"do": "source", "encode": {"gop": 3}}, "takes `codec`"),
        ("stall", "not a mapping"),
    ],
)
def test_typo_refuses_the_whole_script(step: object, says: str, tmp_path: Path) -> None:
    with pytest.raises(FaultScriptError, match=says):
        parse_script({"version": 1, "steps": [{"do": "disconnect"}, step]}, tmp_path)


def test_all_errors_are_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(FaultScriptError) as caught:
        parse_script({"version": 1, "steps": [{"do": "x"}, {"do": "loss"}]}, tmp_path)
    assert "step 1" in caught.value.message
    assert "step 2" in caught.value.message


@pytest.mark.parametrize("content", [None, [], {"steps": []}, {"version": 2, "steps": []}, {"version": 1}])
def test_what_is_no_script_is_refused(content: object, tmp_path: Path) -> None:
    with pytest.raises(FaultScriptError):
        parse_script(content, tmp_path)


def test_step_with_a_length_ends_and_repeats() -> None:
    step = FaultStep(Fault(FaultKind.STALL), at_s=1.0, for_s=2.0, every_s=10.0)
    actions = plan_actions(step, 100.0)
    planned = [(action.at_s, action.is_end) for action in (next(actions) for _ in range(4))]
    assert planned == [(101.0, False), (103.0, True), (111.0, False), (113.0, True)]


def test_single_step_ends_the_plan() -> None:
    assert len(list(plan_actions(FaultStep(Fault(FaultKind.DISCONNECT)), 0.0))) == 1


def test_variant_of_a_clip_is_described_in_the_script(tmp_path: Path) -> None:
    step = {"do": "source", "encode": {"codec": "h265", "size": [640, 360], "gop_s": [8, 0.5]}}
    (parsed,) = parse_script({"version": 1, "steps": [step]}, tmp_path)
    assert parsed.fault.variant == ClipVariant(Codec.H265, (640, 360), (8.0, 0.5))


def test_key_frame_distances_are_used_in_turn() -> None:
    assert plan_key_frames((2.0, 0.4), 100, 10) == {0, 20, 24, 44, 48, 68, 72, 92, 96}
    assert plan_key_frames((100.0,), 50, 10) == {0}
