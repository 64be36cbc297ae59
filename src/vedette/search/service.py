"""Answers questions about what was seen: by facts, by likeness to a seen object or to a picture's vector, and traces.

Who may ask what, and what is written down of it, decides the desk of the API. Vectors are opened for one question and
forgotten. Design: docs/design/trace.md.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import msgspec
import numpy as np

from vedette.core.errors import ConflictError, InvalidInputError, UnavailableError
from vedette.core.objects import UNKNOWN, name_place
from vedette.core.time import NS_PER_S
from vedette.runtime.clock import Clock
from vedette.search.galleries import Galleries
from vedette.search.keeper import DAY_NS, ObjectKeeper
from vedette.search.objects import (
    APPEARANCE,
    MAX_CANDIDATES,
    NoSuchObjectError,
    ObjectFilter,
    ObjectRecord,
    has_looks,
)
from vedette.search.ports import ObjectStore, SettingStore, VectorOpener
from vedette.search.ranking import SHOWN_UNLIKE, Ranked, rank_by_facts, rank_by_likeness
from vedette.search.strangers import Evidence, Span, find_together, make_terms
from vedette.search.trace import Trace, make_trace
from vedette.search.travel import TravelTerms, learn_travel
from vedette.search.verdict import SimilarityTerms, Verdict, is_just_under

MAX_ALIKE = 200
"""Objects that a question by likeness answers with."""
MAX_DISTANCES = 2000
MAX_VALUES = 1000
"""Of one attribute, over all that it was ever taught."""
MAX_DISTANCE_M = 1_000_000.0
_DISTANCES = "camera_distances"
PLATE, LOOKS = "plate", "attributes"
_LEARN_DAYS = 30
_MEASURE_EVERY_NS = 600 * NS_PER_S
_MOST_SPANS = 20_000


class GalleriesLoadingError(UnavailableError):
    """The vectors that were kept are being read."""

    code = "search_loading"


class NotComparableError(ConflictError):
    """An object has nothing by which others like it could be found."""

    code = "not_comparable"


@dataclass(frozen=True, slots=True)
class Found:
    """The answer to one question.

    Attributes:
        by: `facts`, `plate`, `attributes`, `face` or `appearance`.
        total: How many fit in all; `rows` has at most `MAX_CANDIDATES` or `MAX_ALIKE` of them.
        searched: How many were compared, for questions by likeness.
        is_calibrated: Whether thresholds of that embedding were measured; False for questions by facts.
        is_just_under: Whether the most alike was just under a threshold.
        evidence: Of what the thresholds of this site are made, where none came with the embedding.
    """

    rows: tuple[Ranked, ...]
    by: str
    total: int
    searched: int = 0
    is_calibrated: bool = False
    is_just_under: bool = False
    evidence: Evidence | None = None


class ObjectSearch:
    """See the module's head.

    Args:
        terms: Thresholds by kind of vector; a release that is not theirs is not calibrated.
    """

    def __init__(
        self,
        *,
        store: ObjectStore,
        galleries: Galleries,
        keeper: ObjectKeeper,
        opener: VectorOpener,
        settings: SettingStore,
        terms: Mapping[str, SimilarityTerms],
        clock: Clock,
    ) -> None:
        self._store = store
        self._galleries = galleries
        self._keeper = keeper
        self._opener = opener
        self._settings = settings
        self._terms = terms
        self._clock = clock
        self._measured: dict[str, tuple[int, SimilarityTerms | None, Evidence]] = {}

    @property
    def days(self) -> int:
        return self._keeper.days

    def count_kept(self, kind: str, release: str) -> int:
        """Objects that are kept with such a vector."""
        return self._galleries.count(kind, release)

    async def find_object(self, object_id: str) -> ObjectRecord:
        """Raises NoSuchObjectError."""
        record = await self._store.find(object_id)
        if record is None:
            raise NoSuchObjectError(object_id)
        return record

    async def find_values(self, name: str) -> frozenset[str]:
        """What is kept of objects under the name of an attribute."""
        return frozenset(await self._store.find_values(name, MAX_VALUES))

    async def find(self, wanted: ObjectFilter) -> Found:
        """Finds objects by what is known of them."""
        records, total = await self._store.find_candidates(wanted, MAX_CANDIDATES)
        by = PLATE if wanted.plate else LOOKS if wanted.attributes else "facts"
        return Found(tuple(rank_by_facts(records, wanted)), by, total)

    async def find_alike(self, record: ObjectRecord, by: str, wanted: ObjectFilter) -> Found:
        """Finds objects like a seen one, which is among them, by its plate, its attributes or a vector.

        Raises:
            NotComparableError: it has nothing of the kind.
        """
        seen = record.seen
        if by == PLATE and seen.plate is not None:
            return await self.find(replace(wanted, plate=seen.plate.text))
        if by == LOOKS and has_looks(seen):
            looks = {name: (one.value,) for name, one in seen.attributes.items() if one.value != UNKNOWN}
            found = await self.find(replace(wanted, classes=(seen.object_class,), attributes=looks))
            rows = found.rows[:MAX_ALIKE]
            return replace(found, rows=rows, total=len(rows))
        for vector in await self._store.find_vectors(record.number):
            if vector.kind == by:
                clear = self._opener.open(name_place(by, seen.object_id), vector.sealed)
                return await self.find_like_vector(by, vector.release, clear, wanted)
        raise NotComparableError(f"this object has no {by} to search by", "Search by something else of it.")

    async def find_like_vector(self, kind: str, release: str, vector: bytes, wanted: ObjectFilter) -> Found:
        """Finds objects by likeness to a vector.

        Raises:
            GalleriesLoadingError: shortly after the start.
        """
        if not self._keeper.is_loaded:
            raise GalleriesLoadingError("what was seen is being read", "Try again in a moment.")
        is_open = wanted == ObjectFilter() and not await self._store.has_files()
        among = None if is_open else await self._store.find_numbers(wanted, kind, release)
        searched = self._galleries.count(kind, release) if among is None else len(among)
        alike = await asyncio.to_thread(self._galleries.find, kind, release, vector, MAX_ALIKE, among)
        records = await self._store.find_records([one.number for one in alike])
        if is_open:  # a file's may have come since it was asked
            records = [record for record in records if record.seen.file is None]
        terms, evidence = await self._find_terms(kind, release)
        rows = rank_by_likeness(alike, records, terms, searched, SHOWN_UNLIKE if evidence is not None else 0)
        is_under = bool(alike) and is_just_under(alike[0].similarity, terms)
        return Found(tuple(rows), kind, len(rows), searched, terms is not None, is_under, evidence)

    async def _find_terms(self, kind: str, release: str) -> tuple[SimilarityTerms | None, Evidence | None]:
        """Thresholds that came with the embedding; of how people look, those that this site's strangers set."""
        terms = self._terms.get(kind)
        if terms is not None and terms.release == release:
            return terms, None
        if kind != APPEARANCE:
            return None, None
        now_ns, known = self._clock.mono_ns(), self._measured.get(release)
        if known is None or now_ns - known[0] > _MEASURE_EVERY_NS:
            spans = await self._store.find_spans(kind, release, _MOST_SPANS)
            known = (now_ns, *await asyncio.to_thread(self._measure, kind, release, spans))
            self._measured[release] = known
        return known[1], known[2]

    def _measure(self, kind: str, release: str, spans: Sequence[Span]) -> tuple[SimilarityTerms | None, Evidence]:
        pairs = find_together(spans)
        distances = self._galleries.measure_pairs(kind, release, pairs)
        evidence = Evidence(len(distances), len(np.unique(pairs)))
        return make_terms(release, distances, evidence), evidence

    async def trace(self, record: ObjectRecord, by: str, wanted: ObjectFilter) -> tuple[Trace, Found]:
        """The path of what is like a seen object, which is on it whatever the range is."""
        found = await self.find_alike(record, by, wanted)
        rows = [row for row in found.rows[:MAX_ALIKE] if row.verdict is not Verdict.REJECT]
        if all(row.record.number != record.number for row in rows):
            rows.append(Ranked(record))
        return make_trace(rows, await self.find_travel_terms()), found

    async def find_travel_terms(self) -> TravelTerms:
        """What is declared, and what can be learned from what is kept."""
        from_ns = self._clock.utc_ns() - _LEARN_DAYS * DAY_NS
        learned = learn_travel(await self._store.find_passages(from_ns))
        declared = {frozenset({one, other}): metres for one, other, metres in await self.list_distances()}
        return TravelTerms(declared, learned)

    async def list_distances(self) -> list[tuple[str, str, float]]:
        """Declared metres between cameras."""
        text = await self._settings.read_text(_DISTANCES)
        return msgspec.json.decode(text, type=list[tuple[str, str, float]]) if text else []

    async def declare_distances(self, distances: Sequence[tuple[str, str, float]]) -> None:
        """Replaces all declared distances.

        Raises:
            InvalidInputError: too many, a pair twice, a camera with itself, or no distance on this planet's roads.
        """
        pairs = [frozenset({one, other}) for one, other, _ in distances]
        if len(distances) > MAX_DISTANCES:
            raise InvalidInputError(f"{len(distances)} distances are too many; at most {MAX_DISTANCES}")
        if any(len(pair) < 2 for pair in pairs) or len(set(pairs)) < len(pairs):
            raise InvalidInputError("each pair of two different cameras is declared once", "Leave the other out.")
        if not all(0 <= metres <= MAX_DISTANCE_M for _, _, metres in distances):
            raise InvalidInputError(f"a distance is 0 to {MAX_DISTANCE_M:g} m; 0: the views overlap")
        await self._settings.write_text(_DISTANCES, msgspec.json.encode(list(distances)).decode())
