"""What a camera is to the administrator, and which inputs make a valid one.

Pure. All faults of an input are found at once, so that a form or a sheet is corrected in one go, and a
user and password inside an address are moved out of it before anything else sees the address.
Design: docs/design/api.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from urllib.parse import unquote, urlsplit, urlunsplit

from vedette.camera.certificates import find_pem_fault
from vedette.camera.faults import InvalidCameraError
from vedette.camera.recording_terms import RecordingTerms
from vedette.core.assignment import Rule
from vedette.core.detections import CLASS_NAMES
from vedette.core.faults import Fault
from vedette.core.media import StreamRole
from vedette.core.motion import MotionSettings

NETWORK_SCHEMES = frozenset({"rtsp", "rtsps", "http", "https"})
TRANSPORTS = ("auto", "tcp", "udp")
MAX_LIVE_TILES = 16
"""Of each picture of a camera: as many looks of the model."""
MAX_SETS = 8
"""Of the operator's own categories on one camera: more than anybody reads."""
DETECTORS = ("auto", "motion", "none")
RECOGNITION = ("attributes", "plates", "appearance", "faces")
DEFAULT_RECOGNITION = ("attributes", "plates")
"""Faces are biometric data, and looks follow people from camera to camera: neither is on by default."""
MAX_URL_CHARS = 2048


class RecordMode(StrEnum):
    """Which streams of a camera are recorded."""

    MAIN = "main"
    SUB = "sub"
    BOTH = "both"
    NONE = "none"

    def includes(self, role: StreamRole) -> bool:
        return self is RecordMode.BOTH or self.value == role.value


@dataclass(frozen=True, slots=True)
class StreamSettings:
    """Address of one stream, without user and password once it is part of a `Camera`.

    `ca_pem` is the authority that signs the camera's certificate, as PEM text; empty: the system's.
    """

    url: str
    transport: str = "auto"
    verify_tls: bool = True
    ca_pem: str = ""


@dataclass(frozen=True, slots=True)
class AnalysisSettings:
    detector: str = "auto"
    classes: tuple[str, ...] = ()
    fps: float = 15.0
    stream: StreamRole = StreamRole.SUB
    recognize: tuple[str, ...] = DEFAULT_RECOGNITION
    tiles: int = 0
    categories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Login:
    """User and password of a camera, in clear: lives only between a form and the secret box."""

    user: str = ""
    password: str = field(default="", repr=False)

    def __bool__(self) -> bool:
        return bool(self.user or self.password)


@dataclass(frozen=True, slots=True)
class CameraSettings:
    """Everything an administrator sets, login apart."""

    name: str
    main: StreamSettings
    sub: StreamSettings | None = None
    group: str = ""
    enabled: bool = True
    record: RecordMode = RecordMode.MAIN
    analysis: AnalysisSettings = field(default_factory=AnalysisSettings)
    recording: RecordingTerms = field(default_factory=RecordingTerms)
    motion: MotionSettings = field(default_factory=MotionSettings)


@dataclass(frozen=True, slots=True)
class Camera:
    """One camera of the inventory.

    `user` is kept beside the sealed login so that it can be shown; the password exists only in `sealed_login`.
    """

    id: str
    settings: CameraSettings
    created_at_ns: int
    user: str = ""
    sealed_login: str = ""
    rules: tuple[Rule, ...] = ()

    @property
    def streams(self) -> dict[StreamRole, StreamSettings]:
        found = {StreamRole.MAIN: self.settings.main}
        if self.settings.sub is not None:
            found[StreamRole.SUB] = self.settings.sub
        return found


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """Which schemes an address may have. Files are allowed for tests and demonstrations only."""

    allow_files: bool = False

    @property
    def schemes(self) -> frozenset[str]:
        return NETWORK_SCHEMES | {"file"} if self.allow_files else NETWORK_SCHEMES


def split_login(url: str) -> tuple[str, Login]:
    """Moves a user and password out of an address.

    Cameras' own pages print addresses like `rtsp://admin:p%40ss@10.0.0.5/stream1`, and people paste them.
    An address that cannot be parsed comes back unchanged: `find_address_faults` says what is wrong with it.
    """
    try:
        parts = urlsplit(url.strip())
        netloc = parts.netloc
    except ValueError:
        return url.strip(), Login()
    if "@" not in netloc:
        return url.strip(), Login()
    info, _, host = netloc.rpartition("@")
    user, _, password = info.partition(":")
    return urlunsplit(parts._replace(netloc=host)), Login(unquote(user), unquote(password))


