"""Identifiers: how they look and how new ones are made from time and randomness given by the caller.

An id is 26 characters of Crockford base 32 (the ULID layout: 48 bit milliseconds, 80 bit randomness), so
ids sort by age, are safe in file names and URLs, and never carry a meaning that could change.
"""

import re

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")


def make_id(at_ns: int, random_80bit: bytes) -> str:
    """Makes an id from a wall clock time and 10 random bytes (`os.urandom(10)`)."""
    if len(random_80bit) != 10:
        raise ValueError(f"need 10 random bytes, got {len(random_80bit)}")
    value = ((at_ns // 1_000_000) & ((1 << 48) - 1)) << 80 | int.from_bytes(random_80bit, "big")
    return "".join(_ALPHABET[(value >> shift) & 31] for shift in range(125, -1, -5))


def is_id(text: str) -> bool:
    """Tells whether `text` has the form of an id. Check every id that comes from outside with it."""
    return _ID.fullmatch(text) is not None


def find_id_ns(identifier: str) -> int:
    """When an id was made, by the wall clock of its maker, to the millisecond."""
    value = 0
    for letter in identifier[:10]:
        value = value << 5 | _ALPHABET.index(letter)
    return value * 1_000_000
