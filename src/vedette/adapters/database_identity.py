"""Users, sessions, tokens and the audit trail in the database."""

import json
from collections.abc import Callable

from sqlalchemy import Connection, Row, and_, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from vedette.adapters.database import Database
from vedette.adapters.database_schema import audit, sessions, tokens, users
from vedette.core.errors import ConflictError
from vedette.identity.audit import AuditEntry, AuditFilter, Outcome
from vedette.identity.permissions import Permission, Role
from vedette.identity.users import Session, Token, User


class UserNameTakenError(ConflictError):
    """Two users would be told apart by capital letters only."""

    code = "user_name_taken"


def _user_row(user: User) -> dict[str, object]:
    return {
        "id": user.id,
        "name": user.name,
        "name_key": user.name.casefold(),
        "role": user.role.value,
        "locale": user.locale,
        "disabled": user.disabled,
        "must_change_password": user.must_change_password,
        "password_hash": user.password_hash,
        "created_at_ns": user.created_at_ns,
        "last_login_at_ns": user.last_login_at_ns,
    }


def _read_user(row: Row[tuple[object, ...]]) -> User:
    found = row._mapping  # noqa: SLF001 -- SQLAlchemy's documented way to read by column
    return User(
        id=found[users.c.id],
        name=found[users.c.name],
        role=Role(found[users.c.role]),
        locale=found[users.c.locale],
        disabled=found[users.c.disabled],
        must_change_password=found[users.c.must_change_password],
        password_hash=found[users.c.password_hash],
        created_at_ns=found[users.c.created_at_ns],
        last_login_at_ns=found[users.c.last_login_at_ns],
    )


def _read_session(row: Row[tuple[object, ...]]) -> Session:
    found = row._mapping  # noqa: SLF001 -- as above
    return Session(
        key=found[sessions.c.key],
        user_id=found[sessions.c.user_id],
        created_at_ns=found[sessions.c.created_at_ns],
        seen_at_ns=found[sessions.c.seen_at_ns],
        address=found[sessions.c.address],
    )


def _read_token(row: Row[tuple[object, ...]]) -> Token:
    found = row._mapping  # noqa: SLF001 -- as above
    return Token(
        id=found[tokens.c.id],
        key=found[tokens.c.key],
        user_id=found[tokens.c.user_id],
        name=found[tokens.c.name],
        scopes=frozenset(Permission(scope) for scope in json.loads(found[tokens.c.scopes])),
        created_at_ns=found[tokens.c.created_at_ns],
        expires_at_ns=found[tokens.c.expires_at_ns],
        last_used_at_ns=found[tokens.c.last_used_at_ns],
    )


