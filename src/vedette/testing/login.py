"""The login that a simulated camera asks for: Basic, Digest MD5 and Digest SHA-256 (RFC 7616, RFC 7617).

Pure: nonces come from outside. Written apart from the client's digest code, as `rtsp_messages` is.
"""

import hashlib
import hmac
import re
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

REALM = "Vedette simulated camera"


class LoginScheme(StrEnum):
    BASIC = "basic"
    DIGEST_MD5 = "digest-md5"
    DIGEST_SHA256 = "digest-sha256"


@dataclass(frozen=True, slots=True)
class Login:
    """Who may watch, and by which schemes, in the order in which they are offered.

    Attributes:
        qop: Whether Digest asks for `qop=auth`. Many cameras still speak RFC 2069 without it.
    """

    user: str
    password: str
    schemes: tuple[LoginScheme, ...] = (LoginScheme.DIGEST_MD5, LoginScheme.BASIC)
    qop: bool = False


class LoginResult(StrEnum):
    GRANTED = "granted"
    DENIED = "denied"
    STALE = "stale"
    """The password is right but the nonce is too old: RFC 7616 3.3, `stale`."""


_ALGORITHMS: dict[LoginScheme, tuple[str, Callable[[bytes], "hashlib._Hash"]]] = {
    LoginScheme.DIGEST_MD5: ("MD5", hashlib.md5),
    LoginScheme.DIGEST_SHA256: ("SHA-256", hashlib.sha256),
}
_PARAMETER = re.compile(r'(\w+)=(?:"([^"]*)"|([^\s,]*))')


def make_challenges(login: Login, nonce: str, result: LoginResult) -> list[tuple[str, str]]:
    """Makes one WWW-Authenticate header per scheme."""
    stale = ", stale=true" if result is LoginResult.STALE else ""
    qop = ', qop="auth"' if login.qop else ""
    headers = []
    for scheme in login.schemes:
        if scheme is LoginScheme.BASIC:
            headers.append(("WWW-Authenticate", f'Basic realm="{REALM}"'))
            continue
        algorithm = _ALGORITHMS[scheme][0]
        headers.append(
            (
                "WWW-Authenticate",
                f'Digest realm="{REALM}", nonce="{nonce}", algorithm={algorithm}{qop}{stale}',
            )
        )
    return headers


def check_login(login: Login, method: str, authorization: str, fresh_nonces: frozenset[str]) -> LoginResult:
    """Decides about one Authorization header."""
    kind, _, rest = authorization.partition(" ")
    if kind.lower() == "basic" and LoginScheme.BASIC in login.schemes:
        return _check_basic(login, rest)
    if kind.lower() != "digest":
        return LoginResult.DENIED
    parameters = {name.lower(): quoted or plain for name, quoted, plain in _PARAMETER.findall(rest)}
    algorithm = parameters.get("algorithm", "MD5").upper()
    for scheme, (name, digest) in _ALGORITHMS.items():
        if name == algorithm and scheme in login.schemes:
            return _check_digest(login, method, parameters, digest, fresh_nonces)
    return LoginResult.DENIED


def _check_basic(login: Login, encoded: str) -> LoginResult:
    try:
        given = b64decode(encoded.strip(), validate=True)
    except Base64Error:
        return LoginResult.DENIED
    expected = f"{login.user}:{login.password}".encode()
    return LoginResult.GRANTED if hmac.compare_digest(given, expected) else LoginResult.DENIED


def _check_digest(
    login: Login,
    method: str,
    parameters: Mapping[str, str],
    digest: Callable[[bytes], "hashlib._Hash"],
    fresh_nonces: frozenset[str],
) -> LoginResult:
    """RFC 7616 3.4.1. A missing `qop` is RFC 2069, allowed only when we did not ask for one."""

    def hashed(text: str) -> str:
        return digest(text.encode()).hexdigest()

    nonce, uri, qop = (parameters.get(name, "") for name in ("nonce", "uri", "qop"))
    if parameters.get("username") != login.user or parameters.get("realm") != REALM:
        return LoginResult.DENIED
    if login.qop != (qop == "auth"):
        return LoginResult.DENIED
    middle = f"{nonce}:{parameters.get('nc', '')}:{parameters.get('cnonce', '')}:{qop}" if qop else nonce
    expected = hashed(f"{hashed(f'{login.user}:{REALM}:{login.password}')}:{middle}:{hashed(f'{method}:{uri}')}")
    if not hmac.compare_digest(expected, parameters.get("response", "")):
        return LoginResult.DENIED
    return LoginResult.GRANTED if nonce in fresh_nonces else LoginResult.STALE
