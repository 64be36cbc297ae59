"""What becomes of a segment whose signed pictures were changed, taken out, or lost on the network."""

import random
from collections.abc import Callable

import pytest

from tests.support.signed_streams import (
    GOP,
    START_NS,
    STEP_NS,
    Unit,
    change_nals,
    judge_units,
    lose,
    make_units,
    spoil_slice,
    without_seis,
)
from vedette.core.media import Codec
from vedette.core.time import NS_PER_S
from vedette.evidence.media_signing.onvif import is_signing_sei
from vedette.evidence.media_signing.segments import SegmentSigning, SigningResult
from vedette.testing.signing import SigningKey, make_signing_key

CODECS = [Codec.H264, Codec.H265]
VALID, PARTLY, INVALID, UNSIGNED = (
    SigningResult.VALID,
    SigningResult.PARTLY,
    SigningResult.INVALID,
    SigningResult.UNSIGNED,
)
AT = 2 * GOP + 3
"""A picture in the middle of the second segment of three."""


@pytest.fixture(scope="module")
def key() -> SigningKey:
    return make_signing_key("front door")


def results(told: list[SegmentSigning]) -> list[SigningResult]:
    return [one.result for one in told]


@pytest.mark.parametrize("codec", CODECS)
def test_each_segment_of_an_untouched_stream_is_valid_and_names_its_signer(codec: Codec, key: SigningKey) -> None:
    told = judge_units(make_units(codec, key, gops=7), codec, key)
    assert results(told)[:3] == [VALID] * 3
    assert {(one.subject, one.is_vouched, one.first_fault_ns, one.reasons) for one in told[:3]} == {
        ("front door", True, 0, ())
    }
    assert [(one.gops, one.valid_gops) for one in told[:3]] == [(2, 2)] * 3


@pytest.mark.parametrize("codec", CODECS)
def test_a_segment_is_told_when_the_next_one_has_brought_its_last_signature(codec: Codec, key: SigningKey) -> None:
    units = make_units(codec, key, gops=3)
    (first, last) = judge_units(units, codec, key)
    assert first.result is VALID
    assert (last.result, last.reasons) == (UNSIGNED, ("not_signed",))  # its signature never came


