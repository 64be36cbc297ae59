"""RFC 3161 by hand: what the parser takes, what it refuses, and that its signatures are those of OpenSSL."""

import hashlib
import random
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import example, given, settings
from hypothesis import strategies as st

from vedette.adapters.time_stamp_check import TimeStampRefusedError, check_answer, sort_certificates
from vedette.core.errors import InvalidInputError
from vedette.core.time import NS_PER_S
from vedette.evidence.offline_verify import (
    _CURVES,
    _DIGEST_HEADS,
    Curve,
    Der,
    WrongForm,
    check_rsa,
    check_time_stamp,
    format_time,
    open_der,
)
from vedette.evidence.time_stamps import encode_der, encode_integer, encode_oid, is_due, make_question
from vedette.testing.time_stamp_authority import Profile, SimulatedAuthority, split_response

NOW_NS = 1_796_000_000 * NS_PER_S
HOUR_NS = 3600 * NS_PER_S
QUESTION = make_question(7, "origin\n7\nroot\n\n\N{EM DASH} origin signature\n", 1 << 60)
AUTHORITY = SimulatedAuthority()
ANSWER = AUTHORITY.answer(QUESTION.body, NOW_NS)
P256, P384 = (
    _CURVES[open_der(encode_der(0x30, oid)).whole()] for oid in map(encode_oid, ("1.2.840.10045.3.1.7", "1.3.132.0.34"))
)


@pytest.mark.parametrize("hash_name", ["sha256", "sha384", "sha512"])
@pytest.mark.parametrize("key", ["rsa", "p256", "p384"])
def test_every_kind_of_signature_is_read_and_bound_to_its_question(key, hash_name) -> None:
    authority = SimulatedAuthority(Profile(key=key, hash_name=hash_name))
    stamp = check_answer(
        authority.answer(QUESTION.body, NOW_NS), QUESTION, authority.root_pem, authority.profile.policy
    )
    assert (stamp.at_ns, stamp.accuracy_ns, stamp.nonce) == (NOW_NS, NS_PER_S, QUESTION.nonce)
    assert (stamp.name, stamp.fingerprint) == ("Test TSA", authority.fingerprint)
    with pytest.raises(WrongForm, match="over something else"):
        check_time_stamp(authority.answer(QUESTION.body, NOW_NS), QUESTION.stamped + b"\n")


PAST = (datetime(2020, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))
FUTURE = (datetime(2027, 1, 1, tzinfo=UTC), datetime(2050, 1, 1, tzinfo=UTC))
TLS = ExtendedKeyUsageOID.SERVER_AUTH


@pytest.mark.parametrize(
    ("faults", "words"),
    [
        ({"nonce_shift": 1}, "another question"),
        ({"imprint": b"another"}, "over something else"),
        ({"status": 2}, "did not grant"),
        ({"status": 1}, "did not grant"),
        ({"names_itself": False}, "does not name its certificate"),
        ({"has_certificate": False}, "certificate of the authority is not in"),
    ],
)
def test_answer_that_is_wrong_in_one_thing_is_refused_in_words(faults, words) -> None:
    answer = AUTHORITY.with_faults(**faults).answer(QUESTION.body, NOW_NS)
    with pytest.raises(TimeStampRefusedError, match=words):
        check_answer(answer, QUESTION, AUTHORITY.root_pem, "")


@pytest.mark.parametrize(
    ("profile", "words"),
    [
        (Profile(valid=PAST), "not valid at that time"),
        (Profile(valid=FUTURE), "not valid at that time"),
        (Profile(purposes=(TLS,)), "not one for time stamps"),
        (Profile(purposes=(ExtendedKeyUsageOID.TIME_STAMPING, TLS)), "holds more than it may"),
        (Profile(is_purpose_critical=False), "not one for time stamps"),
    ],
)
def test_certificate_that_may_not_stamp_is_refused_in_words(profile, words) -> None:
    authority = SimulatedAuthority(profile)
    with pytest.raises(TimeStampRefusedError, match=words):
        check_answer(authority.answer(QUESTION.body, NOW_NS), QUESTION, authority.root_pem, "")


def test_authority_of_the_same_name_under_another_root_is_refused() -> None:
    other = SimulatedAuthority(Profile(key="p384"), "Another TSA")
    with pytest.raises(TimeStampRefusedError, match="does not lead to one that is pinned"):
        check_answer(ANSWER, QUESTION, other.root_pem, "")
    with pytest.raises(TimeStampRefusedError, match="not PEM"):
        check_answer(ANSWER, QUESTION, b"nonsense", "")


