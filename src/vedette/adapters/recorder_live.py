"""Live states of streams from the recorder's status."""

import msgspec

from vedette.adapters.role_client import CachedStatus
from vedette.camera.live import LiveFacts, RecordingFacts, StreamFacts
from vedette.core.errors import UnavailableError
from vedette.core.media import StreamRole


class _Stream(msgspec.Struct):
    camera_id: str
    stream: StreamRole
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
    packets: int = 0
    packets_lost: int = 0
    packets_reordered: int = 0
    packets_duplicated: int = 0
    jitter_s: float = 0.0
    mode: str = "off"
    is_recording: bool = False
    trigger: str = "none"


class _Camera(msgspec.Struct):
    streams: list[_Stream]


class _Status(msgspec.Struct):
    cameras: list[_Camera]


class RecorderLiveStates:
    """See `vedette.camera.live.LiveStates`. With the recorder down every stream is unknown, and says why."""

    def __init__(self, status: CachedStatus) -> None:
        self._status = status

    async def read_live_facts(self) -> LiveFacts:
        try:
            content = await self._status.read()
            status = msgspec.json.decode(content, type=_Status)
        except UnavailableError as exc:
            return LiveFacts({}, exc.message)
        except msgspec.DecodeError as exc:
            return LiveFacts({}, f"the recorder's status has an unknown form: {exc}")
        facts = {
            (stream.camera_id, stream.stream): StreamFacts(
                state=stream.state,
                since_ns=stream.since_ns,
                code=stream.code,
                reason=stream.reason,
                hint=stream.hint,
                codec=stream.codec,
                width=stream.width,
                height=stream.height,
                fps=stream.fps,
                bitrate_bps=stream.bitrate_bps,
                packets=stream.packets,
                packets_lost=stream.packets_lost,
                packets_reordered=stream.packets_reordered,
                packets_duplicated=stream.packets_duplicated,
                jitter_s=stream.jitter_s,
                recording=RecordingFacts(stream.mode, stream.is_recording, stream.trigger),
            )
            for camera in status.cameras
            for stream in camera.streams
        }
        return LiveFacts(facts)
