"""What the API needs from the rest of the house: one port per feature, gathered in `GatewayPorts`.

`vedette.node.gateway` builds it; endpoints get their port with the annotated types below, for example
`async def list_cameras(desk: CameraDeskPort)`. A new feature adds one field and one annotated type.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Annotated, Protocol

from fastapi import Depends
from starlette.requests import HTTPConnection

from vedette.api.category_desk import CategoryDesk
from vedette.api.erasure_desk import ErasureDesk
from vedette.api.export_desk import ExportDesk
from vedette.api.file_job_desk import FileJobDesk
from vedette.api.footage_desk import FootageDesk
from vedette.api.ledger_desk import LedgerDesk
from vedette.api.privacy_desk import PrivacyDesk
from vedette.api.search_desk import SearchDesk
from vedette.api.search_words import KeptSets
from vedette.api.storage_desk import StorageDesk
from vedette.api.streaming_ports import StreamingPorts
from vedette.api.system_desk import SystemDesk
from vedette.camera.administration import CameraAdministration, SimulatedCamera
from vedette.camera.holds import HoldAdministration
from vedette.camera.inventory import Camera, Login, StreamSettings
from vedette.camera.inventory_sheet import SheetRow
from vedette.camera.live import LiveStates
from vedette.camera.probe import ProbeReport
from vedette.camera.volumes import VolumeAdministration
from vedette.core.classified import ChangedPicture, ClassifiedPicture, ClassifierCard
from vedette.events.desk import EventDesk
from vedette.events.own_events import OwnEvents
from vedette.identity.accounts import Accounts
from vedette.identity.audit import AuditTrail
from vedette.identity.export_limits import ExportLimits
from vedette.identity.logins import Logins
from vedette.identity.permissions import Caller
from vedette.identity.tokens import Tokens
from vedette.runtime.clock import Clock
from vedette.watchlists.administration import WatchlistAdministration
from vedette.watchlists.face_administration import FaceAdministration

CALLER_KEY = "vedette.caller"
"""Where the guard puts the caller in the scope."""
SOCKET_KEY = "vedette.socket"
"""Where the guard puts the open socket, of a socket's scope."""


class CameraProber(Protocol):
    """Connects to an address and reports what it carries, or why it fails."""

    async def probe(self, stream: StreamSettings, login: Login) -> ProbeReport: ...


class Simulation(Protocol):
    """Runs simulated cameras."""

    async def run_simulated(self, count: int) -> list[SimulatedCamera]: ...


class TrackFeed(Protocol):
    """What the analyzer sees on a camera, as it sees it."""

    def follow(self, camera_id: str) -> AbstractAsyncContextManager[AsyncIterator[str]]:
        """Yields one JSON text per analysed picture. Raises UnavailableError, NotFoundError."""
        ...


class Notary(Protocol):
    """Holds the evidence log and its key. Raises UnavailableError when it does not answer or its log does not hold."""

    async def status(self) -> bytes:
        """The answer of `GET /evidence`, as JSON."""
        ...

    async def rotate_key(self, reason: str, overlap_h: int) -> str:
        """Returns the new fingerprint. The old key signs too for `overlap_h` hours."""
        ...


class Classifier(Protocol):
    """Says what a picture shows.

    Raises PictureUnusableError, NotFoundError (no classifier), TooManyRequestsError, UnavailableError.
    """

    async def classify(self, picture: bytes) -> ClassifiedPicture: ...
    async def classify_changed(self, picture: bytes) -> ChangedPicture: ...
    async def describe(self) -> ClassifierCard: ...


class Sheets(Protocol):
    """Reads and writes inventory sheets. Runs in a thread: a large sheet takes a second."""

    def read_sheet(self, data: bytes) -> list[SheetRow]: ...
    def write_sheet(self, cameras: Sequence[Camera]) -> bytes: ...


@dataclass(frozen=True, slots=True)
class GatewayPorts:
    """Everything that endpoints may use. Built once, by the node."""

    logins: Logins
    tokens: Tokens
    accounts: Accounts
    audit: AuditTrail
    cameras: CameraAdministration
    live: LiveStates
    prober: CameraProber
    simulation: Simulation
    sheets: Sheets
    tracks: TrackFeed
    events: EventDesk
    footage: FootageDesk
    system: SystemDesk
    streaming: StreamingPorts
    volumes: VolumeAdministration
    holds: HoldAdministration
    storage: StorageDesk
    ledger: LedgerDesk
    alarms: OwnEvents
    export_limits: ExportLimits
    exports: ExportDesk
    file_jobs: FileJobDesk
    classifier: Classifier
    categories: CategoryDesk
    notary: Notary
    privacy: PrivacyDesk
    erasures: ErasureDesk
    watchlists: WatchlistAdministration
    face_lists: FaceAdministration
    search: SearchDesk
    sets: KeptSets
    clock: Clock


def find_ports(connection: HTTPConnection) -> GatewayPorts:
    """Returns the ports that the application was made with."""
    ports = connection.app.state.ports
    if not isinstance(ports, GatewayPorts):
        raise TypeError("the application was made without ports")
    return ports


def find_caller(connection: HTTPConnection) -> Caller:
    """Returns who makes this request. The guard has put it there; without a guard there is no caller."""
    caller = connection.scope.get(CALLER_KEY)
    if not isinstance(caller, Caller):
        raise TypeError("this route was reached without passing the guard")
    return caller


