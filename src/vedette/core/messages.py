"""Facts that travel on the bus between roles: past tense, immutable, self-contained.

Topics are named in `TOPIC` of each message. Adding a field with a default is free; anything else needs a new
topic version. Times are UTC nanoseconds.
"""

from dataclasses import dataclass, field
from typing import ClassVar

from vedette.core.objects import AttributeValue, FileOrigin, ObjectFacts, PlateReading, SealedVector
from vedette.core.watchlists import WatchlistMatch


@dataclass(frozen=True, slots=True)
class StreamStateChanged:
    """A camera stream entered a state. Said once per change, never once per attempt."""

    TOPIC: ClassVar[str] = "stream.state_changed"

    camera_id: str
    stream: str
    state: str
    code: str
    reason: str
    hint: str
    at_ns: int


@dataclass(frozen=True, slots=True)
class RecordingGapObserved:
    """Footage that should exist does not: when, for which stream, and why."""

    TOPIC: ClassVar[str] = "recording.gap_observed"

    camera_id: str
    stream: str
    from_ns: int
    to_ns: int
    reason: str
    frames_missing: int


@dataclass(frozen=True, slots=True)
class VolumeStateChanged:
    """A storage volume became writable, full, read-only or vanished."""

    TOPIC: ClassVar[str] = "volume.state_changed"

    volume_id: str
    state: str
    reason: str
    at_ns: int
    name: str = ""
    """As people call it; a volume that cannot be opened has no id yet."""


@dataclass(frozen=True, slots=True)
class StorageWarned:
    """Something about stored footage needs an administrator. Said once per change.

    Attributes:
        kind: `hold_forecast` (holds will leave too little room), `below_minimum` (footage younger than its minimum
            was deleted), `spill_over` (cameras record to a volume that is not theirs), `slow_disk`; with prefix
            `-` when it is over.
    """

    TOPIC: ClassVar[str] = "storage.warned"

    volume_id: str
    kind: str
    detail: str
    at_ns: int
    name: str = ""
    """Of the volume, as people call it."""


@dataclass(frozen=True, slots=True)
class RecordingStateChanged:
    """A stream's recording changed its mode, or a trigger opened or closed it."""

    TOPIC: ClassVar[str] = "recording.state_changed"

    camera_id: str
    stream: str
    mode: str
    is_recording: bool
    at_ns: int


@dataclass(frozen=True, slots=True)
class StreamAnomalyObserved:
    """The way of a stream's packets is not as it should be (N6-N8, N10 of the threat model).

    Attributes:
        kind: `packet_loss`, `clock_offset`, `clock_drift`, `clock_step`, `delay`, `format_changed`, `signature_bad`,
            `signature_missing`, `replay`; with `-` before it when a lasting one is over.
        detail: In words, with old and new value where something changed.
        value: The measured figure in the unit that `detail` names.
    """

    TOPIC: ClassVar[str] = "stream.anomaly_observed"

    camera_id: str
    stream: str
    kind: str
    detail: str
    value: float
    at_ns: int


@dataclass(frozen=True, slots=True)
class MotionObserved:
    """Motion on a camera during one span (at most a few seconds each). Drawn as the timeline's heat line."""

    TOPIC: ClassVar[str] = "motion.observed"

    camera_id: str
    from_ns: int
    to_ns: int
    level: float
    """Largest share of the picture that moved, 0..1."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One line of an event's explanation: what was measured against which threshold."""

    measure: str
    value: float
    threshold: float
    from_ns: int
    to_ns: int


