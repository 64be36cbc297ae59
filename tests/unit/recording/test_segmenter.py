"""Where a stream is cut."""

import pytest

from tests.support.media import make_packets
from vedette.core.errors import InvalidInputError
from vedette.core.time import TICKS_PER_S
from vedette.recording.segmenter import Cut, CutPolicy, Segmenter

POLICY = CutPolicy(10 * TICKS_PER_S, 20 * TICKS_PER_S)


def cuts(packets, stagger_90k=0, policy=POLICY) -> list[Cut]:
    segmenter = Segmenter(policy, stagger_90k)
    found = []
    for packet in packets:
        cut = segmenter.push(packet)
        segmenter.grow(len(packet.data))
        found += [cut] if cut is not None else []
    return found


def test_starts_at_the_first_key_frame_not_before() -> None:
    packets = make_packets(60, gop=50)[3:]
    assert cuts(packets) == [Cut(50 * 3600, decodable=True)]


def test_cuts_at_the_first_key_frame_after_the_target() -> None:
    found = cuts(make_packets(1000, gop=75))  # key frames every 3 s, target 10 s
    assert [cut.dts_90k // TICKS_PER_S for cut in found] == [0, 12, 24, 36]


def test_cuts_without_key_frame_at_max() -> None:
    found = cuts(make_packets(1200, gop=100_000))
    assert [(cut.dts_90k // TICKS_PER_S, cut.decodable) for cut in found] == [(0, True), (20, False), (40, False)]


def test_streams_that_start_together_do_not_cut_together() -> None:
    packets = make_packets(2000, gop=25)
    plain, staggered = cuts(packets), cuts(packets, stagger_90k=4 * TICKS_PER_S)
    assert [cut.dts_90k // TICKS_PER_S for cut in plain[1:4]] == [10, 20, 30]
    assert [cut.dts_90k // TICKS_PER_S for cut in staggered[1:4]] == [6, 16, 26]


def test_cuts_before_a_file_outgrows_its_offsets() -> None:
    policy = CutPolicy(10 * TICKS_PER_S, 20 * TICKS_PER_S, max_bytes=1000)
    found = cuts(make_packets(20, gop=100), policy=policy)
    assert [cut.decodable for cut in found] == [True, False, False]


@pytest.mark.parametrize(("target", "most"), [(0, 1), (2, 1), (-1, 1)])
def test_refuses_a_policy_that_cannot_be_kept(target, most) -> None:
    with pytest.raises(InvalidInputError):
        CutPolicy(target, most)


def test_refuses_a_stagger_of_a_whole_target() -> None:
    with pytest.raises(InvalidInputError):
        Segmenter(POLICY, POLICY.target_90k)