class SqlIdentityStore:
    """See `vedette.identity.ports.IdentityStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find_user(self, user_id: str) -> User | None:
        query = select(users).where(users.c.id == user_id)
        row = await self._database.read(lambda connection: connection.execute(query).first())
        return None if row is None else _read_user(row)

    async def find_user_by_name(self, name: str) -> User | None:
        query = select(users).where(users.c.name_key == name.casefold())
        row = await self._database.read(lambda connection: connection.execute(query).first())
        return None if row is None else _read_user(row)

    async def list_users(self) -> list[User]:
        query = select(users).order_by(users.c.name_key)
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return [_read_user(row) for row in rows]

    async def add_user(self, user: User) -> None:
        await self._database.write(
            lambda c: _unique_name(user, lambda: c.execute(insert(users).values(_user_row(user))))
        )

    async def replace_user(self, user: User) -> None:
        change = update(users).where(users.c.id == user.id).values(_user_row(user))
        await self._database.write(lambda c: _unique_name(user, lambda: c.execute(change)))

    async def remove_user(self, user_id: str) -> None:
        await self._database.write(lambda c: c.execute(delete(users).where(users.c.id == user_id)))

    async def add_session(self, session: Session) -> None:
        row = {
            "key": session.key,
            "user_id": session.user_id,
            "created_at_ns": session.created_at_ns,
            "seen_at_ns": session.seen_at_ns,
            "address": session.address,
        }
        await self._database.write(lambda c: c.execute(insert(sessions).values(row)))

    async def find_session(self, key: str) -> tuple[Session, User] | None:
        query = select(sessions, users).join(users).where(sessions.c.key == key)
        row = await self._database.read(lambda c: c.execute(query).first())
        return None if row is None else (_read_session(row), _read_user(row))

    async def touch_session(self, key: str, seen_at_ns: int) -> None:
        change = update(sessions).where(sessions.c.key == key).values(seen_at_ns=seen_at_ns)
        await self._database.write(lambda c: c.execute(change))

    async def remove_session(self, key: str) -> None:
        await self._database.write(lambda c: c.execute(delete(sessions).where(sessions.c.key == key)))

    async def remove_sessions_of(self, user_id: str) -> None:
        await self._database.write(lambda c: c.execute(delete(sessions).where(sessions.c.user_id == user_id)))

    async def remove_sessions_before(self, created_ns: int, seen_ns: int) -> None:
        is_stale = or_(sessions.c.created_at_ns < created_ns, sessions.c.seen_at_ns < seen_ns)
        await self._database.write(lambda c: c.execute(delete(sessions).where(is_stale)))

    async def add_token(self, token: Token) -> None:
        row = {
            "id": token.id,
            "key": token.key,
            "user_id": token.user_id,
            "name": token.name,
            "scopes": json.dumps(sorted(token.scopes)),
            "created_at_ns": token.created_at_ns,
            "expires_at_ns": token.expires_at_ns,
            "last_used_at_ns": token.last_used_at_ns,
        }
        await self._database.write(lambda c: c.execute(insert(tokens).values(row)))

    async def find_token(self, key: str) -> tuple[Token, User] | None:
        query = select(tokens, users).join(users).where(tokens.c.key == key)
        row = await self._database.read(lambda c: c.execute(query).first())
        return None if row is None else (_read_token(row), _read_user(row))

    async def list_tokens(self, user_id: str) -> list[Token]:
        query = select(tokens).where(tokens.c.user_id == user_id).order_by(tokens.c.id)
        rows = await self._database.read(lambda c: c.execute(query).all())
        return [_read_token(row) for row in rows]

    async def touch_token(self, token_id: str, used_at_ns: int) -> None:
        change = update(tokens).where(tokens.c.id == token_id).values(last_used_at_ns=used_at_ns)
        await self._database.write(lambda c: c.execute(change))

    async def remove_token(self, user_id: str, token_id: str) -> Token | None:
        is_it = and_(tokens.c.id == token_id, tokens.c.user_id == user_id)

        def remove(connection: Connection) -> Token | None:
            row = connection.execute(select(tokens).where(is_it)).first()
            connection.execute(delete(tokens).where(is_it))
            return None if row is None else _read_token(row)

        return await self._database.write(remove)


def _unique_name(user: User, execute: Callable[[], object]) -> None:
    try:
        execute()
    except IntegrityError as exc:
        raise UserNameTakenError(
            f"there is a user {user.name!r} already", "Choose another name; capital letters do not count."
        ) from exc


class SqlAuditStore:
    """See `vedette.identity.audit.AuditStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def append(self, entry: AuditEntry) -> None:
        row = {
            "at_ns": entry.at_ns,
            "user": entry.user,
            "action": entry.action,
            "resource": entry.resource,
            "address": entry.address,
            "outcome": entry.outcome.value,
            "detail": entry.detail,
        }
        await self._database.write(lambda c: c.execute(insert(audit).values(row)))

    async def find(self, wanted: AuditFilter) -> tuple[list[AuditEntry], int]:
        conditions = []
        if wanted.user:
            conditions.append(audit.c.user == wanted.user)
        if wanted.action:
            conditions.append(audit.c.action.startswith(wanted.action, autoescape=True))
        if wanted.from_ns is not None:
            conditions.append(audit.c.at_ns >= wanted.from_ns)
        if wanted.to_ns is not None:
            conditions.append(audit.c.at_ns < wanted.to_ns)
        count = select(func.count()).select_from(audit).where(*conditions)
        if wanted.before_id is not None:
            conditions.append(audit.c.id < wanted.before_id)
        query = select(audit).where(*conditions).order_by(audit.c.id.desc()).limit(wanted.limit)

        def find(connection: Connection) -> tuple[list[AuditEntry], int]:
            entries = [
                AuditEntry(
                    id=row.id,
                    at_ns=row.at_ns,
                    user=row.user,
                    action=row.action,
                    resource=row.resource,
                    address=row.address,
                    outcome=Outcome(row.outcome),
                    detail=row.detail,
                )
                for row in connection.execute(query)
            ]
            return entries, connection.execute(count).scalar_one()

        return await self._database.read(find)
