"""What a role is told to do, as one complete desired state. Pushed by the gateway, kept by the role on disk.

A role that starts while the gateway is down works from its last assignment: recording does not depend on
the console being alive.
"""

from dataclasses import dataclass, field

from vedette.core.geometry import Line, Polygon
from vedette.core.media import StreamRole
from vedette.core.motion import MotionSettings
from vedette.core.recording_plan import Erasure, Hold, RecordingPlan, RetentionTerm


@dataclass(frozen=True, slots=True)
class StreamSource:
    """Where one stream comes from.

    Attributes:
        url: Without user and password.
        transport: `auto` | `tcp` | `udp`.
        verify_tls: False only where an administrator allowed it for this camera; shown everywhere.
        ca_file: PEM of the authority that signs the camera's certificate; empty: the system's.
        ca_pem: The same as text, as an administrator gave it for this camera; trusted beside it.
    """

    role: StreamRole
    url: str
    record: bool
    transport: str = "auto"
    verify_tls: bool = True
    ca_file: str = ""
    ca_pem: str = ""


@dataclass(frozen=True, slots=True)
class CameraAssignment:
    """One camera for the recorder.

    Attributes:
        credentials: The sealed user and password (`vedette.adapters.secretbox`), empty without login.
        plan: When and why its recorded streams are recorded.
        retention: How long; a mode without a term is kept until the space is needed.
        volumes: Names of the volumes it may use, the preferred first; empty: all of them. When none of these is
            usable it spills over to any other: footage elsewhere is better than none.
        motion: What is motion in front of it.
    """

    camera_id: str
    name: str
    streams: tuple[StreamSource, ...]
    credentials: str = ""
    plan: RecordingPlan = field(default_factory=RecordingPlan)
    retention: tuple[RetentionTerm, ...] = ()
    volumes: tuple[str, ...] = ()
    motion: MotionSettings = field(default_factory=MotionSettings)


@dataclass(frozen=True, slots=True)
class VolumeAssignment:
    """One storage volume. Footage beyond `max_bytes` (0: no limit) is deleted oldest first; `reserve_bytes`
    of the file system always stay free. `name` is what people call it and cameras refer to.
    """

    path: str
    max_bytes: int = 0
    reserve_bytes: int = 1 << 30
    name: str = "main"


@dataclass(frozen=True, slots=True)
class RecorderAssignment:
    version: int
    cameras: tuple[CameraAssignment, ...] = ()
    volumes: tuple[VolumeAssignment, ...] = ()
    holds: tuple[Hold, ...] = ()
    erasures: tuple[Erasure, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """One behaviour rule of a camera, as in the rules file (docs/reference/rules.md).

    Attributes:
        kind: `zone_entered`, `zone_left`, `zone_moving`, `line_crossed`, ... (the event kinds).
        zone: Area, for zone kinds.
        line: Directed line, for line kinds.
        classes: Object classes it looks at, empty: all.
        parameters: Numbers of this kind (`min_s`, `direction`, ...).
    """

    rule_id: str
    kind: str
    zone: Polygon | None = None
    line: Line | None = None
    classes: tuple[str, ...] = ()
    parameters: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CameraAnalysis:
    """What the analyzer does with one camera.

    Attributes:
        stream: Which stream is decoded.
        close_stream: Whose key frames are looked at where something is to be recognised: the larger stream of the same
            view; None: what is recognised is recognised on `stream`.
        detector: `auto` (the installed model, else motion), `motion` (needs no model) or `none`.
        classes: Object classes to keep, empty: all the detector knows.
        fps: Analysed frames per second at most.
        recognize: What is recognised on objects: `attributes`, `plates`, `faces`. Faces are biometric data: only
            where an administrator switched them on for this camera.
        motion: Where analysis looks, and what is motion in front of it.
        tiles: Of each large picture, looked at beside the whole as long as there is time; 0: none.
        categories: Names of the operator's own sets that are told of people and vehicles.
    """

    camera_id: str
    name: str
    stream: StreamRole
    detector: str = "auto"
    classes: tuple[str, ...] = ()
    fps: float = 15.0
    rules: tuple[Rule, ...] = ()
    recognize: tuple[str, ...] = ()
    motion: MotionSettings = field(default_factory=MotionSettings)
    close_stream: StreamRole | None = None
    tiles: int = 0
    categories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AnalyzerAssignment:
    version: int
    cameras: tuple[CameraAnalysis, ...] = ()