def test_no_flipped_bit_changes_what_a_stamp_says() -> None:
    """Flips where nothing is signed (the list of hashes in front, say) may pass; then the stamp says the same."""
    expected, source = check_time_stamp(ANSWER, QUESTION.stamped), random.Random(5)
    refused = 0
    for place in range(0, len(ANSWER), 2):
        changed = bytearray(ANSWER)
        changed[place] ^= 1 << source.randrange(8)
        try:
            assert check_time_stamp(bytes(changed), QUESTION.stamped) == expected
        except WrongForm:
            refused += 1
    assert refused > len(ANSWER) // 2 - 15


@given(st.binary(max_size=400))
@example(b"")
@example(b"\x30\x80\x00\x00")
@example(b"\x30\x84\xff\xff\xff\xff")
@settings(deadline=None)
def test_no_bytes_break_the_parser(data) -> None:
    with pytest.raises(WrongForm):
        check_time_stamp(data, QUESTION.stamped)


@given(st.data())
@settings(deadline=None, max_examples=150)
def test_no_mutation_of_a_real_answer_breaks_the_parser_or_the_checks(data) -> None:
    changed = bytearray(ANSWER)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(changed) - 1))
        changed[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    try:
        stamp = check_answer(bytes(changed), QUESTION, AUTHORITY.root_pem, "")
    except TimeStampRefusedError:
        return
    assert stamp == check_time_stamp(ANSWER, QUESTION.stamped)


@pytest.mark.parametrize(
    "spelling",
    ["0481 01 00", "048001000000", "04820001 00", "0402 00", "04", "", "1f0100", "04850000000001 00", "0481", "0400"],
)
def test_lengths_and_tags_have_one_spelling(spelling) -> None:
    reader = Der(bytes.fromhex(spelling))
    if spelling == "0400":
        assert reader.content(4) == b""
    else:
        with pytest.raises(WrongForm):
            reader.content(4)


@pytest.mark.parametrize("spelling", ["0200", "02020001", "0202ff80"])
def test_numbers_have_one_spelling(spelling) -> None:
    with pytest.raises(WrongForm):
        Der(bytes.fromhex(spelling)).integer()


@given(st.integers(0, 1 << 200))
def test_number_that_is_written_is_read_again(value) -> None:
    assert Der(encode_integer(value)).integer() == value


def test_what_is_left_behind_a_value_is_refused() -> None:
    with pytest.raises(WrongForm):
        check_time_stamp(ANSWER + b"\x00", QUESTION.stamped)
    status, token = split_response(ANSWER)
    with pytest.raises(WrongForm):
        check_time_stamp(encode_der(0x30, status, token, b"\x05\x00"), QUESTION.stamped)
    with pytest.raises(WrongForm, match="too long"):
        check_time_stamp(bytes(1 << 17), QUESTION.stamped)


def test_sorting_certificates_for_the_library_changes_nothing_else() -> None:
    assert sort_certificates(ANSWER) == ANSWER


def ec_key(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


@pytest.mark.parametrize(("curve", "named"), [(P256, ec.SECP256R1()), (P384, ec.SECP384R1())])
@pytest.mark.parametrize("method", [hashes.SHA256(), hashes.SHA384(), hashes.SHA512()])
def test_ecdsa_agrees_with_openssl_and_refuses_the_edges(curve: Curve, named, method) -> None:
    private = ec.generate_private_key(named)
    key = ec_key(private.public_key())
    digest = hashlib.new(method.name, b"message").digest()
    r, s = decode_dss_signature(private.sign(b"message", ec.ECDSA(method)))
    order = curve._order
    assert curve.check(key, digest, r, s)
    assert not curve.check(key, hashlib.new(method.name, b"another").digest(), r, s)
    for one, other in [(0, s), (r, 0), (order, s), (r, order), (r + order, s), (r, s + order), (-r, s), (s, r), (1, 1)]:
        assert not curve.check(key, digest, one, other)
    for wrong in (
        key[:-1],
        key[:-1] + bytes([key[-1] ^ 1]),
        b"\x02" + key[1:],
        bytes(len(key)),
        b"\x04" + bytes(len(key) - 1),
    ):
        assert not curve.check(wrong, digest, r, s)
    assert not curve.check(ec_key(ec.generate_private_key(named).public_key()), digest, r, s)


def test_key_that_is_the_base_or_its_opposite_is_added_rightly() -> None:
    """The sums that a formula for different points gets wrong: a + a and a + (-a)."""
    for secret in (1, P256._order - 1, 2):
        private = ec.derive_private_key(secret, ec.SECP256R1())
        r, s = decode_dss_signature(private.sign(b"m", ec.ECDSA(hashes.SHA256())))
        assert P256.check(ec_key(private.public_key()), hashlib.sha256(b"m").digest(), r, s)


@pytest.mark.parametrize("method", [hashes.SHA256(), hashes.SHA384(), hashes.SHA512()])
def test_rsa_agrees_with_openssl_and_refuses_another_length(method) -> None:
    private = rsa.generate_private_key(65537, 2048)
    numbers = private.public_key().public_numbers()
    digest = hashlib.new(method.name, b"message").digest()
    signature = private.sign(b"message", padding.PKCS1v15(), method)
    assert check_rsa(numbers.n, numbers.e, method.name, digest, signature)
    longer = (int.from_bytes(signature, "big") + numbers.n).to_bytes(257, "big")
    for wrong in (signature[:-1], b"\x00" + signature, longer, bytes(256), signature[::-1]):
        assert not check_rsa(numbers.n, numbers.e, method.name, digest, wrong)
    assert not check_rsa(numbers.n, 1, method.name, digest, digest.rjust(256, b"\0"))
    assert not check_rsa(numbers.n >> 1100, numbers.e, method.name, digest, signature)


def test_rsa_signature_that_hides_rubbish_behind_the_hash_is_refused() -> None:
    """Bleichenbacher 2006: with exponent 3 anybody can make one, where the padding is not checked to its end."""
    modulus = (1 << 2047) | 1
    digest = hashlib.sha256(b"forged").digest()
    head = b"\x00\x01\xff\x00" + _DIGEST_HEADS["sha256"] + digest
    low = int.from_bytes(head + bytes(256 - len(head)), "big")
    root = 1 << 683
    while root**3 > low:
        root = root * 2 // 3
    step = root
    while step:
        while (root + step) ** 3 <= low:
            root += step
        step //= 2
    forged = (root + 1) ** 3
    assert forged.to_bytes(256, "big").startswith(head)
    assert not check_rsa(modulus, 3, "sha256", digest, (root + 1).to_bytes(256, "big"))


def test_stamp_is_due_hourly_after_midnight_and_when_the_clock_went_back() -> None:
    noon = NOW_NS // (24 * HOUR_NS) * 24 * HOUR_NS + 12 * HOUR_NS
    assert not is_due(noon + HOUR_NS - 1, noon, HOUR_NS)
    assert is_due(noon + HOUR_NS, noon, HOUR_NS)
    assert is_due(noon - 1, noon, HOUR_NS)
    assert not is_due(noon + 11 * HOUR_NS, noon + 11 * HOUR_NS, HOUR_NS)
    assert is_due(noon + 12 * HOUR_NS, noon + 12 * HOUR_NS - 1, HOUR_NS)


def test_object_identifiers_are_encoded_and_others_refused() -> None:
    assert encode_oid("1.2.840.113549.1.7.2").hex() == "06092a864886f70d010702"
    assert encode_oid("2.999.3").hex() == "0603883703"
    for wrong in ("", "1", "1.40", "3.1", "1.2.-3", "1.2.x", "1..2", "1.2.²"):
        with pytest.raises(InvalidInputError):
            encode_oid(wrong)


@pytest.mark.parametrize(
    ("tag", "text", "told"),
    [
        (0x18, b"20261128101112Z", "2026-11-28T10:11:12.000Z"),
        (0x18, b"20261128101112.25Z", "2026-11-28T10:11:12.250Z"),
        (0x17, b"491231235959Z", "2049-12-31T23:59:59.000Z"),
        (0x17, b"500101000000Z", "1950-01-01T00:00:00.000Z"),
        (0x18, b"20261128101112.250Z", None),
        (0x18, b"20261128101112.Z", None),
        (0x18, b"20261128101112", None),
        (0x18, b"20261128101112+0000", None),
        (0x18, b"20260230101112Z", None),
        (0x18, b"20261128101161Z", None),
        (0x17, b"20261128101112Z", None),
        (0x17, b"261128101112.5Z", None),
        (0x04, b"20261128101112Z", None),
    ],
)
def test_times_have_one_spelling(tag, text, told) -> None:
    from vedette.evidence.offline_verify import _read_time

    if told is None:
        with pytest.raises(WrongForm):
            _read_time(tag, text)
    else:
        assert format_time(_read_time(tag, text)) == told


def test_name_of_an_authority_cannot_play_with_the_screen() -> None:
    authority = SimulatedAuthority(name="T\x1b[2J\u202eSA\n")
    stamp = check_time_stamp(authority.answer(QUESTION.body, NOW_NS), QUESTION.stamped)
    assert stamp.name == "T?[2J?SA?"
