"""The session cookie: unreadable for scripts, never sent across sites, over https only with the __Host- promise."""

from starlette.requests import HTTPConnection
from starlette.responses import Response

_PLAIN = "vedette_session"
_HOST = "__Host-vedette_session"


def _is_secure(connection: HTTPConnection) -> bool:
    return connection.url.scheme in {"https", "wss"}


def cookie_name(connection: HTTPConnection) -> str:
    """Returns the name for this connection. The prefix needs Secure (RFC 6265bis), which needs https."""
    return _HOST if _is_secure(connection) else _PLAIN


def set_session_cookie(response: Response, connection: HTTPConnection, secret: str) -> None:
    """Sets the cookie for as long as the browser runs; the server decides when the session ends."""
    response.set_cookie(
        cookie_name(connection),
        secret,
        path="/",
        secure=_is_secure(connection),
        httponly=True,
        samesite="strict",
    )


def clear_session_cookie(response: Response, connection: HTTPConnection) -> None:
    """Makes the browser forget the cookie."""
    response.delete_cookie(
        cookie_name(connection),
        path="/",
        secure=_is_secure(connection),
        httponly=True,
        samesite="strict",
    )
