"""Answers what is recorded, and draws the timeline from footage, motion and events.

The index is read in threads: a question over months takes some milliseconds per camera and must not hold up
live pictures. Everything is cut to the zoom level here, so an answer never grows with the range.
"""

import asyncio
from collections.abc import Collection, Sequence
from typing import Any, Protocol

from vedette.api.schemas.recordings import (
    GapOut,
    RecordingsOut,
    RunOut,
    SigningListOut,
    SigningOut,
    StreamSigningOut,
    TimelineCamera,
    TimelineEvent,
    TimelineOut,
)
from vedette.core.footage import FootageGap, FootageRun
from vedette.core.media import StreamRole
from vedette.core.time import NS_PER_MS, format_utc
from vedette.events.ports import EventStore, HistoryStore
from vedette.events.records import EventFilter
from vedette.evidence.media_signing.stretches import SigningStretch

MAX_EVENTS = 500
"""Marks per camera on one timeline; closer together than a pixel they are one to the eye."""


class FootageIndex(Protocol):
    """Read-only, synchronous, safe from several threads: `vedette.recording.reader.FootageReader`."""

    def find_runs(self, camera_id: str, role: StreamRole, from_ns: int, to_ns: int) -> list[FootageRun]: ...
    def find_gaps(self, camera_id: str, role: StreamRole, from_ns: int, to_ns: int) -> list[FootageGap]: ...
    def find_coverage(
        self, camera_id: str, role: StreamRole, from_ns: int, to_ns: int, resolution_ns: int
    ) -> list[tuple[int, int]]: ...


class SigningRecords(Protocol):
    """Read-only, synchronous: `vedette.adapters.sqlite_signing_results.SqliteSigningReader`. Raises StorageError."""

    def find_stretches(self, camera_id: str, stream: str, from_ns: int, to_ns: int) -> list[SigningStretch]: ...
    def find_newest(self) -> list[SigningStretch]: ...


