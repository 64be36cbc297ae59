"""What streams do now, as the recorder says."""

from dataclasses import dataclass
from typing import Protocol

from vedette.core.media import StreamRole


@dataclass(frozen=True, slots=True)
class RecordingFacts:
    """Whether footage is kept now, and why (`trigger` as in the recorder's status; `off`: by schedule)."""

    mode: str
    is_recording: bool
    trigger: str


@dataclass(frozen=True, slots=True)
class StreamFacts:
    """What is known of a stream now. `state` is a `StreamState`, or `unknown` when nobody could be asked.

    Packets are counted since the stream was connected; `jitter_s` as in RFC 3550. `recording` is None when nobody
    could be asked.
    """

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
    recording: RecordingFacts | None = None


@dataclass(frozen=True, slots=True)
class LiveFacts:
    """Facts by camera and stream, or the reason why the recorder could not be asked."""

    streams: dict[tuple[str, StreamRole], StreamFacts]
    unavailable: str = ""

    def find(self, camera_id: str, role: StreamRole) -> StreamFacts:
        """Returns what is known of a stream; `unknown` with the reason when the recorder cannot be asked."""
        found = self.streams.get((camera_id, role))
        if found is not None:
            return found
        if self.unavailable:
            return StreamFacts("unknown", code="recorder_unavailable", reason=self.unavailable)
        return StreamFacts("connecting", reason="the recorder is being told of this stream")


class LiveStates(Protocol):
    """Asks the recorder, within a second or so; an answer may be up to a second old."""

    async def read_live_facts(self) -> LiveFacts: ...
