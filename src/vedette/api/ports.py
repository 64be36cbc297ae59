"""What the API needs from the rest of the house: one port per feature, gathered in `GatewayPorts`.

`vedette.node.gateway` builds it; endpoints get their port with the annotated types below, for example
`async def list_cameras(desk: CameraDeskPort)`. A new feature adds one field and one annotated type.
"""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Annotated, Protocol

from fastapi import Depends
from starlette.requests import HTTPConnection

from vedette.api.schemas.cameras import ProbeOut
from vedette.api.schemas.recordings import RecordingsOut, TimelineOut
from vedette.api.schemas.system import ModelsOut, SystemOut
from vedette.camera.inventory import Camera, CameraSettings, Login, StreamSettings
from vedette.core.assignment import Rule
from vedette.core.media import StreamRole
from vedette.events.records import EventFilter, EventRecord
from vedette.identity.audit import AuditTrail
from vedette.identity.permissions import Caller, Permission, Role
from vedette.identity.users import Token, User


@dataclass(frozen=True, slots=True)
class Opened:
    """A fresh login: the secret for the cookie, and the caller that it makes."""

    secret: str
    caller: Caller


class IdentityDesk(Protocol):
    """Logins, tokens and users."""

    async def login(self, name: str, password: str, address: str) -> Opened: ...
    async def logout(self, caller: Caller) -> None: ...
    async def change_password(self, caller: Caller, current: str, new: str) -> Opened: ...
    async def make_token(
        self, caller: Caller, name: str, scopes: frozenset[Permission], expires_at_ns: int | None
    ) -> tuple[Token, str]: ...
    async def list_tokens(self, caller: Caller) -> list[Token]: ...
    async def revoke_token(self, caller: Caller, token_id: str) -> None: ...
    async def list_users(self) -> list[User]: ...
    async def add_user(
        self, caller: Caller, name: str, role: Role, password: str | None, locale: str, *, disabled: bool
    ) -> tuple[User, str | None]: ...
    async def change_user(self, caller: Caller, user_id: str, change: "UserChange") -> User: ...
    async def remove_user(self, caller: Caller, user_id: str) -> None: ...
    async def authenticate_session(self, secret: str, address: str) -> Caller: ...
    async def authenticate_token(self, secret: str, address: str) -> Caller: ...


@dataclass(frozen=True, slots=True)
class UserChange:
    """What is to change of a user; None leaves it."""

    name: str | None = None
    role: Role | None = None
    password: str | None = None
    locale: str | None = None
    disabled: bool | None = None


@dataclass(frozen=True, slots=True)
class StreamFacts:
    """What is known of a stream now."""

    state: str
    since_ns: int | None = None
    code: str = ""
    reason: str = ""
    hint: str = ""
    codec: str = ""
    width: int = 0
    height: int = 0
    fps: float = 0.0
    bitrate_bps: int = 0


LiveFacts = dict[tuple[str, StreamRole], StreamFacts]
"""By camera id and stream. A stream that is not in it is unknown."""


class CameraDesk(Protocol):
    """The inventory of cameras. Every change is audited and sent on to the roles."""

    async def list_cameras(self, search: str, group: str, limit: int, offset: int) -> tuple[list[Camera], int]: ...
    async def find_camera(self, camera_id: str) -> Camera: ...
    async def add_camera(
        self, caller: Caller, settings: CameraSettings, login: Login, *, test_first: bool
    ) -> Camera: ...
    async def change_camera(
        self, caller: Caller, camera_id: str, settings: CameraSettings, login: Login | None
    ) -> Camera: ...
    async def remove_camera(self, caller: Caller, camera_id: str) -> None: ...
    async def replace_rules(self, caller: Caller, camera_id: str, rules: tuple[Rule, ...]) -> Camera: ...
    async def probe(self, caller: Caller, stream: StreamSettings, login: Login) -> ProbeOut: ...
    async def simulate(self, caller: Caller, count: int) -> list[Camera]: ...
    async def export_sheet(self, caller: Caller) -> bytes: ...
    async def import_sheet(self, caller: Caller, sheet: bytes) -> "ImportReport": ...
    async def live_facts(self) -> LiveFacts: ...


@dataclass(frozen=True, slots=True)
class ImportedRow:
    row: int
    name: str
    outcome: str
    errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportReport:
    imported: bool
    rows: tuple[ImportedRow, ...]


class EventDesk(Protocol):
    """History of events, acknowledging, and the live feed of them."""

    async def find_events(self, wanted: EventFilter) -> tuple[list[EventRecord], int]: ...
    async def find_event(self, event_id: str) -> EventRecord: ...
    async def acknowledge(self, caller: Caller, event_id: str, note: str) -> EventRecord: ...
    async def read_picture(self, event_id: str) -> bytes: ...
    def subscribe(self) -> AbstractAsyncContextManager[AsyncIterator["EventNews"]]: ...


@dataclass(frozen=True, slots=True)
class EventNews:
    """What a subscriber gets: an event, or how many were left out because the reader was too slow."""

    event: EventRecord | None
    dropped: int = 0


class FootageDesk(Protocol):
    """What is recorded, and the timeline over it."""

    async def find_recordings(self, camera_id: str, from_ns: int, to_ns: int) -> RecordingsOut: ...
    async def draw_timeline(
        self, camera_ids: tuple[str, ...], from_ns: int, to_ns: int, buckets: int
    ) -> TimelineOut: ...


class SystemDesk(Protocol):
    """State of processes, volumes, controls and models."""

    async def report(self) -> SystemOut: ...
    async def list_models(self) -> ModelsOut: ...


@dataclass(frozen=True, slots=True)
class GatewayPorts:
    """Everything that endpoints may use. Built once, by the node."""

    identity: IdentityDesk
    audit: AuditTrail
    cameras: CameraDesk
    events: EventDesk
    footage: FootageDesk
    system: SystemDesk


def find_ports(connection: HTTPConnection) -> GatewayPorts:
    """Returns the ports that the application was made with."""
    ports = connection.app.state.ports
    if not isinstance(ports, GatewayPorts):
        raise TypeError("the application was made without ports")
    return ports


def find_caller(connection: HTTPConnection) -> Caller:
    """Returns who makes this request. The guard has put it there; without a guard there is no caller."""
    caller = connection.scope.get("vedette.caller")
    if not isinstance(caller, Caller):
        raise TypeError("this route was reached without passing the guard")
    return caller


def _identity(connection: HTTPConnection) -> IdentityDesk:
    return find_ports(connection).identity


def _audit(connection: HTTPConnection) -> AuditTrail:
    return find_ports(connection).audit


def _cameras(connection: HTTPConnection) -> CameraDesk:
    return find_ports(connection).cameras


def _events(connection: HTTPConnection) -> EventDesk:
    return find_ports(connection).events


def _footage(connection: HTTPConnection) -> FootageDesk:
    return find_ports(connection).footage


def _system(connection: HTTPConnection) -> SystemDesk:
    return find_ports(connection).system


CallerPort = Annotated[Caller, Depends(find_caller)]
IdentityPort = Annotated[IdentityDesk, Depends(_identity)]
AuditPort = Annotated[AuditTrail, Depends(_audit)]
CamerasPort = Annotated[CameraDesk, Depends(_cameras)]
EventsPort = Annotated[EventDesk, Depends(_events)]
FootagePort = Annotated[FootageDesk, Depends(_footage)]
SystemPort = Annotated[SystemDesk, Depends(_system)]