Change = Callable[[list[Unit], Codec], list[Unit]]
TAMPERED: dict[str, tuple[Change, SigningResult, str]] = {
    "changed picture": (
        lambda u, c: [*u[:AT], spoil_slice(u[AT], c, random.Random(3)), *u[AT + 1 :]],
        INVALID,
        "modified",
    ),
    "dropped picture": (lambda u, _c: [*u[:AT], *u[AT + 1 :]], INVALID, "removed"),
    "dropped key picture with its signature": (lambda u, _c: [*u[: 2 * GOP], *u[2 * GOP + 1 :]], INVALID, ""),
    "swapped pictures": (
        lambda u, _c: [*u[:AT], change_nals(u[AT], u[AT + 1].nals), change_nals(u[AT + 1], u[AT].nals), *u[AT + 2 :]],
        INVALID,
        "modified",
    ),
    "dropped GOP": (lambda u, _c: [*u[: 3 * GOP], *u[4 * GOP :]], INVALID, "removed"),
    "replayed GOP": (
        lambda u, _c: [
            *u[: 3 * GOP],
            *(change_nals(u[3 * GOP + n], u[2 * GOP + n].nals) for n in range(GOP)),
            *u[4 * GOP :],
        ],
        INVALID,
        "replay",
    ),
    "one signature taken out": (
        lambda u, c: [*u[: 3 * GOP], without_seis(u[3 * GOP], c), *u[3 * GOP + 1 :]],
        INVALID,
        "removed",
    ),
    "truncated signature": (
        lambda u, c: [
            *u[: 3 * GOP],
            change_nals(u[3 * GOP], [n[: len(n) // 2] if is_signing_sei(n, c) else n for n in u[3 * GOP].nals]),
            *u[3 * GOP + 1 :],
        ],
        INVALID,
        "malformed",
    ),
}


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("name", TAMPERED)
def test_tampering_is_invalid_in_its_segment_with_its_second(name: str, codec: Codec, key: SigningKey) -> None:
    change, result, reason = TAMPERED[name]
    told = judge_units(change(make_units(codec, key, gops=9), codec), codec, key)
    bad = [one for one in told if one.result is INVALID]
    assert bad, results(told)
    assert result in results(told)
    assert any(reason in one.reasons for one in bad) or not reason
    assert told[-2].result is VALID  # and it does not stick
    fault_s = (bad[0].first_fault_ns - START_NS) / NS_PER_S
    assert 1.2 <= fault_s <= 6.0, fault_s


@pytest.mark.parametrize("codec", CODECS)
def test_the_second_of_a_changed_picture_is_exact(codec: Codec, key: SigningKey) -> None:
    units = make_units(codec, key, gops=7)
    units[AT] = spoil_slice(units[AT], codec, random.Random(5))
    told = judge_units(units, codec, key)
    assert results(told)[:3] == [VALID, INVALID, VALID]
    assert told[1].first_fault_ns == START_NS + AT * STEP_NS


@pytest.mark.parametrize("codec", CODECS)
def test_a_picture_lost_on_the_network_is_partly_and_one_taken_out_is_invalid(codec: Codec, key: SigningKey) -> None:
    units = make_units(codec, key, gops=7)
    del units[AT]
    at_ns = START_NS + AT * STEP_NS
    assert results(judge_units(units, codec, key))[:3] == [VALID, INVALID, VALID]
    told = judge_units(units, codec, key, losses=[(at_ns, at_ns + STEP_NS)])
    assert results(told)[:3] == [VALID, PARTLY, VALID]
    assert (told[1].reasons, told[1].missing) == (("lost",), 2)
    far_ns = at_ns + 60 * NS_PER_S
    assert results(judge_units(units, codec, key, losses=[(far_ns, far_ns + STEP_NS)]))[1] is INVALID


@pytest.mark.parametrize("options", [{}, {"lists_hashes": False}, {"max_nals": 5}, {"max_nals": 4, "seed": 9}])
@pytest.mark.parametrize("codec", CODECS)
def test_no_pattern_of_told_losses_looks_like_tampering(
    codec: Codec, options: dict[str, object], key: SigningKey
) -> None:
    units = make_units(codec, key, gops=9, **options)
    for seed in range(40):
        rng = random.Random(seed)
        kept, losses = lose(units, rng, rng.choice([0.01, 0.05, 0.2, 0.5]))
        told = judge_units(kept, codec, key, losses)
        assert INVALID not in results(told), (seed, [(one.result, one.reasons) for one in told])


@pytest.mark.parametrize("options", [{}, {"lists_hashes": False}, {"max_nals": 5}])
@pytest.mark.parametrize("codec", CODECS)
def test_a_changed_picture_is_never_valid_however_much_is_lost(
    codec: Codec, options: dict[str, object], key: SigningKey
) -> None:
    units = make_units(codec, key, gops=9, **options)
    for seed in range(40):
        rng = random.Random(seed)
        at = rng.randrange(len(units) - GOP)
        spoiled = [*units[:at], spoil_slice(units[at], codec, rng), *units[at + 1 :]]
        kept, losses = lose(spoiled, rng, rng.choice([0.0, 0.01, 0.1]))
        told = judge_units(kept, codec, key, losses)
        at_ns = units[at].at_ns
        touched = [one for one in told if one.start_ns <= at_ns < one.end_ns]
        if any(unit.nals == spoiled[at].nals for unit in kept):
            assert VALID not in results(touched), (seed, [(one.result, one.reasons) for one in told])


@pytest.mark.parametrize("codec", CODECS)
def test_without_any_loss_every_changed_slice_is_invalid(codec: Codec, key: SigningKey) -> None:
    units = make_units(codec, key, gops=5)
    for seed in range(60):
        rng = random.Random(seed)
        at = rng.randrange(len(units) - GOP)
        told = judge_units([*units[:at], spoil_slice(units[at], codec, rng), *units[at + 1 :]], codec, key)
        assert INVALID in results(told)


@pytest.mark.parametrize("codec", CODECS)
def test_a_foreign_certificate_is_invalid_where_roots_are_known(codec: Codec, key: SigningKey) -> None:
    told = judge_units(make_units(codec, make_signing_key("foreign")), codec, key)
    assert set(results(told)[:2]) == {INVALID}
    assert "root_not_trusted" in told[0].reasons
    assert not told[0].is_vouched


@pytest.mark.parametrize("codec", CODECS)
def test_a_key_that_takes_over_is_told_once_where_no_roots_are_known(codec: Codec, key: SigningKey) -> None:
    foreign = make_signing_key("foreign")
    units, others = make_units(codec, key, gops=9), make_units(codec, foreign, gops=9, counter=3)
    told = judge_units([*units[: 4 * GOP], *others[4 * GOP :]], codec)
    assert "key_changed" in {reason for one in told for reason in one.reasons}
    before = told[0].fingerprint
    told = judge_units(others, codec, known=before)  # after a restart: the key of before is known
    assert (told[0].result, told[0].reasons) == (INVALID, ("key_changed",))
    assert told[1].result is VALID


@pytest.mark.parametrize("codec", CODECS)
def test_a_stream_that_stops_signing_is_unsigned_from_then_on(codec: Codec, key: SigningKey) -> None:
    units = make_units(codec, key, gops=9)
    units[4 * GOP + 1 :] = [without_seis(unit, codec) for unit in units[4 * GOP + 1 :]]
    told = judge_units(units, codec, key)
    assert results(told)[:2] == [VALID, VALID]
    assert set(results(told)[2:]) == {UNSIGNED}


@pytest.mark.parametrize("codec", CODECS)
def test_a_stream_that_never_signed_is_unsigned(codec: Codec, key: SigningKey) -> None:
    units = [without_seis(unit, codec) for unit in make_units(codec, key)]
    told = judge_units(units, codec)
    assert set(results(told)) == {UNSIGNED}
    assert {one.fingerprint for one in told} == {""}


@pytest.mark.parametrize("codec", CODECS)
def test_coming_in_between_is_no_fault(codec: Codec, key: SigningKey) -> None:
    told = judge_units(make_units(codec, key, gops=9)[2 * GOP :], codec, key)
    assert results(told)[:3] == [VALID] * 3


@pytest.mark.parametrize("codec", CODECS)
def test_a_camera_whose_clock_runs_ahead_is_partly_and_a_replay_is_not_excused_by_it(
    codec: Codec, key: SigningKey
) -> None:
    told = judge_units(make_units(codec, key, gops=7, ahead_s=3600), codec, key)
    assert {(one.result, one.reasons) for one in told[:3]} == {(PARTLY, ("future",))}
    units = make_units(codec, key, gops=9, ahead_s=3600)
    units[AT] = spoil_slice(units[AT], codec, random.Random(1))
    assert results(judge_units(units, codec, key))[1] is INVALID
