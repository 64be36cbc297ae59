"""Tokens for programs: made, listed and ended by the user they act for."""

from vedette.core.errors import ForbiddenError, InvalidInputError, NotFoundError
from vedette.identity.audit import AuditTrail
from vedette.identity.permissions import Caller, Permission
from vedette.identity.ports import IdentityStore, OpenConnections
from vedette.identity.secrets import hash_secret, make_token_secret
from vedette.identity.users import Token
from vedette.runtime.clock import Clock, new_id

MAX_TOKENS = 50


class Tokens:
    """The tokens of a caller."""

    def __init__(self, *, store: IdentityStore, audit: AuditTrail, connections: OpenConnections, clock: Clock) -> None:
        self._store = store
        self._audit = audit
        self._connections = connections
        self._clock = clock

    async def make_token(
        self, caller: Caller, name: str, scopes: frozenset[Permission], expires_at_ns: int | None
    ) -> tuple[Token, str]:
        """Makes a token with at most the caller's own permissions. Returns its secret, once.

        Raises:
            ForbiddenError: a scope that the caller does not have, or a caller without an account.
            InvalidInputError: it would already be over, or there are too many.
        """
        _check_has_account(caller)
        missing = scopes - caller.permissions
        if missing:
            raise ForbiddenError(
                f"you do not have {', '.join(sorted(missing))}", "A token can have at most your own permissions."
            )
        now_ns = self._clock.utc_ns()
        if expires_at_ns is not None and expires_at_ns <= now_ns:
            raise InvalidInputError("expires_at is in the past")
        if len(await self._store.list_tokens(caller.user_id)) >= MAX_TOKENS:
            raise InvalidInputError(f"there are {MAX_TOKENS} tokens already", "Remove those not in use.")
        secret = make_token_secret()
        token = Token(
            id=new_id(self._clock),
            key=hash_secret(secret),
            user_id=caller.user_id,
            name=name,
            scopes=scopes,
            created_at_ns=now_ns,
            expires_at_ns=expires_at_ns,
        )
        await self._store.add_token(token)
        await self._audit.record(caller, "token.add", token.id, detail=f"{name}: {', '.join(sorted(scopes))}")
        return token, secret

    async def list_tokens(self, caller: Caller) -> list[Token]:
        return await self._store.list_tokens(caller.user_id) if caller.user_id else []

    async def revoke_token(self, caller: Caller, token_id: str) -> None:
        """Ends one of the caller's own tokens.

        Raises:
            NotFoundError: the caller has no such token.
        """
        removed = await self._store.remove_token(caller.user_id, token_id)
        if removed is None:
            raise NotFoundError(f"there is no token {token_id}")
        self._connections.close_key(removed.key)
        await self._audit.record(caller, "token.remove", token_id, detail=removed.name)


def _check_has_account(caller: Caller) -> None:
    if not caller.user_id:
        raise ForbiddenError("the local administrator has no account to make a token for", "Log in as a user first.")
