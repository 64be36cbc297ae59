"""Password rules, generated passwords, and argon2id hashing.

Rules follow NIST SP 800-63B: length and a list of refused passwords instead of character classes. Hashing uses
RFC 9106's second recommended memory cost, with one lane because a login must not take both cores of a small
machine: about 0.1 s and 64 MiB per login, at most two at a time.
"""

import asyncio
import secrets
from dataclasses import dataclass

from argon2 import PasswordHasher as Argon2
from argon2.exceptions import InvalidHashError, VerificationError

from vedette.core.errors import InvalidInputError

MIN_CHARS = 10
MAX_CHARS = 256
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_GROUPS, _GROUP_CHARS = 4, 5
_REFUSED_STEMS = (
    "password",
    "passw0rd",
    "qwerty",
    "123456",
    "letmein",
    "welcome",
    "admin",
    "vedette",
    "matkhau",
    "iloveyou",
    "camera",
    "changeme",
)


class WeakPasswordError(InvalidInputError):
    """A password breaks the rules."""

    code = "weak_password"


def check_password(user_name: str, password: str) -> None:
    """Refuses passwords that are too short or among the first that an attacker tries.

    Raises:
        WeakPasswordError: with the rule that is broken. The message never contains the password.
    """
    hint = "A few unrelated words make a good password."
    folded = password.casefold()
    if len(password) < MIN_CHARS:
        raise WeakPasswordError(f"the password has fewer than {MIN_CHARS} characters", hint)
    if len(password) > MAX_CHARS:
        raise WeakPasswordError(f"the password has more than {MAX_CHARS} characters")
    if len(user_name) > 2 and user_name.casefold() in folded:
        raise WeakPasswordError("the password contains the user name", hint)
    if len(set(folded)) < 5:
        raise WeakPasswordError("the password repeats the same few characters", hint)
    for stem in _REFUSED_STEMS:
        # A refused word with little around it: "Password2026!" falls, "camera lens yellow owl" does not.
        if stem in folded and len(folded) - len(stem) < 6:
            raise WeakPasswordError("the password is among the first that an attacker tries", hint)


def make_password() -> str:
    """Makes a password of 99 random bits that can be read out and typed: `k7mqp-3xw9a-...`."""
    groups = ("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP_CHARS)) for _ in range(_GROUPS))
    return "-".join(groups)


@dataclass(frozen=True, slots=True)
class HashCost:
    """argon2id's parameters."""

    passes: int = 3
    memory_kib: int = 65_536
    lanes: int = 1


class PasswordHasher:
    """Hashes and checks passwords in threads; two at a time, so that logins cannot use up the memory."""

    def __init__(self, cost: HashCost | None = None) -> None:
        cost = cost or HashCost()
        self._argon2 = Argon2(time_cost=cost.passes, memory_cost=cost.memory_kib, parallelism=cost.lanes)
        self._turn = asyncio.Semaphore(2)
        self._nobody = self._argon2.hash(secrets.token_hex(16))

    async def hash(self, password: str) -> str:
        async with self._turn:
            return await asyncio.to_thread(self._argon2.hash, password)

    async def is_match(self, password_hash: str | None, password: str) -> bool:
        """Checks a password. Without a hash (no such user) it takes just as long and says no."""
        async with self._turn:
            matches = await asyncio.to_thread(self._verify, password_hash or self._nobody, password)
        return matches and password_hash is not None

    def is_outdated(self, password_hash: str) -> bool:
        """Tells whether a hash was made with other parameters than today's."""
        return self._argon2.check_needs_rehash(password_hash)

    def _verify(self, password_hash: str, password: str) -> bool:
        try:
            return self._argon2.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False
