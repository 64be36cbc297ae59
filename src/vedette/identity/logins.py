"""Logins: from a password to a session, from a secret to a caller, and the end of both.

Promise: an ended session or token, a disabled user or a changed password takes effect at the next request
and closes the sockets that are open. Design: docs/design/identity.md.
"""

from dataclasses import dataclass, replace

from vedette.core.errors import ForbiddenError, UnauthenticatedError
from vedette.core.time import NS_PER_S
from vedette.identity.audit import AuditTrail, Outcome
from vedette.identity.limits import LoginLimits
from vedette.identity.passwords import PasswordHasher, check_password
from vedette.identity.permissions import Caller, Credential, find_permissions
from vedette.identity.ports import IdentityStore, OpenConnections
from vedette.identity.secrets import (
    MAX_SECRET_CHARS,
    derive_csrf,
    hash_secret,
    make_session_secret,
)
from vedette.identity.users import Session, Token, User
from vedette.runtime.clock import Clock

TOUCH_NS = 60 * NS_PER_S
"""How stale `seen_at` and `last_used_at` may be: a write per request would cost more than the request."""


class BadLoginError(UnauthenticatedError):
    """User or password is wrong, or the user is disabled: which of them is not said."""

    code = "bad_login"


class SessionEndedError(UnauthenticatedError):
    """The session or token is unknown, expired or ended."""

    code = "session_ended"


@dataclass(frozen=True, slots=True)
class SessionPolicy:
    """How long a session lives. A wall that is being watched counts as use; a shift is 12 hours."""

    idle_ns: int = 2 * 3600 * NS_PER_S
    absolute_ns: int = 16 * 3600 * NS_PER_S

    def is_alive(self, session: Session, now_ns: int) -> bool:
        """A session from the future (the clock was set back) has no age that we know, so it ends."""
        age_ns = now_ns - session.created_at_ns
        idle_ns = now_ns - session.seen_at_ns
        return -TOUCH_NS <= age_ns < self.absolute_ns and idle_ns < self.idle_ns


@dataclass(frozen=True, slots=True)
class Opened:
    """A fresh session: the secret for the cookie, and the caller it makes."""

    secret: str
    caller: Caller


