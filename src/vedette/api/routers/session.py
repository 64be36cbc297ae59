"""Login, logout, own password and own tokens."""

from typing import Annotated

from fastapi import Path, Request, Response

from vedette.api.access import Standing, allows
from vedette.api.cookies import clear_session_cookie, set_session_cookie
from vedette.api.features import feature_router
from vedette.api.ports import CallerPort, LoginsPort, TokensPort
from vedette.api.schemas.common import Id, Page, utc_text
from vedette.api.schemas.identity import (
    LoginIn,
    PasswordIn,
    SessionOut,
    SessionUser,
    TokenIn,
    TokenMade,
    TokenOut,
)
from vedette.api.times import to_ns
from vedette.core.time import format_utc
from vedette.identity.permissions import Caller
from vedette.identity.users import Token

router = feature_router("session")


@router.post("/session")
@allows(Standing.PUBLIC)
async def login(body: LoginIn, request: Request, response: Response, logins: LoginsPort) -> SessionOut:
    """Logs in and sets the session cookie."""
    address = request.client.host if request.client else ""
    opened = await logins.login(body.user, body.password.get_secret_value(), address)
    set_session_cookie(response, request, opened.secret)
    return _session_out(opened.caller)


@router.get("/session")
@allows(Standing.ANY_USER)
async def show_session(caller: CallerPort) -> SessionOut:
    """Says who is logged in and what he may do."""
    return _session_out(caller)


@router.delete("/session", status_code=204)
@allows(Standing.ANY_USER)
async def logout(caller: CallerPort, request: Request, response: Response, logins: LoginsPort) -> None:
    """Ends the session on the server."""
    await logins.logout(caller)
    clear_session_cookie(response, request)


@router.post("/session/password")
@allows(Standing.ANY_USER)
async def change_password(
    body: PasswordIn, caller: CallerPort, request: Request, response: Response, logins: LoginsPort
) -> SessionOut:
    """Changes the own password. Every other session of this user ends."""
    opened = await logins.change_password(caller, body.current.get_secret_value(), body.new.get_secret_value())
    set_session_cookie(response, request, opened.secret)
    return _session_out(opened.caller)


@router.get("/tokens")
@allows(Standing.ANY_USER)
async def list_tokens(caller: CallerPort, tokens: TokensPort) -> Page[TokenOut]:
    """Lists the own tokens, without their secrets."""
    found = await tokens.list_tokens(caller)
    return Page(items=[_token_out(token) for token in found], total=len(found))


@router.post("/tokens", status_code=201)
@allows(Standing.ANY_USER)
async def make_token(body: TokenIn, caller: CallerPort, tokens: TokensPort) -> TokenMade:
    """Makes a token for a program, with at most the own permissions. Its secret is shown once."""
    expires_at_ns = None if body.expires_at is None else to_ns(body.expires_at)
    token, secret = await tokens.make_token(caller, body.name, frozenset(body.scopes), expires_at_ns)
    return TokenMade(id=token.id, token=secret)


@router.delete("/tokens/{token_id}", status_code=204)
@allows(Standing.ANY_USER)
async def revoke_token(token_id: Annotated[Id, Path()], caller: CallerPort, tokens: TokensPort) -> None:
    """Ends one of the own tokens at once."""
    await tokens.revoke_token(caller, token_id)


def _session_out(caller: Caller) -> SessionOut:
    return SessionOut(
        user=SessionUser(id=caller.user_id, name=caller.name, role=caller.role, locale=caller.locale),
        permissions=sorted(caller.permissions),
        csrf=caller.csrf,
        must_change_password=caller.must_change_password,
    )


def _token_out(token: Token) -> TokenOut:
    return TokenOut(
        id=token.id,
        name=token.name,
        scopes=sorted(token.scopes),
        created_at=format_utc(token.created_at_ns),
        expires_at=utc_text(token.expires_at_ns),
        last_used_at=utc_text(token.last_used_at_ns),
    )