def _logins(connection: HTTPConnection) -> Logins:
    return find_ports(connection).logins


def _tokens(connection: HTTPConnection) -> Tokens:
    return find_ports(connection).tokens


def _accounts(connection: HTTPConnection) -> Accounts:
    return find_ports(connection).accounts


def _audit(connection: HTTPConnection) -> AuditTrail:
    return find_ports(connection).audit


def _cameras(connection: HTTPConnection) -> CameraAdministration:
    return find_ports(connection).cameras


def _live(connection: HTTPConnection) -> LiveStates:
    return find_ports(connection).live


def _prober(connection: HTTPConnection) -> CameraProber:
    return find_ports(connection).prober


def _simulation(connection: HTTPConnection) -> Simulation:
    return find_ports(connection).simulation


def _tracks(connection: HTTPConnection) -> TrackFeed:
    return find_ports(connection).tracks


def _sheets(connection: HTTPConnection) -> Sheets:
    return find_ports(connection).sheets


def _events(connection: HTTPConnection) -> EventDesk:
    return find_ports(connection).events


def _footage(connection: HTTPConnection) -> FootageDesk:
    return find_ports(connection).footage


def _system(connection: HTTPConnection) -> SystemDesk:
    return find_ports(connection).system


def _volumes(connection: HTTPConnection) -> VolumeAdministration:
    return find_ports(connection).volumes


def _holds(connection: HTTPConnection) -> HoldAdministration:
    return find_ports(connection).holds


def _storage(connection: HTTPConnection) -> StorageDesk:
    return find_ports(connection).storage


def _ledger(connection: HTTPConnection) -> LedgerDesk:
    return find_ports(connection).ledger


def _alarms(connection: HTTPConnection) -> OwnEvents:
    return find_ports(connection).alarms


def _export_limits(connection: HTTPConnection) -> ExportLimits:
    return find_ports(connection).export_limits


def _exports(connection: HTTPConnection) -> ExportDesk:
    return find_ports(connection).exports


def _file_jobs(connection: HTTPConnection) -> FileJobDesk:
    return find_ports(connection).file_jobs


def _classifier(connection: HTTPConnection) -> Classifier:
    return find_ports(connection).classifier


def _categories(connection: HTTPConnection) -> CategoryDesk:
    return find_ports(connection).categories


def _notary(connection: HTTPConnection) -> Notary:
    return find_ports(connection).notary


def _erasures(connection: HTTPConnection) -> ErasureDesk:
    return find_ports(connection).erasures


def _privacy(connection: HTTPConnection) -> PrivacyDesk:
    return find_ports(connection).privacy


def _watchlists(connection: HTTPConnection) -> WatchlistAdministration:
    return find_ports(connection).watchlists


def _face_lists(connection: HTTPConnection) -> FaceAdministration:
    return find_ports(connection).face_lists


def _search(connection: HTTPConnection) -> SearchDesk:
    return find_ports(connection).search


def _sets(connection: HTTPConnection) -> KeptSets:
    return find_ports(connection).sets


def _clock(connection: HTTPConnection) -> Clock:
    return find_ports(connection).clock


CallerPort = Annotated[Caller, Depends(find_caller)]
LoginsPort = Annotated[Logins, Depends(_logins)]
TokensPort = Annotated[Tokens, Depends(_tokens)]
AccountsPort = Annotated[Accounts, Depends(_accounts)]
AuditPort = Annotated[AuditTrail, Depends(_audit)]
CamerasPort = Annotated[CameraAdministration, Depends(_cameras)]
LiveStatesPort = Annotated[LiveStates, Depends(_live)]
ProberPort = Annotated[CameraProber, Depends(_prober)]
SimulationPort = Annotated[Simulation, Depends(_simulation)]
TracksPort = Annotated[TrackFeed, Depends(_tracks)]
SheetsPort = Annotated[Sheets, Depends(_sheets)]
EventsPort = Annotated[EventDesk, Depends(_events)]
FootagePort = Annotated[FootageDesk, Depends(_footage)]
SystemPort = Annotated[SystemDesk, Depends(_system)]
VolumesPort = Annotated[VolumeAdministration, Depends(_volumes)]
HoldsPort = Annotated[HoldAdministration, Depends(_holds)]
StoragePort = Annotated[StorageDesk, Depends(_storage)]
LedgerPort = Annotated[LedgerDesk, Depends(_ledger)]
AlarmsPort = Annotated[OwnEvents, Depends(_alarms)]
ExportLimitsPort = Annotated[ExportLimits, Depends(_export_limits)]
ExportsPort = Annotated[ExportDesk, Depends(_exports)]
FileJobsPort = Annotated[FileJobDesk, Depends(_file_jobs)]
ClassifierPort = Annotated[Classifier, Depends(_classifier)]
CategoriesPort = Annotated[CategoryDesk, Depends(_categories)]
NotaryPort = Annotated[Notary, Depends(_notary)]
PrivacyPort = Annotated[PrivacyDesk, Depends(_privacy)]
ErasuresPort = Annotated[ErasureDesk, Depends(_erasures)]
WatchlistsPort = Annotated[WatchlistAdministration, Depends(_watchlists)]
FaceListsPort = Annotated[FaceAdministration, Depends(_face_lists)]
KeptSetsPort = Annotated[KeptSets, Depends(_sets)]
SearchPort = Annotated[SearchDesk, Depends(_search)]
ClockPort = Annotated[Clock, Depends(_clock)]
