"""Accounts: the first administrator, and adding, changing and removing users."""

import asyncio
from dataclasses import dataclass, replace

from vedette.core.errors import ConflictError, NotFoundError
from vedette.identity.audit import AuditTrail, Outcome
from vedette.identity.passwords import PasswordHasher, check_password, make_password
from vedette.identity.permissions import Caller, Role
from vedette.identity.ports import IdentityStore, OpenConnections
from vedette.identity.users import User, check_user_name
from vedette.runtime.clock import Clock, new_id

FIRST_NAME = "admin"


class LastAdministratorError(ConflictError):
    """Without an administrator nobody could let anybody in again."""

    code = "last_administrator"


@dataclass(frozen=True, slots=True)
class UserChange:
    """What is to change of a user; None leaves it."""

    name: str | None = None
    role: Role | None = None
    password: str | None = None
    locale: str | None = None
    disabled: bool | None = None


class Accounts:
    """The users. Changes come one after another, so that the last administrator cannot be lost in a race."""

    def __init__(
        self,
        *,
        store: IdentityStore,
        hasher: PasswordHasher,
        audit: AuditTrail,
        connections: OpenConnections,
        clock: Clock,
    ) -> None:
        self._store = store
        self._hasher = hasher
        self._audit = audit
        self._connections = connections
        self._clock = clock
        self._turn = asyncio.Lock()

    async def ensure_administrator(self) -> str | None:
        """Makes the first administrator where there is no user yet. Returns the password, to be shown once."""
        if await self._store.list_users():
            return None
        password = make_password()
        user = await self._make_user(FIRST_NAME, Role.ADMINISTRATOR, password, "en", must_change=False)
        await self._store.add_user(user)
        await self._audit.record_anonymous(
            "", "", "user.add", user.id, outcome=Outcome.DONE, detail="first administrator"
        )
        return password

    async def list_users(self) -> list[User]:
        return await self._store.list_users()

    async def add_user(
        self, caller: Caller, name: str, role: Role, password: str | None, locale: str, *, disabled: bool
    ) -> tuple[User, str | None]:
        """Adds a user. Without a password one is made, returned once, and must be changed at first login.

        Raises:
            InvalidInputError: the name or password breaks the rules.
            ConflictError: the name is taken.
        """
        check_user_name(name)
        if password is not None:
            check_password(name, password)
        generated = make_password() if password is None else None
        user = await self._make_user(name, role, password or generated or "", locale, must_change=password is None)
        user = replace(user, disabled=disabled)
        await self._store.add_user(user)
        await self._audit.record(caller, "user.add", user.id, detail=f"{name}: {role.value}")
        return user, generated

    async def change_user(self, caller: Caller, user_id: str, change: UserChange) -> User:
        """Changes a user. A new password, role or disabling closes what the user has open.

        Raises:
            NotFoundError, InvalidInputError, ConflictError, LastAdministratorError
        """
        async with self._turn:
            before = await self._find(user_id)
            after = await self._apply(before, change)
            if _is_active_administrator(before) and not _is_active_administrator(after):
                await self._check_not_last(before)
            await self._store.replace_user(after)
        if change.password is not None or after.disabled:
            await self._store.remove_sessions_of(user_id)
        if change.password is not None or after.disabled or after.role is not before.role:
            self._connections.close_user(user_id)
        await self._audit.record(caller, "user.change", user_id, detail=_describe(before, after))
        return after

    async def remove_user(self, caller: Caller, user_id: str) -> None:
        """Removes a user with all sessions and tokens.

        Raises:
            NotFoundError, LastAdministratorError
        """
        async with self._turn:
            user = await self._find(user_id)
            if _is_active_administrator(user):
                await self._check_not_last(user)
            await self._store.remove_user(user_id)
        self._connections.close_user(user_id)
        await self._audit.record(caller, "user.remove", user_id, detail=user.name)

    async def _find(self, user_id: str) -> User:
        user = await self._store.find_user(user_id)
        if user is None:
            raise NotFoundError(f"there is no user {user_id}")
        return user

    async def _apply(self, user: User, change: UserChange) -> User:
        name = user.name if change.name is None else change.name
        check_user_name(name)
        password_hash = user.password_hash
        if change.password is not None:
            check_password(name, change.password)
            password_hash = await self._hasher.hash(change.password)
        return replace(
            user,
            name=name,
            role=user.role if change.role is None else change.role,
            locale=user.locale if change.locale is None else change.locale,
            disabled=user.disabled if change.disabled is None else change.disabled,
            password_hash=password_hash,
            must_change_password=user.must_change_password and change.password is None,
        )

    async def _check_not_last(self, leaving: User) -> None:
        users = await self._store.list_users()
        if not any(_is_active_administrator(user) for user in users if user.id != leaving.id):
            raise LastAdministratorError(
                f"{leaving.name} is the last administrator", "Make another administrator first."
            )

    async def _make_user(self, name: str, role: Role, password: str, locale: str, *, must_change: bool) -> User:
        return User(
            id=new_id(self._clock),
            name=name,
            role=role,
            locale=locale,
            disabled=False,
            must_change_password=must_change,
            password_hash=await self._hasher.hash(password),
            created_at_ns=self._clock.utc_ns(),
        )


def _is_active_administrator(user: User) -> bool:
    return user.role is Role.ADMINISTRATOR and not user.disabled


def _describe(before: User, after: User) -> str:
    """Says what changed, for the audit trail. That the password changed, never to what."""
    parts = [
        f"{field}: {getattr(before, field)} -> {getattr(after, field)}"
        for field in ("name", "role", "locale", "disabled")
        if getattr(before, field) != getattr(after, field)
    ]
    if before.password_hash != after.password_hash:
        parts.append("password changed")
    return ", ".join(parts) or "nothing"
