"""Sessions, tokens, users and the audit trail on the wire."""

from typing import Annotated

from pydantic import Field, SecretStr

from vedette.api.schemas.common import Answer, Id, Request, Utc, When
from vedette.identity.permissions import Permission, Role

UserName = Annotated[str, Field(min_length=1, max_length=64)]
Password = Annotated[SecretStr, Field(min_length=1, max_length=256)]


class LoginIn(Request):
    user: UserName
    password: Password


class SessionUser(Answer):
    id: str
    name: str
    role: Role
    locale: str


class SessionOut(Answer):
    """Who is logged in. Writes by cookie repeat `csrf` in the header X-CSRF-Token."""

    user: SessionUser
    permissions: list[Permission]
    csrf: str
    must_change_password: bool


class PasswordIn(Request):
    current: Password
    new: Password


class TokenIn(Request):
    name: Annotated[str, Field(min_length=1, max_length=64)]
    scopes: Annotated[list[Permission], Field(min_length=1, max_length=32)]
    expires_at: When | None = None


class TokenOut(Answer):
    id: Id
    name: str
    scopes: list[Permission]
    created_at: Utc
    expires_at: Utc | None
    last_used_at: Utc | None


class TokenMade(Answer):
    """A new token. `token` is shown here and never again."""

    id: Id
    token: str


class UserIn(Request):
    """A new user. Without a password one is generated, shown once, and must be changed at the first login."""

    name: UserName
    role: Role
    password: Password | None = None
    locale: Annotated[str, Field(pattern=r"^(en|vi)$")] = "en"
    disabled: bool = False


class UserPatch(Request):
    name: UserName | None = None
    role: Role | None = None
    password: Password | None = None
    locale: Annotated[str, Field(pattern=r"^(en|vi)$")] | None = None
    disabled: bool | None = None


class UserOut(Answer):
    id: Id
    name: str
    role: Role
    locale: str
    disabled: bool
    must_change_password: bool
    created_at: Utc
    last_login_at: Utc | None


class UserMade(UserOut):
    """A new user; `password` is the generated one, null when the administrator chose it."""

    password: str | None


class AuditOut(Answer):
    id: int
    at: Utc
    user: str
    action: str
    resource: str
    address: str
    outcome: str
    detail: str
