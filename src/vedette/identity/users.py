"""Users and tokens as the house knows them, and what their names must look like."""

import re
from dataclasses import dataclass

from vedette.core.errors import InvalidInputError
from vedette.identity.permissions import Permission, Role

_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._@-]{0,63}")
LOCALES = ("en", "vi")


@dataclass(frozen=True, slots=True)
class User:
    """One person who may log in. `password_hash` is an argon2id string and leaves the store only to be checked."""

    id: str
    name: str
    role: Role
    locale: str
    disabled: bool
    must_change_password: bool
    password_hash: str
    created_at_ns: int
    last_login_at_ns: int | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """One login. `key` is the hash of the secret in the cookie."""

    key: str
    user_id: str
    created_at_ns: int
    seen_at_ns: int
    address: str


@dataclass(frozen=True, slots=True)
class Token:
    """A program's credential. `key` is the hash of the secret, which is shown once."""

    id: str
    key: str
    user_id: str
    name: str
    scopes: frozenset[Permission]
    created_at_ns: int
    expires_at_ns: int | None = None
    last_used_at_ns: int | None = None


def check_user_name(name: str) -> None:
    """Refuses names that could be mistaken for another in a list, a log or a path."""
    if not _NAME.fullmatch(name):
        raise InvalidInputError(
            f"the user name {name!r} is not allowed",
            "Use 1 to 64 letters, digits and . _ @ - with a letter or digit first.",
        )