class FootageDesk:
    """See the module's head."""

    def __init__(
        self, *, index: FootageIndex, events: EventStore, history: HistoryStore, signing: SigningRecords
    ) -> None:
        self._signing = signing
        self._index = index
        self._events = events
        self._history = history

    async def find_recordings(self, camera_id: str, from_ns: int, to_ns: int) -> RecordingsOut:
        """Lists runs, gaps and what the camera has signed, of all streams of a camera, in order of start."""

        def find() -> tuple[list[FootageRun], list[FootageGap], list[SigningStretch]]:
            runs = [run for role in StreamRole for run in self._index.find_runs(camera_id, role, from_ns, to_ns)]
            gaps = [gap for role in StreamRole for gap in self._index.find_gaps(camera_id, role, from_ns, to_ns)]
            told = [self._signing.find_stretches(camera_id, role, from_ns, to_ns) for role in StreamRole]
            return runs, gaps, [one for stretches in told for one in stretches]

        runs, gaps, signing = await asyncio.to_thread(find)
        return RecordingsOut(
            runs=[_run_out(run) for run in sorted(runs, key=lambda run: run.from_ns)],
            gaps=[_gap_out(gap) for gap in sorted(gaps, key=lambda gap: gap.from_ns)],
            signing=[_signing_out(one) for one in sorted(signing, key=lambda one: one.from_ns)],
        )

    async def list_signing(self, camera_ids: Collection[str]) -> SigningListOut:
        """The newest result of each stream of these cameras."""
        newest = await asyncio.to_thread(self._signing.find_newest)
        items = [
            StreamSigningOut(camera_id=one.camera_id, **_signing_fields(one))
            for one in newest
            if one.camera_id in camera_ids
        ]
        return SigningListOut(items=items)

    async def draw_timeline(
        self, camera_ids: Sequence[str], from_ns: int, to_ns: int, buckets: int, hidden_kinds: tuple[str, ...] = ()
    ) -> TimelineOut:
        """Draws one row per camera, without events of the hidden kinds."""
        motion = await self._history.find_motion(camera_ids, from_ns, to_ns, buckets)
        resolution_ns = (to_ns - from_ns) // buckets
        rows = [
            await self._draw_row(
                EventFilter((camera_id,), from_ns=from_ns, to_ns=to_ns, limit=MAX_EVENTS, hidden_kinds=hidden_kinds),
                resolution_ns,
                motion[camera_id],
            )
            for camera_id in camera_ids
        ]
        return TimelineOut(from_ms=from_ns / NS_PER_MS, to_ms=to_ns / NS_PER_MS, cameras=rows)

    async def _draw_row(self, wanted: EventFilter, resolution_ns: int, motion: list[float]) -> TimelineCamera:
        [camera_id], from_ns, to_ns = wanted.cameras, wanted.from_ns or 0, wanted.to_ns or 0
        coverage, gaps = await asyncio.to_thread(self._cover, camera_id, from_ns, to_ns, resolution_ns)
        events, _ = await self._events.find_page(wanted)
        return TimelineCamera(
            camera_id=camera_id,
            coverage=[[start / NS_PER_MS, end / NS_PER_MS] for start, end in coverage],
            gaps=[(gap.from_ns / NS_PER_MS, gap.to_ns / NS_PER_MS, gap.reason) for gap in gaps],
            motion=[round(level, 4) for level in motion],
            events=[
                TimelineEvent(
                    id=record.fact.event_id,
                    kind=record.fact.kind,
                    at_ms=record.fact.from_ns / NS_PER_MS,
                    state=record.state.value,
                )
                for record in reversed(events)
            ],
        )

    def _cover(
        self, camera_id: str, from_ns: int, to_ns: int, resolution_ns: int
    ) -> tuple[list[tuple[int, int]], list[FootageGap]]:
        """Footage of either stream counts; a gap counts where neither stream has footage."""
        stretches: list[tuple[int, int]] = []
        gaps: list[FootageGap] = []
        for role in StreamRole:
            stretches += self._index.find_coverage(camera_id, role, from_ns, to_ns, resolution_ns)
            gaps += self._index.find_gaps(camera_id, role, from_ns, to_ns)
        joined = _join(sorted(stretches))
        bare = [gap for gap in gaps if gap.to_ns - gap.from_ns >= resolution_ns and not _is_covered(gap, joined)]
        return joined, sorted(bare, key=lambda gap: gap.from_ns)


def _join(stretches: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in stretches:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def _is_covered(gap: FootageGap, stretches: Sequence[tuple[int, int]]) -> bool:
    return any(start <= gap.from_ns and gap.to_ns <= end for start, end in stretches)


def _run_out(run: FootageRun) -> RunOut:
    return RunOut(
        from_=format_utc(run.from_ns),
        to=format_utc(run.to_ns),
        stream=run.role.value,
        frames=run.frames,
        bytes=run.size_bytes,
    )


def _signing_out(one: SigningStretch) -> SigningOut:
    return SigningOut(**_signing_fields(one))


def _signing_fields(one: SigningStretch) -> dict[str, Any]:
    return {
        "from_": format_utc(one.from_ns),
        "to": format_utc(one.to_ns),
        "stream": one.stream,
        "result": one.result.value,
        "subject": one.subject,
        "fingerprint": one.fingerprint,
        "vouched": one.is_vouched,
        "segments": one.segments,
        "gops": one.gops,
        "valid_gops": one.valid_gops,
        "missing": one.missing,
        "first_fault": format_utc(one.first_fault_ns) if one.first_fault_ns else None,
        "reasons": list(one.reasons),
    }


def _gap_out(gap: FootageGap) -> GapOut:
    return GapOut(
        from_=format_utc(gap.from_ns),
        to=format_utc(gap.to_ns),
        stream=gap.role.value,
        reason=gap.reason,
        frames_missing=gap.frames_missing,
    )
