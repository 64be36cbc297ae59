"""Cameras, their rules, tests and inventory on the wire. A password goes in and never comes out."""

from typing import Annotated, Literal

from pydantic import Field, SecretStr

from vedette.api.schemas.common import Answer, Id, Request, Utc
from vedette.camera.inventory import DEFAULT_RECOGNITION, MAX_LIVE_TILES, MAX_SETS

Url = Annotated[str, Field(min_length=1, max_length=2048)]
Record = Literal["main", "sub", "both", "none"]
Transport = Literal["auto", "tcp", "udp"]
CA_PEM = "Authority that signs the camera's certificate, as PEM text; empty: the system's."
RECOGNIZE = (
    "What is recognised on objects: attributes, plates, appearance, faces. Faces and appearance are off unless named."
)
TILES = (
    "Tiles of each large picture that are looked at beside the whole, for small people, while there is time; 0: none."
)
CATEGORIES = "Names of the kept sets of categories that are told of people and vehicles (`GET /analysis/categories`)."
Point = Annotated[list[float], Field(min_length=2, max_length=2)]


class StreamIn(Request):
    url: Url
    transport: Transport = "auto"
    verify_tls: bool = True
    ca_pem: Annotated[str, Field(max_length=65_536, description=CA_PEM)] = ""


class StreamOut(Answer):
    """A stream's address, without user and password."""

    url: str
    transport: Transport
    verify_tls: bool
    ca_pem: str


class AnalysisIn(Request):
    detector: Annotated[str, Field(max_length=64)] = "auto"
    classes: list[str] = Field(default_factory=list, max_length=32)
    fps: Annotated[float, Field(gt=0, le=60)] = 15.0
    stream: Literal["main", "sub"] = "sub"
    recognize: list[str] = Field(default_factory=lambda: list(DEFAULT_RECOGNITION), max_length=8, description=RECOGNIZE)
    tiles: Annotated[int, Field(ge=0, le=MAX_LIVE_TILES, description=TILES)] = 0
    categories: list[str] = Field(default_factory=list, max_length=MAX_SETS, description=CATEGORIES)


class AnalysisOut(Answer):
    detector: str
    classes: list[str]
    fps: float
    stream: Literal["main", "sub"]
    recognize: list[str] = Field(description=RECOGNIZE)
    tiles: int = Field(description=TILES)
    categories: list[str] = Field(description=CATEGORIES)


class CameraIn(Request):
    """A new camera. A user and password inside the address are moved out of it and sealed."""

    name: Annotated[str, Field(min_length=1, max_length=128)]
    group: Annotated[str, Field(max_length=128)] = ""
    enabled: bool = True
    main: StreamIn
    sub: StreamIn | None = None
    user: Annotated[str, Field(max_length=128)] = ""
    password: Annotated[SecretStr, Field(max_length=256)] = SecretStr("")
    record: Record = "main"
    analysis: AnalysisIn = Field(default_factory=AnalysisIn)


class CameraPatch(Request):
    """Changes of a camera: what is absent stays. `sub: null` removes the sub stream."""

    name: Annotated[str, Field(min_length=1, max_length=128)] | None = None
    group: Annotated[str, Field(max_length=128)] | None = None
    enabled: bool | None = None
    main: StreamIn | None = None
    sub: StreamIn | None = None
    user: Annotated[str, Field(max_length=128)] | None = None
    password: Annotated[SecretStr, Field(max_length=256)] | None = None
    record: Record | None = None
    analysis: AnalysisIn | None = None


class RecordingLive(Answer):
    """Whether footage is kept now, and why. `trigger`: `none` not to be recorded, `off` by schedule, `waiting` for
    motion or an event, `untrusted` nothing can tell, so it records.
    """

    mode: Literal["off", "continuous", "motion", "event"]
    is_recording: bool
    trigger: Literal["none", "off", "continuous", "waiting", "motion", "event", "untrusted"]


class StreamLive(Answer):
    """What a stream does now. `state` is `unknown` when the recorder cannot be asked.

    Packets are counted since it was connected; the jitter is RFC 3550's. `recording` is null when the camera is
    switched off or the recorder cannot be asked.
    """

    state: Literal["connecting", "online", "stalled", "offline", "disabled", "unknown"]
    since: Utc | None
    code: str
    reason: str
    hint: str
    codec: str
    width: int
    height: int
    fps: float
    bitrate_bps: int
    packets: int
    packets_lost: int
    packets_reordered: int
    packets_duplicated: int
    jitter_s: float
    recording: RecordingLive | None


class CameraLive(Answer):
    main: StreamLive
    sub: StreamLive | None


class CameraOut(Answer):
    id: Id
    name: str
    group: str
    enabled: bool
    main: StreamOut
    sub: StreamOut | None
    has_login: bool
    user: str
    record: Record
    analysis: AnalysisOut
    live: CameraLive
    created_at: Utc


class CameraList(Answer):
    items: list[CameraOut]


class ProbeIn(Request):
    url: Url
    user: Annotated[str, Field(max_length=128)] = ""
    password: Annotated[SecretStr, Field(max_length=256)] = SecretStr("")
    transport: Transport = "auto"
    verify_tls: bool = True
    ca_pem: Annotated[str, Field(max_length=65_536, description=CA_PEM)] = ""


class ProbeStep(Answer):
    name: str
    ms: float
    ok: bool
    detail: str


class ProbeStream(Answer):
    """One media track as it was seen. What could not be measured is null."""

    kind: str
    codec: str
    codec_string: str
    bitrate_bps: float | None
    width: int | None
    height: int | None
    fps: float | None
    gop_frames: int | None
    gop_s: float | None
    sample_rate_hz: int | None
    channels: int | None


class ProbeError(Answer):
    code: str
    message: str
    hint: str


class ProbeSigning(Answer):
    """Whether the camera signs its video. `is_vouched`: its key leads to a maker that this site trusts."""

    result: Literal["valid", "partly", "invalid", "unsigned", "unchecked"]
    subject: str
    fingerprint: str
    is_vouched: bool
    reasons: list[str]


class ProbeOut(Answer):
    """What a source carries and how long each step took; or why it fails."""

    url: str
    ok: bool
    steps: list[ProbeStep]
    streams: list[ProbeStream]
    error: ProbeError | None
    clock_offset_s: float | None
    loss: int
    signing: ProbeSigning | None


class SimulatedIn(Request):
    count: Annotated[int, Field(ge=0, le=64)]


class RuleIn(Request):
    id: Annotated[str, Field(min_length=1, max_length=64)]
    kind: Annotated[str, Field(min_length=1, max_length=64)]
    zone: Annotated[list[Point], Field(max_length=64)] | None = None
    line: Annotated[list[Point], Field(min_length=2, max_length=2)] | None = None
    classes: list[str] = Field(default_factory=list, max_length=32)
    parameters: dict[str, float] = Field(default_factory=dict, max_length=32)


class RulesIn(Request):
    rules: Annotated[list[RuleIn], Field(max_length=64)]


class RuleOut(Answer):
    id: str
    kind: str
    zone: list[Point] | None
    line: list[Point] | None
    classes: list[str]
    parameters: dict[str, float]


class RulesOut(Answer):
    rules: list[RuleOut]


class ImportRow(Answer):
    """What became of one row of the sheet (row 1 is the heading)."""

    row: int
    name: str
    outcome: Literal["added", "changed", "unchanged", "refused"]
    errors: list[str]


class ImportOut(Answer):
    """The report of an import. `imported` is false when any row was refused: then nothing was changed."""

    imported: bool
    added: int
    changed: int
    refused: int
    rows: list[ImportRow]
