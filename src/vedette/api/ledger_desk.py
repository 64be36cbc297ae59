"""Answers the completeness ledger: what should be stored and what is, by camera, stream and minute.

The index is read in threads; an answer has at most so many slots as the asked range and step make.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Protocol

from vedette.api.schemas.storage import LedgerGap, LedgerOut, LedgerSlot, LedgerStream
from vedette.core.footage import FootageGap
from vedette.core.media import StreamRole
from vedette.core.time import NS_PER_S, format_utc


class LedgerMinute(Protocol):
    """One slot as the index counts it. `reasons`: missing frames by reason; its sum is `expected` - `stored`."""

    @property
    def at_ns(self) -> int: ...
    @property
    def expected(self) -> int: ...
    @property
    def stored(self) -> int: ...
    @property
    def reasons(self) -> Mapping[str, int]: ...


class LedgerIndex(Protocol):
    """Read-only, synchronous, safe from several threads: `vedette.recording.reader.FootageReader`."""

    def find_minutes(
        self, camera_id: str, role: StreamRole, from_ns: int, to_ns: int, step_ns: int
    ) -> Sequence[LedgerMinute]: ...
    def find_gaps(self, camera_id: str, role: StreamRole, from_ns: int, to_ns: int) -> list[FootageGap]: ...


class LedgerDesk:
    """See the module's head."""

    def __init__(self, index: LedgerIndex) -> None:
        self._index = index

    async def read(self, camera_ids: Sequence[str], from_ns: int, to_ns: int, step_s: int) -> LedgerOut:
        """Reads the ledger of cameras; a stream that has neither footage nor gaps in the range is left out."""
        streams = [
            await asyncio.to_thread(self._read_stream, camera_id, role, from_ns, to_ns, step_s)
            for camera_id in camera_ids
            for role in StreamRole
        ]
        return LedgerOut(
            from_=format_utc(from_ns),
            to=format_utc(to_ns),
            step_s=step_s,
            cameras=[stream for stream in streams if stream is not None],
        )

    def _read_stream(
        self, camera_id: str, role: StreamRole, from_ns: int, to_ns: int, step_s: int
    ) -> LedgerStream | None:
        slots = self._index.find_minutes(camera_id, role, from_ns, to_ns, step_s * NS_PER_S)
        gaps = self._index.find_gaps(camera_id, role, from_ns, to_ns)
        if not slots and not gaps:
            return None
        expected, stored = sum(slot.expected for slot in slots), sum(slot.stored for slot in slots)
        return LedgerStream(
            camera_id=camera_id,
            stream=role.value,
            expected=expected,
            stored=stored,
            completeness=stored / expected if expected else None,
            slots=[
                LedgerSlot(
                    at=format_utc(slot.at_ns), expected=slot.expected, stored=slot.stored, reasons=dict(slot.reasons)
                )
                for slot in slots
                if slot.expected
            ],
            gaps=[
                LedgerGap(
                    from_=format_utc(gap.from_ns),
                    to=format_utc(gap.to_ns),
                    stream=gap.role.value,
                    reason=gap.reason,
                    frames_missing=gap.frames_missing,
                )
                for gap in gaps
            ],
        )
