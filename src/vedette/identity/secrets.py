"""Secrets that clients hold, and what the store keeps of them.

A secret has 256 random bits, so a plain SHA-256 of it is as good as a slow hash and a stolen database opens
nothing. Looking a secret up by its hash also makes the comparison independent of how much of it is right.
"""

import base64
import hashlib
import hmac
import secrets

TOKEN_PREFIX = "vdt_"  # noqa: S105 -- a prefix, so that leaked tokens can be found by scanners
MAX_SECRET_CHARS = 128


def make_session_secret() -> str:
    return secrets.token_urlsafe(32)


def make_token_secret() -> str:
    return TOKEN_PREFIX + secrets.token_urlsafe(32)


def hash_secret(secret: str) -> str:
    """Returns what the store knows a secret by."""
    return hashlib.sha256(secret.encode()).hexdigest()


def derive_csrf(session_secret: str) -> str:
    """Returns the token that writes by cookie must repeat. It follows from the secret, which scripts cannot read."""
    digest = hmac.digest(session_secret.encode(), b"vedette csrf v1", "sha256")
    return base64.urlsafe_b64encode(digest[:24]).decode()


def is_same(one: str, other: str) -> bool:
    """Compares two secrets in constant time."""
    return hmac.compare_digest(one.encode(), other.encode())
