"""Logging in to a camera: Digest (RFC 7616: MD5, SHA-256, qop auth) and Basic (RFC 7617). Pure.

Basic sends the password readable. It is used only over TLS, or when it is the only thing the camera offers:
then refusing would mean no picture, and who can read the wire can see the picture anyway. MD5 is the login
that almost every camera has; when SHA-256 is offered too, it is taken.
"""

import base64
import hashlib
import re
from dataclasses import dataclass

MAX_CHALLENGE_CHARS = 4096
_PARAMETER = re.compile(r"([A-Za-z0-9_-]+)\s*=\s*(?:\"((?:[^\"\\]|\\.)*)\"|([^\s,\"]+))")
_HASHES = {"SHA-256": 2, "SHA-256-SESS": 2, "MD5": 1, "MD5-SESS": 1}


@dataclass(frozen=True, slots=True)
class Challenge:
    """One offer of the camera. `algorithm` is upper case, empty for Basic."""

    scheme: str
    realm: str
    nonce: str = ""
    opaque: str = ""
    algorithm: str = ""
    qop: str = ""
    stale: bool = False


@dataclass(frozen=True, slots=True)
class Login:
    """User and password. Never printed: `repr` shows the user alone."""

    user: str
    password: str

    def __repr__(self) -> str:
        return f"Login(user={self.user!r})"


def parse_challenges(values: tuple[str, ...]) -> list[Challenge]:
    """Parses all `WWW-Authenticate` values; unknown schemes and algorithms are left out."""
    found = []
    for value in values:
        text = value[:MAX_CHALLENGE_CHARS]
        starts = list(re.finditer(r"(?i)(?:^|,\s*)(digest|basic)(?=\s|$)", text))
        for start, following in zip(starts, [*starts, None][1:], strict=True):
            stop = following.start() if following else len(text)
            challenge = _parse_challenge(start[1].lower(), text[start.end() : stop])
            if challenge is not None:
                found.append(challenge)
    return found


def _parse_challenge(scheme: str, text: str) -> Challenge | None:
    values = {match[1].lower(): match[2] if match[2] is not None else match[3] for match in _PARAMETER.finditer(text)}
    realm = values.get("realm", "")
    if scheme == "basic":
        return Challenge("basic", realm)
    algorithm = values.get("algorithm", "MD5").upper()
    if algorithm not in _HASHES or "nonce" not in values:
        return None
    offered = {part.strip().lower() for part in values.get("qop", "").split(",")}
    if offered != {""} and "auth" not in offered:
        return None
    return Challenge(
        scheme="digest",
        realm=realm,
        nonce=values["nonce"],
        opaque=values.get("opaque", ""),
        algorithm=algorithm,
        qop="auth" if "auth" in offered else "",
        stale=values.get("stale", "").lower() == "true",
    )


def choose_challenge(challenges: list[Challenge], *, is_tls: bool) -> Challenge | None:
    """Chooses the strongest offer: SHA-256, then MD5, then Basic (over TLS, or when nothing else is there)."""
    digests = [challenge for challenge in challenges if challenge.scheme == "digest"]
    if digests:
        return max(digests, key=lambda challenge: _HASHES[challenge.algorithm])
    basics = [challenge for challenge in challenges if challenge.scheme == "basic"]
    if not basics or (not is_tls and len(basics) != len(challenges)):
        return None
    return basics[0]


class Authenticator:
    """Makes the `Authorization` header of each request; keeps nonce and count between requests."""

    def __init__(self, login: Login, challenge: Challenge, client_nonce: str) -> None:
        self._login = login
        self._challenge = challenge
        self._client_nonce = client_nonce
        self._count = 0

    @property
    def challenge(self) -> Challenge:
        return self._challenge

    @property
    def is_fresh(self) -> bool:
        """Used at most once: when that was refused, the nonce was not too old."""
        return self._count <= 1

    def renew(self, challenge: Challenge) -> None:
        """Takes a fresh nonce: cameras let theirs expire after minutes."""
        self._challenge = challenge
        self._count = 0

    def header(self, method: str, url: str) -> str:
        """Returns the value of `Authorization` for one request."""
        challenge = self._challenge
        if challenge.scheme == "basic":
            pair = f"{self._login.user}:{self._login.password}".encode()
            return f"Basic {base64.b64encode(pair).decode()}"
        self._count += 1
        count = f"{self._count:08x}"
        response = _digest_response(challenge, self._login, method, url, count, self._client_nonce)
        fields = {
            "username": self._login.user,
            "realm": challenge.realm,
            "nonce": challenge.nonce,
            "uri": url,
            "response": response,
        }
        if challenge.opaque:
            fields["opaque"] = challenge.opaque
        text = ", ".join(f'{name}="{_quoted(value)}"' for name, value in fields.items())
        # Old cameras refuse parameters they did not offer, so they are sent only where they say something.
        if challenge.algorithm != "MD5":
            text += f", algorithm={challenge.algorithm}"
        if challenge.qop:
            text += f', qop=auth, nc={count}, cnonce="{self._client_nonce}"'
        return f"Digest {text}"


def _quoted(value: str) -> str:
    return value.replace("\r", "").replace("\n", "")


def _digest_response(challenge: Challenge, login: Login, method: str, url: str, count: str, client_nonce: str) -> str:
    def digest(text: str) -> str:
        data = text.encode()
        if challenge.algorithm.startswith("SHA-256"):
            return hashlib.sha256(data).hexdigest()
        return hashlib.md5(data, usedforsecurity=False).hexdigest()  # the camera's choice, RFC 2617

    secret = digest(f"{login.user}:{challenge.realm}:{login.password}")
    if challenge.algorithm.endswith("-SESS"):
        secret = digest(f"{secret}:{challenge.nonce}:{client_nonce}")
    request = digest(f"{method}:{url}")
    if challenge.qop:
        return digest(f"{secret}:{challenge.nonce}:{count}:{client_nonce}:{challenge.qop}:{request}")
    return digest(f"{secret}:{challenge.nonce}:{request}")