class Logins:
    """Opens, checks and ends sessions; checks tokens."""

    def __init__(
        self,
        *,
        store: IdentityStore,
        hasher: PasswordHasher,
        audit: AuditTrail,
        connections: OpenConnections,
        clock: Clock,
        policy: SessionPolicy | None = None,
    ) -> None:
        self._store = store
        self._hasher = hasher
        self._audit = audit
        self._connections = connections
        self._clock = clock
        self._policy = policy or SessionPolicy()
        self._limits = LoginLimits()

    async def login(self, name: str, password: str, address: str) -> Opened:
        """Checks a password and opens a session.

        Raises:
            BadLoginError: wrong user or password, or the user is disabled.
            TooManyLoginsError: too many failures before this one.
        """
        await self._check_password(name, password, address, "login")
        user = await self._store.find_user_by_name(name)
        if user is None:
            raise BadLoginError("user or password is wrong")
        now_ns = self._clock.utc_ns()
        if self._hasher.is_outdated(user.password_hash):
            user = replace(user, password_hash=await self._hasher.hash(password))
        user = replace(user, last_login_at_ns=now_ns)
        await self._store.replace_user(user)
        await self._store.remove_sessions_before(now_ns - self._policy.absolute_ns, now_ns - self._policy.idle_ns)
        opened = await self._open_session(user, address)
        await self._audit.record(opened.caller, "login")
        return opened

    async def logout(self, caller: Caller) -> None:
        """Ends the caller's session. A token stays: it is ended by removing it."""
        if caller.credential is not Credential.SESSION:
            raise ForbiddenError("only a session can be logged out", "Remove a token by DELETE /tokens/{id}.")
        await self._store.remove_session(caller.key)
        self._connections.close_key(caller.key)
        await self._audit.record(caller, "logout")

    async def change_password(self, caller: Caller, current: str, new: str) -> Opened:
        """Changes the caller's own password; ends all sessions and opens a new one.

        Raises:
            ForbiddenError: not logged in by password.
            BadLoginError, TooManyLoginsError: the current password is wrong.
            WeakPasswordError: the new one breaks the rules.
        """
        if caller.credential is not Credential.SESSION:
            raise ForbiddenError("a password is changed in a session", "Log in with user and password.")
        await self._check_password(caller.name, current, caller.address, "password.change")
        check_password(caller.name, new)
        user = await self._store.find_user(caller.user_id)
        if user is None:
            raise SessionEndedError("the session has ended", "Log in again.")
        changed = replace(user, password_hash=await self._hasher.hash(new), must_change_password=False)
        await self._store.replace_user(changed)
        await self._store.remove_sessions_of(user.id)
        self._connections.close_user(user.id)
        await self._audit.record(caller, "password.change", user.id)
        return await self._open_session(changed, caller.address)

    async def authenticate_session(self, secret: str, address: str) -> Caller:
        """Turns the secret of a cookie into a caller.

        Raises:
            SessionEndedError: there is no such session any more.
        """
        now_ns = self._clock.utc_ns()
        found = await self._store.find_session(hash_secret(secret)) if len(secret) <= MAX_SECRET_CHARS else None
        if found is None or found[1].disabled or not self._policy.is_alive(found[0], now_ns):
            raise SessionEndedError("the session has ended", "Log in again.")
        session, user = found
        if now_ns - session.seen_at_ns > TOUCH_NS:
            await self._store.touch_session(session.key, now_ns)
        return self._session_caller(user, session, secret, address)

    async def authenticate_token(self, secret: str, address: str) -> Caller:
        """Turns the secret of a token into a caller with at most the token's scopes.

        Raises:
            SessionEndedError: there is no such token any more.
        """
        now_ns = self._clock.utc_ns()
        found = await self._store.find_token(hash_secret(secret)) if len(secret) <= MAX_SECRET_CHARS else None
        if found is None or found[1].disabled or _is_over(found[0], now_ns):
            raise SessionEndedError("the token is not valid", "Make a new one, or log in again.")
        token, user = found
        if now_ns - (token.last_used_at_ns or 0) > TOUCH_NS:
            await self._store.touch_token(token.id, now_ns)
        return Caller(
            user_id=user.id,
            name=user.name,
            role=user.role,
            locale=user.locale,
            permissions=find_permissions(user.role, token.scopes),
            credential=Credential.TOKEN,
            address=address,
            key=token.key,
            expires_at_ns=token.expires_at_ns or 0,
        )

    async def touch(self, caller: Caller) -> None:
        """Says that a caller is still there: an open socket is use.

        Raises:
            SessionEndedError: the session or token has ended meanwhile.
        """
        now_ns = self._clock.utc_ns()
        if caller.credential is Credential.SESSION:
            found = await self._store.find_session(caller.key)
            if found is None or found[1].disabled or not self._policy.is_alive(found[0], now_ns):
                raise SessionEndedError("the session has ended", "Log in again.")
            await self._store.touch_session(caller.key, now_ns)
        elif caller.credential is Credential.TOKEN:
            token = await self._store.find_token(caller.key)
            if token is None or token[1].disabled or _is_over(token[0], now_ns):
                raise SessionEndedError("the token is not valid", "Make a new one, or log in again.")

    async def _check_password(self, name: str, password: str, address: str, action: str) -> None:
        try:
            self._limits.enter(name, address, self._clock.mono_ns())
        except Exception:
            await self._audit.record_anonymous(
                "", address, action, outcome=Outcome.REFUSED, detail="too many failed logins"
            )
            raise
        user = await self._store.find_user_by_name(name)
        is_right = await self._hasher.is_match(user.password_hash if user else None, password)
        if not is_right or user is None or user.disabled:
            # An unknown name is not written down: people type passwords into the wrong field.
            detail = "unknown user" if user is None else ("disabled" if user.disabled else "wrong password")
            await self._audit.record_anonymous(
                user.name if user else "", address, action, outcome=Outcome.REFUSED, detail=detail
            )
            raise BadLoginError("user or password is wrong", "Check both; capital letters matter.")
        self._limits.succeed(name, address, self._clock.mono_ns())

    async def _open_session(self, user: User, address: str) -> Opened:
        secret = make_session_secret()
        now_ns = self._clock.utc_ns()
        session = Session(hash_secret(secret), user.id, now_ns, now_ns, address[:64])
        await self._store.add_session(session)
        return Opened(secret, self._session_caller(user, session, secret, address))

    def _session_caller(self, user: User, session: Session, secret: str, address: str) -> Caller:
        return Caller(
            user_id=user.id,
            name=user.name,
            role=user.role,
            locale=user.locale,
            permissions=find_permissions(user.role),
            credential=Credential.SESSION,
            address=address,
            key=session.key,
            csrf=derive_csrf(secret),
            expires_at_ns=session.created_at_ns + self._policy.absolute_ns,
            must_change_password=user.must_change_password,
        )


def _is_over(token: Token, now_ns: int) -> bool:
    return token.expires_at_ns is not None and now_ns >= token.expires_at_ns
