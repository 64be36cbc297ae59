"""Manipulations of a signed stream, each found and named by NAL unit; both codecs, with and without hash list."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from vedette.core.media import Codec
from vedette.core.time import NS_PER_S
from vedette.evidence.media_signing.nal_units import escape, unescape
from vedette.evidence.media_signing.onvif import UUID, is_signing_sei
from vedette.evidence.media_signing.signer import StreamSigner
from vedette.evidence.media_signing.validator import GopVerdict, SigningVerdict, StreamValidator

START_NS = 1_767_225_600 * NS_PER_S
NOW_NS = START_NS + 3600 * NS_PER_S
GOPS, PICTURES = 5, 6
CODECS = [Codec.H264, Codec.H265]
_HEADS = {
    Codec.H264: {"key": b"\x65\x88", "other": b"\x41\x9a", "partition": b"\x42\x9a", "sps": b"\x67\x64"},
    Codec.H265: {
        "key": b"\x26\x01\xaf",
        "other": b"\x02\x01\xd0",
        "partition": b"\x12\x01\xd0",
        "sps": b"\x42\x01\x01",
    },
}
Nals = list[bytes]


@dataclass(frozen=True)
class Identity:
    key: ec.EllipticCurvePrivateKey
    chain_pem: bytes
    root: x509.Certificate


def _certificate(name: str, key, issuer: str, issuer_key, *, authority: bool, days: int = 365) -> x509.Certificate:
    begin = datetime.fromtimestamp(START_NS / NS_PER_S, UTC) - timedelta(days=days)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=2 * days if days > 10 else days - 1))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .sign(issuer_key, hashes.SHA256())
    )


def make_identity(days: int = 365) -> Identity:
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root = _certificate("root", root_key, "root", root_key, authority=True)
    leaf = _certificate("camera", key, "root", root_key, authority=False, days=days)
    return Identity(key, leaf.public_bytes(serialization.Encoding.PEM), root)


@pytest.fixture(scope="module")
def camera() -> Identity:
    return make_identity()


def make_nal(codec: Codec, kind: str, rng: random.Random) -> bytes:
    return escape(_HEADS[codec][kind] + rng.randbytes(40) + b"\0\0\0\1" + rng.randbytes(8) + b"\x80")


def make_stream(codec: Codec, camera: Identity, *, kind: str = "other", seed: int = 1, **options: object) -> Nals:
    """GOPs of one key and five other pictures, signed; the SEI of a GOP comes with the next key picture."""
    rng = random.Random(seed)
    offset_ns = options.pop("offset_ns", 0)
    signer = StreamSigner(codec, camera.key, camera.chain_pem, **options)
    nals: Nals = []
    for picture in range(GOPS * PICTURES):
        unit = [make_nal(codec, kind, rng)]
        if picture % PICTURES == 0:
            unit = [make_nal(codec, "sps", rng), make_nal(codec, "key", rng)]
        nals += signer.sign(unit, START_NS + offset_ns + picture * NS_PER_S // 5)
    return nals + signer.end()


def judge(nals: Nals, codec: Codec, roots: list[x509.Certificate] | None) -> list[GopVerdict]:
    validator = StreamValidator(codec, roots)
    told = [verdict for nal in nals for verdict in validator.push(nal, NOW_NS)]
    return told + validator.finish()


def seis(nals: Nals, codec: Codec) -> list[int]:
    return [at for at, nal in enumerate(nals) if is_signing_sei(nal, codec)]


def flip(nals: Nals, at: int, offset: int = -3) -> Nals:
    octets = bytearray(nals[at])
    octets[offset] ^= 0x10
    return [*nals[:at], bytes(octets), *nals[at + 1 :]]


def without(nals: Nals, *ats: int) -> Nals:
    return [nal for at, nal in enumerate(nals) if at not in ats]


def swapped(nals: Nals, first: int, second: int) -> Nals:
    out = list(nals)
    out[first], out[second] = out[second], out[first]
    return out


# In the stream of `make_stream`: SPS 0, key 1, others 2..6; then SPS 7, SEI 8, key 9, others 10..14; SPS 15, SEI 16
@pytest.mark.parametrize("codec", CODECS)
def test_an_untouched_stream_is_authentic_gop_by_gop(codec: Codec, camera: Identity) -> None:
    for lists_hashes in (True, False):
        told = judge(make_stream(codec, camera, lists_hashes=lists_hashes), codec, [camera.root])
        assert [(each.verdict, each.counter) for each in told] == [(SigningVerdict.AUTHENTIC, n) for n in range(1, 6)]
        assert not any(each.reasons or each.bad or each.missing for each in told)


@pytest.mark.parametrize("codec", CODECS)
def test_a_long_gop_signed_in_parts_is_authentic(codec: Codec, camera: Identity) -> None:
    for lists_hashes in (True, False):
        told = judge(make_stream(codec, camera, max_nals=4, lists_hashes=lists_hashes), codec, [camera.root])
        assert {each.verdict for each in told} == {SigningVerdict.AUTHENTIC}
        assert len(told) == 2 * GOPS


@pytest.mark.parametrize("codec", CODECS)
def test_other_picture_types_are_signed_too(codec: Codec, camera: Identity) -> None:
    nals = make_stream(codec, camera, kind="partition")
    assert {each.verdict for each in judge(nals, codec, [camera.root])} == {SigningVerdict.AUTHENTIC}
    (first, *_rest) = judge(flip(nals, 12), codec, [camera.root])[1:]
    assert first.verdict is not SigningVerdict.AUTHENTIC
    assert first.missing == 1


Change = Callable[[Nals, Codec], Nals]
CHANGES: dict[str, tuple[Change, SigningVerdict, str, int | None]] = {
    "bit of a P picture": (lambda n, _c: flip(n, 12), SigningVerdict.NOT_AUTHENTIC, "modified", 12),
    "first bit of a P payload": (lambda n, _c: flip(n, 12, 4), SigningVerdict.NOT_AUTHENTIC, "modified", 12),
    "bit of a key picture": (lambda n, _c: flip(n, 9), SigningVerdict.NOT_AUTHENTIC, "modified", 9),
    "bit of the signature": (lambda n, _c: flip(n, 8, -40), SigningVerdict.NOT_AUTHENTIC, "signature", 8),
    "bit of the statement": (lambda n, _c: flip(n, 8, -180), SigningVerdict.NOT_AUTHENTIC, "signature", 8),
    "bit of the certificate": (lambda n, _c: flip(n, 8, 200), SigningVerdict.NOT_AUTHENTIC, "", 8),
    "one P removed": (lambda n, _c: without(n, 12), SigningVerdict.MISSING, "missing", None),
    "last P removed": (lambda n, _c: without(n, 14), SigningVerdict.MISSING, "missing", None),
    "all P removed": (lambda n, _c: without(n, *range(10, 15)), SigningVerdict.MISSING, "missing", None),
    "key picture removed": (lambda n, _c: without(n, 9), SigningVerdict.MISSING, "missing", None),
    "two P swapped": (lambda n, _c: swapped(n, 11, 13), SigningVerdict.NOT_AUTHENTIC, "modified", None),
    "neighbours swapped": (lambda n, _c: swapped(n, 12, 13), SigningVerdict.NOT_AUTHENTIC, "modified", 13),
    "P doubled": (lambda n, _c: [*n[:13], n[12], *n[13:]], SigningVerdict.NOT_AUTHENTIC, "modified", 13),
    "P of another GOP put in": (lambda n, _c: [*n[:13], n[3], *n[13:]], SigningVerdict.NOT_AUTHENTIC, "modified", 13),
    "P replaced by one of another GOP": (
        lambda n, _c: [*n[:12], n[4], *n[13:]],
        SigningVerdict.NOT_AUTHENTIC,
        "modified",
        12,
    ),
    "GOP replayed": (lambda n, _c: [*n[:15], *n[7:15], *n[15:]], SigningVerdict.NOT_AUTHENTIC, "replay", None),
    "GOP dropped": (lambda n, _c: without(n, *range(15, 23)), SigningVerdict.MISSING, "missing_gops", None),
    "GOPs swapped": (
        lambda n, _c: [*n[:15], *n[23:31], *n[15:23], *n[31:]],
        SigningVerdict.NOT_AUTHENTIC,
        "replay",
        None,
    ),
    "one SEI dropped": (lambda n, _c: without(n, 16), SigningVerdict.NOT_SIGNED, "", None),
    "one SEI doubled": (lambda n, _c: [*n[:17], n[16], *n[17:]], SigningVerdict.NOT_AUTHENTIC, "replay", None),
    "all SEI stripped": (lambda n, c: without(n, *seis(n, c)), SigningVerdict.NOT_SIGNED, "", None),
    "SEI cut short": (lambda n, _c: [*n[:8], n[8][:300], *n[9:]], SigningVerdict.NOT_AUTHENTIC, "", None),
    "tail without signature": (lambda n, _c: n[:-1], SigningVerdict.NOT_SIGNED, "", None),
}


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("name", CHANGES)
def test_manipulation_is_found(name: str, codec: Codec, camera: Identity) -> None:
    change, verdict, reason, bad = CHANGES[name]
    told = judge(change(make_stream(codec, camera), codec), codec, [camera.root])
    found = [each for each in told if each.verdict is verdict]
    assert found, [(each.verdict, each.reasons) for each in told]
    if reason:
        assert any(reason in each.reasons for each in found)
    if bad is not None:
        assert any(bad in each.bad for each in found), [each.bad for each in told]


@pytest.mark.parametrize("codec", CODECS)
def test_without_hash_list_a_changed_picture_still_fails_its_gop(codec: Codec, camera: Identity) -> None:
    nals = make_stream(codec, camera, lists_hashes=False)
    told = judge(flip(nals, 12), codec, [camera.root])
    assert [each.verdict for each in told].count(SigningVerdict.NOT_AUTHENTIC) == 1


@pytest.mark.parametrize("codec", CODECS)
def test_a_key_that_nobody_trusts_is_told(codec: Codec, camera: Identity) -> None:
    told = judge(make_stream(codec, make_identity()), codec, [camera.root])
    assert {each.reasons for each in told} == {("root_not_trusted",)}
    assert {each.verdict for each in told} == {SigningVerdict.NOT_AUTHENTIC}


@pytest.mark.parametrize("codec", CODECS)
def test_another_camera_key_in_mid_stream_is_told(codec: Codec, camera: Identity) -> None:
    other = make_stream(codec, make_identity(), counter=4)
    told = judge(make_stream(codec, camera)[:24] + other, codec, None)
    assert any("key_changed" in each.reasons for each in told)


@pytest.mark.parametrize("codec", CODECS)
def test_signature_of_one_key_under_the_certificate_of_another_is_refused(codec: Codec, camera: Identity) -> None:
    forged = Identity(make_identity().key, camera.chain_pem, camera.root)
    told = judge(make_stream(codec, forged), codec, [camera.root])
    assert all("signature" in each.reasons for each in told if each.verdict is SigningVerdict.NOT_AUTHENTIC)
    assert SigningVerdict.AUTHENTIC not in {each.verdict for each in told}


@pytest.mark.parametrize("codec", CODECS)
def test_a_certificate_expired_at_the_time_of_recording_is_told(codec: Codec) -> None:
    expired = make_identity(days=5)
    told = judge(make_stream(codec, expired), codec, [expired.root])
    assert {each.reasons for each in told} == {("certificate_not_valid_then",)}


@pytest.mark.parametrize("codec", CODECS)
def test_an_end_in_the_future_is_told(codec: Codec, camera: Identity) -> None:
    told = judge(make_stream(codec, camera, offset_ns=2 * 3600 * NS_PER_S), codec, [camera.root])
    assert {each.reasons for each in told} == {("future",)}


@pytest.mark.parametrize("codec", CODECS)
def test_a_counter_that_goes_back_is_replay_and_one_that_wraps_is_not(codec: Codec, camera: Identity) -> None:
    early, late = make_stream(codec, camera, counter=100), make_stream(codec, camera, counter=1, seed=2)
    told = judge(early + late, codec, [camera.root])
    assert any("replay" in each.reasons for each in told)
    wrapping = judge(make_stream(codec, camera, counter=0xFFFFFFFE), codec, [camera.root])
    assert {each.verdict for each in wrapping} == {SigningVerdict.AUTHENTIC}


@pytest.mark.parametrize("codec", CODECS)
def test_a_gop_of_another_stream_with_the_right_counter_breaks_the_link(codec: Codec, camera: Identity) -> None:
    one, two = make_stream(codec, camera), make_stream(codec, camera, seed=2)
    told = judge(one[:17] + two[17:], codec, [camera.root])
    assert SigningVerdict.NOT_AUTHENTIC in {each.verdict for each in told}


@pytest.mark.parametrize("codec", CODECS)
def test_trailing_zeros_and_missing_escapes_of_a_multiplexer_change_nothing(codec: Codec, camera: Identity) -> None:
    nals = [unescape(nal) if is_signing_sei(nal, codec) else nal + b"\0" for nal in make_stream(codec, camera)]
    assert {each.verdict for each in judge(nals, codec, [camera.root])} == {SigningVerdict.AUTHENTIC}


@pytest.mark.parametrize("codec", CODECS)
def test_random_seis_never_raise(codec: Codec) -> None:
    rng = random.Random(7)
    head = b"\x06" if codec is Codec.H264 else b"\x4e\x01"
    for _ in range(2000):
        body = UUID + b"\0" + rng.randbytes(rng.randrange(60))
        nal = head + bytes([5, len(body)]) + body + b"\x80"
        judge([nal[: rng.randrange(len(nal) + 1)]], codec, None)


def test_escaping_is_undone_exactly() -> None:
    rng = random.Random(3)
    for _ in range(500):
        plain = bytes(rng.choice(b"\0\0\0\1\2\3\4") for _ in range(60)) + b"\x80"
        assert unescape(escape(plain)) == plain
        assert b"\0\0\1" not in escape(plain)
