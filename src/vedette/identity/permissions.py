"""What a role may do. Pure, total and small enough to read in one look; every check goes through `Caller`.

Default deny: a role that is not in the table may do nothing, and a token may do what its scopes name AND its
owner's role allows now. Design: docs/design/identity.md.
"""

from dataclasses import dataclass
from enum import StrEnum


class Permission(StrEnum):
    """One thing that a caller may be allowed to do. Video, export and administration are separate."""

    CAMERA_VIEW = "camera.view"
    CAMERA_CONFIGURE = "camera.configure"
    RECORDING_PLAY = "recording.play"
    RECORDING_EXPORT = "recording.export"
    EVENT_VIEW = "event.view"
    EVENT_ACKNOWLEDGE = "event.acknowledge"
    USERS_MANAGE = "users.manage"
    AUDIT_VIEW = "audit.view"
    SYSTEM_VIEW = "system.view"
    STORAGE_CONFIGURE = "storage.configure"
    HOLD_MANAGE = "hold.manage"
    EVIDENCE_MANAGE = "evidence.manage"
    PRIVACY_CONFIGURE = "privacy.configure"
    PRIVACY_UNMASK = "privacy.unmask"
    FILE_ANALYZE = "file.analyze"
    FOOTAGE_ERASE = "footage.erase"
    WATCHLIST_VIEW = "watchlist.view"
    WATCHLIST_MANAGE = "watchlist.manage"
    FACE_VIEW = "face.view"
    FACE_ENROLL = "face.enroll"
    OBJECT_SEARCH = "object.search"
    BIOMETRIC_SEARCH = "biometric.search"


class Role(StrEnum):
    """The roles that ship with the product."""

    ADMINISTRATOR = "administrator"
    GUARD = "guard"
    MONITOR = "monitor"
    AUDITOR = "auditor"


_GUARD = frozenset({Permission.CAMERA_VIEW, Permission.EVENT_VIEW, Permission.EVENT_ACKNOWLEDGE, Permission.FACE_VIEW})

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.ADMINISTRATOR: frozenset(Permission),
    Role.GUARD: _GUARD,
    Role.MONITOR: _GUARD
    | {
        Permission.RECORDING_PLAY,
        Permission.RECORDING_EXPORT,
        Permission.SYSTEM_VIEW,
        Permission.HOLD_MANAGE,
        Permission.FILE_ANALYZE,
        Permission.WATCHLIST_VIEW,
        Permission.WATCHLIST_MANAGE,
        Permission.OBJECT_SEARCH,
        Permission.BIOMETRIC_SEARCH,
    },
    Role.AUDITOR: frozenset(
        {
            Permission.AUDIT_VIEW,
            Permission.EVENT_VIEW,
            Permission.SYSTEM_VIEW,
            Permission.RECORDING_PLAY,
            Permission.WATCHLIST_VIEW,
        }
    ),
}


class Credential(StrEnum):
    """How a caller proved who he is."""

    SESSION = "session"
    TOKEN = "token"  # noqa: S105 -- the word, not a secret
    LOCAL = "local"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who makes a request, and what this request may do.

    Attributes:
        user_id: Empty for the local administrator (the management socket, guarded by file permission).
        key: Names the session or token in the store (a hash, never the secret), empty for local.
        csrf: The token that writes by cookie must repeat, empty for other credentials.
        expires_at_ns: When this credential ends whatever the caller does, 0 for never.
    """

    user_id: str
    name: str
    role: Role
    locale: str
    permissions: frozenset[Permission]
    credential: Credential
    address: str
    key: str = ""
    csrf: str = ""
    expires_at_ns: int = 0
    must_change_password: bool = False

    def may(self, permission: Permission) -> bool:
        return permission in self.permissions


def find_permissions(role: Role, scopes: frozenset[Permission] | None = None) -> frozenset[Permission]:
    """Returns what a role may do, cut down to the scopes of a token when there are any."""
    granted = ROLE_PERMISSIONS.get(role, frozenset())
    return granted if scopes is None else granted & scopes


def local_administrator(address: str) -> Caller:
    """Returns the caller behind the management socket: whoever may open that file owns the data directory."""
    return Caller(
        user_id="",
        name="local",
        role=Role.ADMINISTRATOR,
        locale="en",
        permissions=ROLE_PERMISSIONS[Role.ADMINISTRATOR],
        credential=Credential.LOCAL,
        address=address,
    )
