"""Keeps what was seen: from the bus into the store and the galleries, and out of both when it is over or erased.

A fact is committed on the bus after it is stored; storing it twice changes nothing, and what was erased does not come
back. Pictures go with their objects. Design: docs/design/trace.md.
"""

import asyncio
from collections.abc import Sequence

from vedette.core.errors import InvalidInputError, StorageError
from vedette.core.messages import FileObjectsGone, ObjectSeen
from vedette.core.objects import SealedVector, name_place
from vedette.core.time import NS_PER_S
from vedette.runtime.bus import Consumer
from vedette.runtime.clock import Clock
from vedette.runtime.log import get_logger
from vedette.search.galleries import Galleries, group_vectors, read_vector
from vedette.search.objects import MAX_CANDIDATES, ObjectFilter, Source, StoredVector
from vedette.search.ports import ObjectStore, PictureRemover, VectorOpener

DAY_NS = 86_400 * NS_PER_S
EXPIRE_EVERY_S = 600.0
RETRY_S = 5.0
_LOADED_AT_ONCE = 2000
_REMEMBERED_NS = 8 * DAY_NS
"""How long it is known that an object was removed: a day longer than the bus keeps what it has told."""


class ObjectKeeper:
    """Owned by a TaskGroup; stop it by cancelling.

    Args:
        days: How long seen objects are kept.
    """

    def __init__(
        self,
        *,
        consumer: Consumer,
        store: ObjectStore,
        galleries: Galleries,
        opener: VectorOpener,
        pictures: PictureRemover,
        days: int,
        clock: Clock,
    ) -> None:
        self._consumer = consumer
        self._store = store
        self._galleries = galleries
        self._opener = opener
        self._pictures = pictures
        self.days = days
        self._clock = clock
        self._is_failing = False
        self._changing = asyncio.Lock()
        self._log = get_logger("search")
        self.is_loaded = False
        """Whether the galleries have what was kept at the start."""

    async def run(self) -> None:
        """Runs until cancelled."""
        await self.load()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._consume())
            group.create_task(self._expire())

    async def load(self) -> None:
        """Fills the galleries from the store."""
        async with self._changing:
            after, found = 0, list[tuple[str, str, int, bytes]]()
            while stored := await self._store.load_vectors(after, _LOADED_AT_ONCE):
                after = stored[-1].number
                found += await asyncio.to_thread(self._open_all, stored)
            for (kind, release), (numbers, vectors) in group_vectors(found).items():
                await asyncio.to_thread(self._galleries.fill, kind, release, numbers, vectors)
        self.is_loaded = True

    async def keep(self, seen: ObjectSeen) -> None:
        """Stores one object, and makes it found."""
        async with self._changing:
            record = await self._store.put(seen)
            if record is None:
                return
            for vector in seen.vectors:
                if (clear := self._open(seen.object_id, vector)) is not None:
                    await asyncio.to_thread(self._galleries.put, record.number, vector.kind, vector.release, clear)

    async def erase(self, object_ids: Sequence[str]) -> int:
        """Removes objects with pictures and vectors; returns how many there were.

        Raises:
            StorageError: a picture cannot be removed; the objects are gone already.
        """
        async with self._changing:
            gone = await self._store.remove(object_ids, self._clock.utc_ns())
            await asyncio.to_thread(self._galleries.remove, [record.number for record in gone])
        for record in gone:
            if record.seen.file is None:  # those of a file are of its job's results
                await self._pictures.remove_picture(record.seen.picture)
        return len(gone)

    async def erase_job(self, job_id: str) -> int:
        """Removes all objects of a file; returns how many there were."""
        return await self._erase_all(ObjectFilter(source=Source.FILES, jobs=(job_id,)))

    async def count_in(self, cameras: Sequence[str], from_ns: int, to_ns: int) -> int:
        """Counts the objects seen in a half-open range."""
        _, total = await self._store.find_candidates(_in_range(cameras, from_ns, to_ns), 1)
        return total if cameras else 0

    async def erase_in(self, cameras: Sequence[str], from_ns: int, to_ns: int) -> int:
        """Removes all objects that overlap a range; returns how many there were."""
        return await self._erase_all(_in_range(cameras, from_ns, to_ns)) if cameras else 0

    async def expire(self) -> int:
        """Removes what cameras saw longer ago than it is kept. What files showed goes with their jobs."""
        now_ns = self._clock.utc_ns()
        gone = await self._erase_all(ObjectFilter(over_before_ns=now_ns - self.days * DAY_NS))
        await self._store.forget_removed(now_ns - _REMEMBERED_NS)
        return gone

    async def _erase_all(self, wanted: ObjectFilter) -> int:
        erased = 0
        while True:
            found, _ = await self._store.find_candidates(wanted, MAX_CANDIDATES)
            if not found:
                return erased
            erased += await self.erase([record.seen.object_id for record in found])

    async def _consume(self) -> None:
        async for delivery in self._consumer.deliveries((ObjectSeen.TOPIC, FileObjectsGone.TOPIC)):
            if isinstance(delivery.message, ObjectSeen | FileObjectsGone):
                while not await self._is_taken(delivery.message):
                    await self._clock.sleep(RETRY_S)
            await self._consumer.commit(delivery)

    async def _is_taken(self, fact: ObjectSeen | FileObjectsGone) -> bool:
        try:
            if isinstance(fact, ObjectSeen):
                await self.keep(fact)
            else:
                await self.erase_job(fact.job_id)
        except StorageError as exc:
            if not self._is_failing:
                self._log.error("what was seen cannot be kept", code=exc.code, reason=exc.message)
            self._is_failing = True
            return False
        self._is_failing = False
        return True

    async def _expire(self) -> None:
        while True:
            try:
                await self.expire()
                await asyncio.to_thread(self._galleries.refit)
            except StorageError as exc:
                self._log.error("what was seen long ago is not removed", code=exc.code, reason=exc.message)
            await self._clock.sleep(EXPIRE_EVERY_S)

    def _open_all(self, stored: Sequence[StoredVector]) -> list[tuple[str, str, int, bytes]]:
        opened = ((one, self._open(one.object_id, one)) for one in stored)
        return [(one.kind, one.release, one.number, clear) for one, clear in opened if clear is not None]

    def _open(self, object_id: str, vector: SealedVector | StoredVector) -> bytes | None:
        """A vector that does not open, or is none, is not searched: a taken-over analyzer must not end the gateway."""
        try:
            clear = self._opener.open(name_place(vector.kind, object_id), vector.sealed)
            read_vector(clear)
            return clear
        except (StorageError, InvalidInputError) as exc:
            self._log.warning("a seen object is not found by its vector", object_id=object_id, code=exc.code)
            return None


def _in_range(cameras: Sequence[str], from_ns: int, to_ns: int) -> ObjectFilter:
    return ObjectFilter(cameras=tuple(cameras), from_ns=from_ns, to_ns=to_ns)
