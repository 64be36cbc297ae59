"""ML-DSA-44 in plain Python against known answers, against OpenSSL, and at the edges of FIPS 204."""

import base64
import hashlib
import json
import random
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from vedette.evidence.keys import check_signature_fast
from vedette.evidence.offline_verify import (
    _CHALLENGE_BYTES,
    _HIGH_STEP,
    _MOST_HINTS,
    _Q,
    _SIDE,
    _Z_BETA,
    _Z_BYTES,
    _Z_LIMIT,
    ML_DSA_KEY_BYTES,
    ML_DSA_SIGNATURE_BYTES,
    _expand_entry,
    _pack_high,
    _transform,
    _transform_back,
    _use_hint,
    check_ml_dsa_44,
    check_signature,
)

# Four of the hundred of kat_MLDSA_44_det_pure.rsp in the package cryptography-vectors 50.0.2 (post-quantum KAT).
ANSWERS = json.loads((Path(__file__).parent / "ml_dsa_44_answers.json").read_text())
HINTS_AT = _CHALLENGE_BYTES + _SIDE * _Z_BYTES


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda one: str(one["count"]))
def test_known_answers_are_right_and_with_another_context_not(answer) -> None:
    key, message, signature = (base64.b64decode(answer[name]) for name in ("public", "message", "signature"))
    context = bytes.fromhex(answer["context"])
    assert check_ml_dsa_44(key, message, signature, context)
    assert not check_ml_dsa_44(key, message, signature)
    assert not check_ml_dsa_44(key, context + message, signature)
    private = MLDSA44PrivateKey.from_seed_bytes(bytes.fromhex(answer["xi"]))
    assert private.public_key().public_bytes_raw() == key


@settings(max_examples=40, deadline=None)
@given(seed=st.binary(min_size=32, max_size=32), message=st.binary(max_size=300), context=st.binary(max_size=255))
def test_what_openssl_signs_is_right(seed, message, context) -> None:
    private = MLDSA44PrivateKey.from_seed_bytes(seed)
    public = private.public_key().public_bytes_raw()
    assert check_ml_dsa_44(public, message, private.sign(message, context), context)
    signature = private.sign(message)
    assert check_signature(public, message, signature)
    assert check_signature_fast(public, message, signature)


PARTS = {
    "challenge": (0, _CHALLENGE_BYTES),
    "z": (_CHALLENGE_BYTES, HINTS_AT),
    "hints": (HINTS_AT, HINTS_AT + _MOST_HINTS),
    "hint counts": (HINTS_AT + _MOST_HINTS, ML_DSA_SIGNATURE_BYTES),
}


@pytest.mark.parametrize("part", [*PARTS, "key", "message"])
def test_any_other_bit_of_any_part_is_wrong_to_both(part) -> None:
    source = random.Random(part)
    private = MLDSA44PrivateKey.from_seed_bytes(source.randbytes(32))
    made = {"key": private.public_key().public_bytes_raw(), "message": source.randbytes(120)}
    made["signature"] = private.sign(made["message"])
    name = part if part in made else "signature"
    first, end = PARTS.get(part, (0, len(made[name])))
    for _ in range(40):
        wrong = bytearray(made[name])
        wrong[source.randrange(first, end)] ^= 1 << source.randrange(8)
        changed = made | {name: bytes(wrong)}
        assert not check_ml_dsa_44(changed["key"], changed["message"], changed["signature"])
        assert not check_signature_fast(changed["key"], changed["message"], changed["signature"])


@pytest.mark.parametrize("length", [0, 1, 31, 32, 2304, 2336, 2419, 2421, 4840])
def test_another_length_is_wrong(length) -> None:
    private = MLDSA44PrivateKey.from_seed_bytes(bytes(32))
    public, signature = private.public_key().public_bytes_raw(), private.sign(b"x")
    assert not check_ml_dsa_44(public, b"x", (signature * 2)[:length])
    assert not check_ml_dsa_44((public * 2)[: length % ML_DSA_KEY_BYTES], b"x", signature)
    assert not check_ml_dsa_44(public, b"x", signature, bytes(256))


class OpenKey:
    """A key with t1 = 0: everybody can sign with it, so signatures can be made that no signer would let out."""

    def __init__(self, seed: bytes = bytes(32)) -> None:
        self.public = seed + bytes(ML_DSA_KEY_BYTES - 32)
        self._matrix = [[_expand_entry(seed, row, column) for column in range(_SIDE)] for row in range(_SIDE)]

    def sign(self, message: bytes, z: list[list[int]], hints: list[list[int]], spelled: bytes = b"") -> bytes:
        """`hints`: places by row, also in a wrong order; `spelled`: the 84 bytes of the hints, if not those."""
        answers = [_transform(one) for one in z]
        digest = hashlib.shake_256(hashlib.shake_256(self.public).digest(64) + b"\0\0" + message).digest(64)
        running = hashlib.shake_256(digest)
        for row, places in zip(self._matrix, hints, strict=True):
            total = [sum(a[n] * b[n] for a, b in zip(row, answers, strict=True)) % _Q for n in range(256)]
            found = _transform_back(total)
            running.update(_pack_high([_use_hint(one, n in places) for n, one in enumerate(found)]))
        packed = b"".join(self._pack(one) for one in z)
        return running.digest(_CHALLENGE_BYTES) + packed + (spelled or spell(hints))

    @staticmethod
    def _pack(values: list[int]) -> bytes:
        whole = sum((_Z_LIMIT - one) << 18 * place for place, one in enumerate(values))
        return whole.to_bytes(_Z_BYTES, "little")


