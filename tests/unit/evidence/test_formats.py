"""Formats of evidence: one spelling each, signatures checked strictly."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from vedette.evidence.keys import NoteSigner, check_signature_fast, format_verifier_key
from vedette.evidence.offline_verify import (
    _L,
    _P,
    WrongForm,
    check_ed25519,
    encode_canonical,
    format_note,
    format_time,
    key_id,
    open_note,
    parse_canonical,
    parse_checkpoint,
    video_path,
)

# RFC 8032 section 7.1: key, public key, message, signature.
RFC_8032 = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]


@pytest.mark.parametrize(("key", "message", "signature"), RFC_8032)
def test_signatures_of_rfc_8032_are_right_and_any_other_bit_is_not(key, message, signature) -> None:
    parts = [bytes.fromhex(part) for part in (key, message, signature)]
    assert check_ed25519(*parts)
    for place in range(0, 64, 7):
        wrong = bytearray(parts[2])
        wrong[place] ^= 1
        assert not check_ed25519(parts[0], parts[1], bytes(wrong))
    assert not check_ed25519(parts[0], parts[1] + b"x", parts[2])


def test_a_signature_has_one_spelling_and_weak_keys_sign_nothing() -> None:
    key, message, signature = (bytes.fromhex(part) for part in RFC_8032[1])
    larger = int.from_bytes(signature[32:], "little") + _L  # the malleability that RFC 8032 5.1.7 forbids
    assert not check_ed25519(key, message, signature[:32] + larger.to_bytes(32, "little"))
    identity = (1).to_bytes(32, "little")
    assert not check_ed25519(identity, message, identity + bytes(32))  # small order: would sign any message
    assert not check_ed25519((_P + 1).to_bytes(32, "little"), message, identity + bytes(32))
    assert not check_ed25519(((1 << 255) | 1).to_bytes(32, "little"), message, signature)  # minus zero
    assert not check_ed25519(key[:31], message, signature)
    assert not check_ed25519(key, message, signature[:63])


@settings(max_examples=25)
@given(seed=st.binary(min_size=32, max_size=32), message=st.binary(max_size=200), flip=st.integers(0, 511))
def test_plain_python_and_openssl_agree(seed, message, flip) -> None:
    private = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = private.public_key().public_bytes_raw(), private.sign(message)
    assert check_ed25519(public, message, signature)
    wrong = bytearray(signature)
    wrong[flip // 8] ^= 1 << flip % 8
    assert not check_ed25519(public, message, bytes(wrong))
    assert not check_signature_fast(public, message, bytes(wrong))


@pytest.mark.parametrize(
    "text",
    [
        b'{"b":1,"a":2}', b'{"a": 1}', b'{"a":1}\n', b' {"a":1}', b'{"a":1.0}', b'{"a":1e3}', b'{"a":-0}', b'{"a":01}',
        b'{"a":1,"a":1}', b'{"a":"\\u0061"}', b'{"a":"\\/"}', b'{"a":NaN}', b'{"a":Infinity}', b'\xef\xbb\xbf{"a":1}',
        b'{"a":"\xff"}', b'{"a":"\\ud800"}', b"", b'{"a":1', b'{"a":9223372036854775808}',
        b'{"a":1' + b"0" * 5000 + b"}",
        b"[" * 100_000 + b"]" * 100_000, b"[" * 40 + b"]" * 40,
    ],
)  # fmt: skip
def test_another_spelling_of_json_is_refused(text) -> None:
    with pytest.raises(WrongForm):
        parse_canonical(text)


def test_canonical_json_comes_back() -> None:
    value = {"z": [1, -(1 << 63), None, True, "Cổng \U0001f600\n"], "a": {}}
    assert parse_canonical(encode_canonical(value)) == value


def test_signature_of_another_implementation_is_right() -> None:
    """The example of Go's golang.org/x/mod/sumdb/note, whose format C2SP signed-note is."""
    key = base64.b64decode("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")[1:]
    text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
    signed = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
    signature = base64.b64decode(signed)
    assert format_verifier_key("PeterNeumann", key).startswith("PeterNeumann+c74f20a3+ARpc2QcUPDhM")
    assert signature[:4] == key_id("PeterNeumann", key)
    assert check_ed25519(key, text.encode(), signature[4:])
    assert format_note(text, "PeterNeumann", key, signature[4:]) == f"{text}\n\N{EM DASH} PeterNeumann {signed}\n"


def test_note_has_one_spelling() -> None:
    signer = NoteSigner(bytes(range(32)))
    note = signer.sign("vedette.x/site\n5\nAAAA\n")
    assert open_note(note, signer.public) == "vedette.x/site\n5\nAAAA\n"
    signature = note.rstrip("\n").rpartition(" ")[2]
    for wrong in (
        note + "\n", note[:-1], note.replace("\n\n", "\n\n\n"), note.replace("5", "6"), note + note.split("\n\n")[1],
        note.replace("\N{EM DASH}", "-"), note.replace(signature, signature + "="), note.replace("\n", "\r\n"),
        note.replace(signature, base64.b64encode(b"\1" + base64.b64decode(signature)[1:]).decode()), "", "\n\n",
        note.replace(" vedette.x/site ", " vedette.y/site "),
    ):  # fmt: skip
        with pytest.raises(WrongForm):
            open_note(wrong, signer.public)
    with pytest.raises(WrongForm):
        open_note(note, NoteSigner(bytes(32)).public)


@pytest.mark.parametrize("text", ["o\n01\n" + "A" * 43 + "=\n", "o\n1\nAAAA\n", "o\n-1\n", "o\n1\n", "", "o\n1\nx\n\n"])
def test_crooked_checkpoint_is_refused(text) -> None:
    with pytest.raises(WrongForm):
        parse_checkpoint(text)


def test_times_are_right_far_beyond_our_calendar() -> None:
    assert format_time(0) == "1970-01-01T00:00:00.000Z"
    assert format_time(1_709_210_096_789_000_000) == "2024-02-29T12:34:56.789Z"
    assert format_time(-1_000_000) == "1969-12-31T23:59:59.999Z"
    assert format_time(1 << 62).startswith("2116-")
    assert video_path("1-x", "main", 1_709_210_096_789_000_000, "ID") == "video/1-x/main-20240229T123456Z-ID.mp4"
