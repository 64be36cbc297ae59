"""Walks over the stored fragments of one stream from a time on, and follows a recording that still grows.

Finding is separate from sending: this decides where to start and what comes next; reading and pacing is the
caller's.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from vedette.core.footage import FragmentRef
from vedette.core.media import StreamRole
from vedette.core.time import NS_PER_S
from vedette.runtime.clock import Clock
from vedette.streaming.ports import FootageReader

BATCH = 64
FAR_NS = (1 << 63) - 1
STILL_GROWING_NS = 15 * NS_PER_S
"""Footage that ended less than this ago may go on: a fragment is at most about a second, a commit another."""
POLL_S = 0.4


@dataclass(frozen=True, slots=True)
class WalkStart:
    """Where to begin.

    Attributes:
        first: A fragment that begins with a key frame.
        gap_ns: When there is no footage at the asked time: from there to where it goes on.
    """

    first: FragmentRef
    gap_ns: tuple[int, int] | None


def find_start(reader: FootageReader, camera_id: str, role: StreamRole, at_ns: int) -> WalkStart | None:
    """Finds the key fragment at or before a time, or the first one after it when there is no footage there."""
    covering = reader.find_fragments(camera_id, role, at_ns, at_ns + 1, 1)
    if covering:
        key = reader.find_key_fragment(camera_id, role, at_ns)
        if key is not None:
            return WalkStart(key, None)
    following = reader.find_fragments(camera_id, role, at_ns, FAR_NS, BATCH)
    first = next((fragment for fragment in following if fragment.is_key), None)
    if first is None:
        return None
    return WalkStart(first, (at_ns, first.start_ns) if first.start_ns > at_ns else None)


async def walk(
    reader: FootageReader, first: FragmentRef, clock: Clock, *, to_ns: int = FAR_NS
) -> AsyncIterator[FragmentRef]:
    """Yields `first` and the fragments after it, until nothing follows for a while."""
    last = first
    yield first
    while last.end_ns < to_ns:
        batch = await asyncio.to_thread(_find_next, reader, last, to_ns)
        for fragment in batch:
            yield fragment
            last = fragment
        if batch:
            continue
        if clock.utc_ns() - last.end_ns > STILL_GROWING_NS:
            return
        await clock.sleep(POLL_S)


def _find_next(reader: FootageReader, last: FragmentRef, to_ns: int) -> list[FragmentRef]:
    segment = last.segment
    found = reader.find_fragments(segment.camera_id, segment.role, last.end_ns, to_ns, BATCH)
    # A fragment may end a tick after the next begins: what starts no later than the last one is behind us.
    return [fragment for fragment in found if fragment.start_ns > last.start_ns]