def find_address_faults(name: str, stream: StreamSettings, policy: AddressPolicy) -> list[Fault]:
    """Finds everything wrong with one stream's address."""
    faults: list[Fault] = []
    if stream.transport not in TRANSPORTS:
        faults.append(Fault(f"{name}.transport", f"must be one of {', '.join(TRANSPORTS)}"))
    pem_fault = find_pem_fault(stream.ca_pem) if stream.ca_pem else ""
    if pem_fault:
        faults.append(Fault(f"{name}.ca_pem", pem_fault))
    if len(stream.url) > MAX_URL_CHARS:
        return [*faults, Fault(f"{name}.url", f"is longer than {MAX_URL_CHARS} characters")]
    if any(ord(char) <= 0x20 or ord(char) == 0x7F for char in stream.url):
        return [*faults, Fault(f"{name}.url", "contains a blank or control character; write a blank as %20")]
    try:
        parts = urlsplit(stream.url)
        _ = parts.port
    except ValueError:
        return [*faults, Fault(f"{name}.url", "is no address; write it like rtsp://192.168.1.20:554/stream1")]
    if parts.scheme.lower() not in policy.schemes:
        wanted = ", ".join(f"{scheme}://" for scheme in sorted(policy.schemes))
        faults.append(Fault(f"{name}.url", f"must begin with one of {wanted}"))
    elif parts.scheme.lower() != "file" and not parts.hostname:
        faults.append(Fault(f"{name}.url", "names no host; write it like rtsp://192.168.1.20:554/stream1"))
    return faults


def find_faults(settings: CameraSettings, policy: AddressPolicy) -> tuple[Fault, ...]:
    """Finds everything wrong with a camera's settings."""
    faults: list[Fault] = []
    if not settings.name.strip() or len(settings.name) > 128:
        faults.append(Fault("name", "must have 1 to 128 characters"))
    if any(ord(char) < 0x20 for char in settings.name + settings.group):
        faults.append(Fault("name", "must not contain control characters"))
    if len(settings.group) > 128:
        faults.append(Fault("group", "must have at most 128 characters"))
    faults += find_address_faults("main", settings.main, policy)
    if settings.sub is not None:
        faults += find_address_faults("sub", settings.sub, policy)
    elif settings.record in {RecordMode.SUB, RecordMode.BOTH}:
        faults.append(Fault("record", f"is {settings.record.value!r}, but there is no sub stream to record"))
    if not 0 < settings.analysis.fps <= 60:
        faults.append(Fault("analysis.fps", "must be above 0 and at most 60"))
    return tuple(faults + find_analysis_faults(settings.analysis))


def find_analysis_faults(analysis: AnalysisSettings) -> list[Fault]:
    """Finds words that mean nothing: a mistyped class would quietly keep everything from being found."""
    faults: list[Fault] = []
    if analysis.detector not in DETECTORS:
        faults.append(Fault("analysis.detector", f"must be one of {', '.join(DETECTORS)}, not {analysis.detector!r}"))
    if not 0 <= analysis.tiles <= MAX_LIVE_TILES:
        faults.append(Fault("analysis.tiles", f"must be 0 to {MAX_LIVE_TILES}"))
    unknown = [name for name in analysis.classes if name not in CLASS_NAMES]
    if unknown:
        known = ", ".join(CLASS_NAMES)
        faults.append(Fault("analysis.classes", f"{', '.join(unknown)} is not known; known: {known}"))
    strange = [name for name in analysis.recognize if name not in RECOGNITION]
    if strange:
        known = ", ".join(RECOGNITION)
        faults.append(Fault("analysis.recognize", f"{', '.join(strange)} is not known; known: {known}"))
    if len(analysis.categories) > MAX_SETS or len(set(analysis.categories)) < len(analysis.categories):
        faults.append(Fault("analysis.categories", f"must be at most {MAX_SETS} sets, each once"))
    return faults


def check_sets(analysis: AnalysisSettings, before: AnalysisSettings, kept: Sequence[str]) -> None:
    """Checks the sets of categories that are named anew. One that was deleted since may stay named: it is left out, and
    comes back with its name.

    Raises:
        InvalidCameraError: it says which there are.
    """
    strange = [name for name in analysis.categories if name not in kept and name not in before.categories]
    if strange:
        known = f"kept: {', '.join(kept)}" if kept else "none is kept yet; teach one first"
        raise InvalidCameraError((Fault("analysis.categories", f"{', '.join(strange)} is not kept; {known}"),))


def check_settings(settings: CameraSettings, login: Login, policy: AddressPolicy) -> tuple[CameraSettings, Login]:
    """Returns the settings with logins moved out of the addresses, and the login that results.

    A login given on its own wins over one inside an address; two addresses with different logins are refused,
    because a camera has one.

    Raises:
        InvalidCameraError: with every fault.
    """
    main_url, main_login = split_login(settings.main.url)
    sub_login = Login()
    sub = settings.sub
    if sub is not None:
        sub_url, sub_login = split_login(sub.url)
        sub = replace(sub, url=sub_url)
    clean = replace(settings, name=settings.name.strip(), main=replace(settings.main, url=main_url), sub=sub)
    faults = list(find_faults(clean, policy))
    if not login and main_login and sub_login and main_login != sub_login:
        faults.append(Fault("sub.url", "carries another user or password than the main address"))
    if faults:
        raise InvalidCameraError(tuple(faults))
    return clean, login or main_login or sub_login
