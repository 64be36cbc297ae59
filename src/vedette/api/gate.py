"""The one place that decides whether a request may pass. Every route is wrapped by `vedette.api.guard`.

Order: rate limit of the address; origin; who it is; CSRF; forced password change; permission. Default deny: a
request that none of these rules lets through is refused. Design: docs/design/identity.md.
"""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from vedette.api.access import Access, Standing
from vedette.api.cookies import cookie_name
from vedette.core.errors import ForbiddenError, TooManyRequestsError, UnauthenticatedError, VedetteError
from vedette.identity.audit import AuditTrail, Outcome
from vedette.identity.limits import Allowance, Buckets
from vedette.identity.logins import Logins
from vedette.identity.permissions import Caller, Credential, Permission, local_administrator
from vedette.identity.secrets import is_same
from vedette.runtime.clock import Clock

LOCAL_KEY = "vedette.local"
"""Set in the scope by the management socket's application; a client cannot set it."""
CSRF_HEADER = "x-csrf-token"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_BEARER = "bearer "


class ForeignOriginError(ForbiddenError):
    """A page of another site sent this request."""

    code = "foreign_origin"


class MissingCsrfError(ForbiddenError):
    """A write by cookie without the session's token."""

    code = "csrf"


class PasswordChangeRequiredError(ForbiddenError):
    """The password was made by somebody else and has to be changed first."""

    code = "password_change_required"


class MissingPermissionError(ForbiddenError):
    """The caller's role (or the token's scopes) does not have what the route needs."""

    code = "missing_permission"


@dataclass(frozen=True, slots=True)
class RequestLimits:
    """How many requests one address without login, and one caller, may send."""

    address: Allowance = field(default_factory=lambda: Allowance(burst=600, per_s=60))
    caller: Allowance = field(default_factory=lambda: Allowance(burst=600, per_s=100))


def is_same_origin(origin: str, host: str) -> bool:
    """Tells whether an Origin header names the host that the request was sent to.

    `null` (sandboxed frames, redirects) is foreign. The scheme is not compared: behind a proxy that ends TLS we
    see http where the browser sees https.
    """
    parts = urlsplit(origin)
    return bool(parts.scheme in {"http", "https"} and parts.netloc and parts.netloc.lower() == host.lower())


class Gate:
    """Lets requests pass or raises why not, and writes refusals down."""

    def __init__(self, *, logins: Logins, audit: AuditTrail, clock: Clock, limits: RequestLimits | None = None) -> None:
        limits = limits or RequestLimits()
        self._logins = logins
        self._audit = audit
        self._clock = clock
        self._by_address = Buckets(limits.address)
        self._by_caller = Buckets(limits.caller)
        # Anonymous refusals are cheap to cause, so they may not fill the audit trail without bound.
        self._refusals = Buckets(Allowance(burst=20, per_s=1 / 10))

    async def admit(self, connection: HTTPConnection, access: Access) -> Caller | None:
        """Returns the caller, or None on a public route.

        Raises:
            UnauthenticatedError, ForbiddenError, TooManyRequestsError
        """
        caller: Caller | None = None
        address = find_address(connection)
        try:
            self._check_origin(connection)
            if access.needs is Standing.PUBLIC:
                self._take(self._by_address, address)
                return None
            caller = await self._identify(connection, address)
            self._check_caller(connection, caller, access)
        except (UnauthenticatedError, ForbiddenError) as exc:
            await self._record_refusal(connection, caller, address, exc)
            raise
        if access.audit:
            await self._audit.record(caller, access.audit, _find_resource(connection))
        return caller

    def _take(self, buckets: Buckets, key: str) -> None:
        wait_s = buckets.take(key, self._clock.mono_ns())
        if wait_s > 0:
            raise TooManyRequestsError("too many requests", "Slow down.", retry_after_s=wait_s)

    def _check_origin(self, connection: HTTPConnection) -> None:
        """Refuses writes and sockets that a page of another site started, whatever its credentials."""
        origin = connection.headers.get("origin")
        if origin is None or _is_safe(connection):
            return
        if not is_same_origin(origin, connection.headers.get("host", "")):
            raise ForeignOriginError("this request comes from another site", "Open Vedette itself and try again.")

    async def _identify(self, connection: HTTPConnection, address: str) -> Caller:
        if connection.scope.get(LOCAL_KEY) is True:
            return local_administrator(address)
        authorization = connection.headers.get("authorization", "")
        if authorization.lower().startswith(_BEARER):
            self._take(self._by_address, address)
            return await self._logins.authenticate_token(authorization[len(_BEARER) :].strip(), address)
        secret = connection.cookies.get(cookie_name(connection))
        if secret is None:
            self._take(self._by_address, address)
            raise UnauthenticatedError("nobody is logged in", "Log in first.")
        if connection.scope["type"] == "websocket" and "origin" not in connection.headers:
            raise ForeignOriginError("a socket by cookie must name its origin")
        try:
            return await self._logins.authenticate_session(secret, address)
        except UnauthenticatedError:
            self._take(self._by_address, address)
            raise

    def _check_caller(self, connection: HTTPConnection, caller: Caller, access: Access) -> None:
        if caller.credential is not Credential.LOCAL:
            self._take(self._by_caller, caller.key)
        if caller.credential is Credential.SESSION and not _is_safe(connection):
            self._check_csrf(connection, caller)
        if isinstance(access.needs, Permission):
            if caller.must_change_password:
                raise PasswordChangeRequiredError(
                    "the password has to be changed first", "Send it to POST /api/v1/session/password."
                )
            if not caller.may(access.needs):
                raise MissingPermissionError(
                    f"this needs the permission {access.needs.value}", "Ask an administrator for a role that has it."
                )

    @staticmethod
    def _check_csrf(connection: HTTPConnection, caller: Caller) -> None:
        if connection.scope["type"] == "websocket":
            return  # browsers cannot set the header there; the origin was checked
        if not is_same(connection.headers.get(CSRF_HEADER, ""), caller.csrf):
            raise MissingCsrfError(
                "the request lacks the session's CSRF token", "Send `csrf` of GET /api/v1/session in X-CSRF-Token."
            )

    async def _record_refusal(
        self, connection: HTTPConnection, caller: Caller | None, address: str, error: VedetteError
    ) -> None:
        if caller is None:
            has_credential = "authorization" in connection.headers or cookie_name(connection) in connection.cookies
            is_foreign = isinstance(error, ForeignOriginError)
            if not (has_credential or is_foreign) or self._refusals.take(address, self._clock.mono_ns()) > 0:
                return  # a page that asks who is logged in is no attack
        method = connection.scope.get("method", "SOCKET")
        await self._audit.record_anonymous(
            caller.name if caller else "",
            address,
            "refused",
            f"{method} {connection.url.path}",
            outcome=Outcome.REFUSED,
            detail=error.code,
        )


def find_address(connection: HTTPConnection) -> str:
    """Returns the peer's address. Forwarding headers are not believed: anybody can send them."""
    if connection.scope.get(LOCAL_KEY) is True:
        return "local"
    return connection.client.host if connection.client else ""


def _is_safe(connection: HTTPConnection) -> bool:
    return connection.scope["type"] == "http" and connection.scope["method"] in _SAFE_METHODS


def _find_resource(connection: HTTPConnection) -> str:
    """Names what is watched: the camera or event in the path, else the camera in the query, else the path."""
    parameters = connection.path_params
    named = parameters.get("camera_id") or parameters.get("event_id") or connection.query_params.get("camera")
    return str(named or connection.url.path)