@dataclass(frozen=True, slots=True)
class EventObserved:
    """Something happened in front of a camera. A later fact with the same `event_id` tells how it ended."""

    TOPIC: ClassVar[str] = "event.observed"

    event_id: str
    camera_id: str
    kind: str
    from_ns: int
    to_ns: int | None
    object_class: str
    confidence: float
    track_ids: tuple[int, ...] = ()
    zone: str = ""
    rule_id: str = ""
    direction: int = 0
    box_norm_xyxy: tuple[float, float, float, float] | None = None
    picture: str = ""
    """Path of the JPEG under the picture store, empty when there is none."""
    explanation: tuple[Measure, ...] = ()
    release: str = ""
    configuration: str = ""
    detail: str = ""
    """In words what the fields do not say: which volume, what changed."""
    subject: str = ""
    """What it is about when that is no camera: a volume, a process."""
    caused_by: str = ""
    """User whose action it is about; he cannot acknowledge it himself."""
    objects: tuple[ObjectFacts, ...] = ()
    """What was recognised on its tracks, as far as it is decided; grows with later facts of the same event."""
    severity: str = ""
    """A `Severity`; empty where the kind alone says how much it matters."""
    match: WatchlistMatch | None = None
    """The list and the entry that it is about, for events of lists."""


@dataclass(frozen=True, slots=True)
class ObjectSeen:
    """A tracked object was seen on one camera: told when its track ends, and now and then while it lasts. A later fact
    with the same `object_id` replaces the earlier one.

    Attributes:
        best_ns: When it was seen best; `box_norm_xyxy` is its box then.
        picture: Path of a small JPEG under the picture store, empty when there is none.
        crop_norm_xyxy: Which part of the camera's picture that JPEG shows.
        attributes: Those that are decided; what is unknown is not in it.
        vectors: Sealed. At most one of a kind.
        file: Where it was seen in a file: `camera_id` is then the camera that took it, empty when nobody said.
            `picture` is a file of the job's results.
    """

    TOPIC: ClassVar[str] = "object.seen"

    object_id: str
    camera_id: str
    track_id: int
    object_class: str
    from_ns: int
    to_ns: int
    best_ns: int
    confidence: float
    box_norm_xyxy: tuple[float, float, float, float]
    picture: str = ""
    crop_norm_xyxy: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)
    attributes: dict[str, AttributeValue] = field(default_factory=dict)
    plate: PlateReading | None = None
    vectors: tuple[SealedVector, ...] = ()
    release: str = ""
    configuration: str = ""
    file: FileOrigin | None = None


@dataclass(frozen=True, slots=True)
class FileObjectsGone:
    """What was told of the objects of a file is not kept any more: its job was removed, or tells them anew."""

    TOPIC: ClassVar[str] = "file.objects_gone"

    job_id: str
    at_ns: int


@dataclass(frozen=True, slots=True)
class FileFaceMatched:
    """A face in a file that somebody brought is like a person of a list. For the audit trail; it names the entry, not
    the person.
    """

    TOPIC: ClassVar[str] = "file.face_matched"

    job_id: str
    list_id: str
    entry_id: str
    state: str
    similarity: float
    at_ns: int


@dataclass(frozen=True, slots=True)
class ProcessStateChanged:
    """A role's process started, was lost or was restarted, with the reason."""

    TOPIC: ClassVar[str] = "process.state_changed"

    role: str
    state: str
    reason: str
    restarts: int
    at_ns: int


@dataclass(frozen=True, slots=True)
class ControlStateChanged:
    """A protective control (a layer of the jail, the TLS self-test, the clock) holds or does not."""

    TOPIC: ClassVar[str] = "control.state_changed"

    control: str
    state: str
    """holds | weakened | absent"""
    detail: str
    at_ns: int
    layers: dict[str, bool] = field(default_factory=dict)


BusMessage = (
    StreamStateChanged
    | RecordingGapObserved
    | VolumeStateChanged
    | StorageWarned
    | RecordingStateChanged
    | StreamAnomalyObserved
    | MotionObserved
    | EventObserved
    | ObjectSeen
    | FileObjectsGone
    | FileFaceMatched
    | ProcessStateChanged
    | ControlStateChanged
)
MESSAGE_TYPES: tuple[type[BusMessage], ...] = (
    StreamStateChanged,
    RecordingGapObserved,
    VolumeStateChanged,
    StorageWarned,
    RecordingStateChanged,
    StreamAnomalyObserved,
    MotionObserved,
    EventObserved,
    ObjectSeen,
    FileObjectsGone,
    FileFaceMatched,
    ProcessStateChanged,
    ControlStateChanged,
)