def spell(hints: list[list[int]]) -> bytes:
    places = bytes(place for row in hints for place in row)
    counts = [sum(map(len, hints[: row + 1])) for row in range(_SIDE)]
    return places.ljust(_MOST_HINTS, b"\0") + bytes(counts)


def judge(key: OpenKey, message: bytes, signature: bytes) -> bool:
    """Both must agree."""
    plain = check_ml_dsa_44(key.public, message, signature)
    assert plain == check_signature_fast(key.public, message, signature)
    return plain


def some_z(source: random.Random) -> list[list[int]]:
    most = _Z_LIMIT - _Z_BETA - 1
    return [[source.randint(-most, most) for _ in range(256)] for _ in range(_SIDE)]


@pytest.mark.parametrize("seed", range(12))
def test_hints_put_high_parts_right_as_openssl_does_it(seed) -> None:
    """Both directions, and round the end from 43 to 0 and back: any place may have a hint here."""
    source = random.Random(seed)
    key = OpenKey(source.randbytes(32))
    count = source.choice((0, 1, 20, 20))
    hints = [sorted(source.sample(range(256), count)) for _ in range(_SIDE)]
    assert judge(key, b"text", key.sign(b"text", some_z(source), hints))


def test_high_part_at_the_very_end_is_the_first() -> None:
    """Algorithm 36: numbers whose rounding reaches q - 1 belong to part 0, one below it."""
    assert [_use_hint(value, False) for value in (0, _HIGH_STEP // 2, _HIGH_STEP // 2 + 1)] == [0, 0, 1]
    assert [_use_hint(value, False) for value in (_Q - 1, _Q - _HIGH_STEP // 2, _Q - 1 - _HIGH_STEP // 2)] == [0, 0, 43]
    assert [_use_hint(value, True) for value in (_Q - 1, 0, 1, _HIGH_STEP)] == [43, 43, 1, 0]


@pytest.mark.parametrize("sign", [1, -1])
def test_z_at_its_limit_is_refused_and_just_below_it_not(sign) -> None:
    source = random.Random(sign)
    key = OpenKey()
    for column in range(_SIDE):
        z = some_z(source)
        z[column][source.randrange(256)] = sign * (_Z_LIMIT - _Z_BETA - 1)
        assert judge(key, b"text", key.sign(b"text", z, [[]] * _SIDE))
        z[column][source.randrange(256)] = sign * (_Z_LIMIT - _Z_BETA)
        assert not judge(key, b"text", key.sign(b"text", z, [[]] * _SIDE))
    z[0][0] = _Z_LIMIT
    assert not judge(key, b"text", key.sign(b"text", z, [[]] * _SIDE))


HINTS = [[3, 9, 200], [], [0, 255], [7]]
PLACES = bytes([3, 9, 200, 0, 255, 7])


@pytest.mark.parametrize(
    ("places", "counts"),
    [
        (bytes([9, 3, 200, 0, 255, 7]), (3, 3, 5, 6)),  # not in order
        (bytes([3, 9, 200, 255, 0, 7]), (3, 3, 5, 6)),
        (bytes([3, 9, 200, 200, 0, 255, 7]), (4, 4, 6, 7)),  # one twice
        (bytes([3, 9, 200, 0, 255, 7, 7]), (3, 3, 5, 7)),
        (PLACES + bytes([0, 1]), (3, 3, 5, 6)),  # something behind the last
        (PLACES + bytes(_MOST_HINTS - 7) + b"\x01", (3, 3, 5, 6)),
        (PLACES, (3, 3, 5, 81)),  # more than there may be
        (PLACES, (3, 3, 5, 255)),
        (PLACES, (3, 2, 5, 6)),  # fewer than before
        (PLACES, (5, 3, 5, 6)),
    ],
)
def test_another_spelling_of_the_same_hints_is_refused(places, counts) -> None:
    """FIPS 204 algorithm 21: were it not refused, one signature would have many spellings."""
    key, source = OpenKey(), random.Random(5)
    z = some_z(source)
    assert judge(key, b"text", key.sign(b"text", z, HINTS))
    spelled = places.ljust(_MOST_HINTS, b"\0") + bytes(counts)
    assert not judge(key, b"text", key.sign(b"text", z, HINTS, spelled))


def test_all_eighty_hints_may_be_in_one_row() -> None:
    key, source = OpenKey(), random.Random(6)
    hints = [[], sorted(source.sample(range(256), _MOST_HINTS)), [], []]
    assert judge(key, b"text", key.sign(b"text", some_z(source), hints))
