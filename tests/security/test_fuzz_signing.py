"""SEIs made to break who reads them: nothing but verdicts comes out, and nothing forged is valid."""

import contextlib
import random
from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.signed_streams import START_NS, Unit, judge_units, make_units
from vedette.core.media import Codec
from vedette.evidence.media_signing.documents import GopStatement, MalformedDocumentError
from vedette.evidence.media_signing.nal_units import MAX_SEI_BYTES, escape, unescape
from vedette.evidence.media_signing.onvif import UUID, OnvifDialect, is_signing_sei, write_signed, write_unsigned
from vedette.evidence.media_signing.segments import SigningResult
from vedette.evidence.media_signing.validator import SigningVerdict, StreamValidator
from vedette.testing.signing import SigningKey, make_signing_key

CODECS = [Codec.H264, Codec.H265]
HEADS = {Codec.H264: b"\x06", Codec.H265: b"\x4e\x01"}


@pytest.fixture(scope="module")
def key() -> SigningKey:
    return make_signing_key("gate")


def make_sei(codec: Codec, body: bytes) -> bytes:
    size = len(UUID) + len(body)
    head = HEADS[codec] + b"\x05" + b"\xff" * (size // 255) + bytes([size % 255])
    return escape(head + UUID + body + b"\x80")


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.sampled_from(CODECS), st.binary(max_size=200), st.integers(0, 300))
def test_any_bytes_behind_the_uuid_are_read_or_refused(codec: Codec, body: bytes, cut: int) -> None:
    nal = make_sei(codec, body)[: cut + 1]
    with contextlib.suppress(MalformedDocumentError):
        OnvifDialect().read(nal, codec)
    validator = StreamValidator(codec, None)
    told = validator.push(nal, START_NS) + validator.finish()
    assert SigningVerdict.AUTHENTIC not in {one.verdict for one in told}


def mutations(nal: bytes, rng: random.Random) -> Iterator[bytes]:
    """Bits, cuts, insertions, swapped pieces, and sizes that lie, in the plain SEI and in the escaped one."""
    plain = unescape(nal)
    while True:
        octets = bytearray(plain if rng.random() < 0.5 else nal)
        for _ in range(rng.choice([1, 1, 1, 2, 5])):
            at = rng.randrange(len(octets))
            what = rng.randrange(5)
            if what == 0:
                octets[at] ^= 1 << rng.randrange(8)
            elif what == 1:
                del octets[at:]
            elif what == 2:
                octets[at:at] = rng.randbytes(rng.randrange(1, 9))
            elif what == 3:
                octets[at : at + 3] = bytes([rng.randrange(9)]) + rng.choice([b"\0\0", b"\xff\xff", b"\0\x01"])
            else:
                other = rng.randrange(len(octets))
                octets[at : at + 20], octets[other : other + 20] = octets[other : other + 20], octets[at : at + 20]
            if not octets:
                break
        yield bytes(octets) if rng.random() < 0.5 else escape(bytes(octets))


@pytest.mark.parametrize("codec", CODECS)
def test_no_mutation_of_a_signature_is_valid(codec: Codec, key: SigningKey) -> None:
    units = make_units(codec, key, gops=3)
    at = next(place for place, unit in enumerate(units) if any(is_signing_sei(nal, codec) for nal in unit.nals))
    (sei,) = [nal for nal in units[at].nals if is_signing_sei(nal, codec)]
    rest = [nal for nal in units[at].nals if nal != sei]
    signed = unescape(sei)
    for number, mutant in zip(range(1500), mutations(sei, random.Random(11)), strict=False):
        if unescape(mutant) == signed or unescape(mutant).rstrip(b"\0") == signed:
            continue  # another spelling of the same SEI
        told = judge_units([*units[:at], Unit(units[at].at_ns, (mutant, *rest), True)], codec, key)
        if any(one.result is SigningResult.VALID for one in told):
            # What lies behind the signature (its filling, the end of the SEI) is not signed and says nothing.
            document = OnvifDialect().read(mutant, codec)
            original = OnvifDialect().read(sei, codec)
            assert document is not None
            assert original is not None
            assert (document.digest, document.signature) == (original.digest, original.signature), number


def sign(codec: Codec, key: SigningKey, statement: GopStatement) -> bytes:
    unsigned = write_unsigned(statement, codec, "sha256", key.chain_pem, 104)
    digest = hashes.Hash(hashes.SHA256())
    digest.update(unsigned)
    signature = key.key.sign(digest.finalize(), ec.ECDSA(Prehashed(hashes.SHA256())))
    return write_signed(unsigned, signature, 104)


@pytest.mark.parametrize("codec", CODECS)
def test_a_right_signature_over_wild_statements_is_judged_and_never_raises(codec: Codec, key: SigningKey) -> None:
    """The attacker has a key of his own: every number that he signs is his to choose."""
    rng = random.Random(5)
    wild = [0, 1, -1, 2**31, 2**32 - 1, 2**62, -(2**62)]
    units = make_units(codec, key, gops=2)
    for _ in range(300):
        statement = GopStatement(
            rng.choice(wild) & 0xFFFFFFFF,
            rng.random() < 0.5,
            rng.choice(wild),
            rng.choice(wild),
            rng.randrange(70_000),
            rng.randbytes(32),
            rng.randbytes(32),
            tuple(rng.randbytes(32) for _ in range(rng.choice([0, 1, 3, 40]))),
        )
        validator = StreamValidator(codec, None)
        nals = [nal for unit in units for nal in unit.nals]
        place = rng.randrange(len(nals))
        nals.insert(place, sign(codec, key, statement))
        told = [one for nal in nals for one in validator.push(nal, START_NS)] + validator.finish()
        assert any(one.verdict is not SigningVerdict.AUTHENTIC for one in told)


@pytest.mark.parametrize("codec", CODECS)
def test_certificates_that_are_none_are_refused(codec: Codec, key: SigningKey) -> None:
    rng = random.Random(9)
    statement = GopStatement(1, False, START_NS, START_NS, 1, bytes(32), bytes(32), (bytes(32),))
    for _ in range(300):
        octets = bytearray(key.chain_pem)
        for _ in range(rng.randrange(1, 6)):
            octets[rng.randrange(len(octets))] = rng.randrange(256)
        forged = SigningKey(key.key, bytes(octets))
        validator = StreamValidator(codec, None)
        told = validator.push(sign(codec, forged, statement), START_NS)
        assert SigningVerdict.AUTHENTIC not in {one.verdict for one in told}


def test_a_huge_sei_is_refused_at_once() -> None:
    nal = make_sei(Codec.H264, bytes(2 * MAX_SEI_BYTES))
    validator = StreamValidator(Codec.H264, None)
    assert [one.reasons for one in validator.push(nal, START_NS)] == [("malformed",)]


def test_a_signature_behind_a_long_size_is_seen(key: SigningKey) -> None:
    hashes_of_a_long_gop = tuple(bytes([place % 256]) * 32 for place in range(400))
    statement = GopStatement(1, False, START_NS, START_NS, 400, bytes(32), bytes(32), hashes_of_a_long_gop)
    assert is_signing_sei(sign(Codec.H264, key, statement), Codec.H264)


def test_what_waits_for_a_signature_is_bounded() -> None:
    validator = StreamValidator(Codec.H264, None)
    for _ in range(3):
        for _ in range(20_001):
            validator.push(b"\x41\x9a" + bytes(3) + b"\x01", START_NS)
    assert validator.next_index - validator.waits_from <= 20_001
