"""Users and the audit trail."""

from typing import Annotated

from fastapi import Path, Query

from vedette.api.access import allows
from vedette.api.cursors import read_cursor, write_cursor
from vedette.api.features import feature_router
from vedette.api.ports import AccountsPort, AuditPort, CallerPort
from vedette.api.schemas.common import Id, Page, When, utc_text
from vedette.api.schemas.identity import AuditOut, UserIn, UserMade, UserOut, UserPatch
from vedette.api.times import to_ns
from vedette.core.time import format_utc
from vedette.identity.accounts import UserChange
from vedette.identity.audit import AuditEntry, AuditFilter
from vedette.identity.permissions import Permission
from vedette.identity.users import User

router = feature_router("users")


@router.get("/users")
@allows(Permission.USERS_MANAGE)
async def list_users(accounts: AccountsPort) -> Page[UserOut]:
    """Lists all users."""
    users = await accounts.list_users()
    return Page(items=[_user_out(user) for user in users], total=len(users))


@router.post("/users", status_code=201)
@allows(Permission.USERS_MANAGE)
async def add_user(body: UserIn, caller: CallerPort, accounts: AccountsPort) -> UserMade:
    """Adds a user."""
    password = None if body.password is None else body.password.get_secret_value()
    user, generated = await accounts.add_user(
        caller, body.name, body.role, password, body.locale, disabled=body.disabled
    )
    return UserMade(**_user_out(user).model_dump(), password=generated)


@router.patch("/users/{user_id}")
@allows(Permission.USERS_MANAGE)
async def change_user(
    user_id: Annotated[Id, Path()], body: UserPatch, caller: CallerPort, accounts: AccountsPort
) -> UserOut:
    """Changes a user. Disabling or a new password ends all sessions of that user."""
    change = UserChange(
        name=body.name,
        role=body.role,
        password=None if body.password is None else body.password.get_secret_value(),
        locale=body.locale,
        disabled=body.disabled,
    )
    return _user_out(await accounts.change_user(caller, user_id, change))


@router.delete("/users/{user_id}", status_code=204)
@allows(Permission.USERS_MANAGE)
async def remove_user(user_id: Annotated[Id, Path()], caller: CallerPort, accounts: AccountsPort) -> None:
    """Removes a user with all sessions and tokens. What the user did stays in the audit trail."""
    await accounts.remove_user(caller, user_id)


@router.get("/audit")
@allows(Permission.AUDIT_VIEW)
async def list_audit(
    audit: AuditPort,
    user: Annotated[str, Query(max_length=64)] = "",
    action: Annotated[str, Query(max_length=64)] = "",
    from_: Annotated[When | None, Query(alias="from")] = None,
    to: Annotated[When | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    cursor: Annotated[str | None, Query(max_length=128)] = None,
) -> Page[AuditOut]:
    """Lists who did what, newest first. `action` matches a beginning: `camera.` finds every camera action."""
    before = None if cursor is None else read_cursor(cursor)[0]
    wanted = AuditFilter(
        user=user,
        action=action,
        from_ns=None if from_ is None else to_ns(from_),
        to_ns=None if to is None else to_ns(to),
        before_id=before,
        limit=limit,
    )
    entries, total = await audit.find(wanted)
    following = write_cursor(entries[-1].id, "") if len(entries) == limit else None
    return Page(items=[_audit_out(entry) for entry in entries], total=total, next=following)


def _user_out(user: User) -> UserOut:
    return UserOut(
        id=user.id,
        name=user.name,
        role=user.role,
        locale=user.locale,
        disabled=user.disabled,
        must_change_password=user.must_change_password,
        created_at=format_utc(user.created_at_ns),
        last_login_at=utc_text(user.last_login_at_ns),
    )


def _audit_out(entry: AuditEntry) -> AuditOut:
    return AuditOut(
        id=entry.id,
        at=format_utc(entry.at_ns),
        user=entry.user,
        action=entry.action,
        resource=entry.resource,
        address=entry.address,
        outcome=entry.outcome.value,
        detail=entry.detail,
    )
