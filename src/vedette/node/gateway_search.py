"""Builds the search of seen objects for the gateway: its store, its galleries, and what erases it with footage."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass

from vedette.adapters.database import Database
from vedette.adapters.database_cameras import SqlSettings
from vedette.adapters.database_objects import SqlObjectStore
from vedette.adapters.picture_reader import FilePictureReader
from vedette.adapters.template_box import TemplateBox
from vedette.core.errors import InvalidInputError
from vedette.events.erasing import EventPictures
from vedette.node.appearance_terms import find_appearance
from vedette.node.match_terms import find_match_terms
from vedette.runtime.bus import Consumer
from vedette.runtime.clock import Clock
from vedette.search.galleries import Galleries
from vedette.search.keeper import ObjectKeeper
from vedette.search.kernels import NumpyKernels
from vedette.search.objects import APPEARANCE, FACE
from vedette.search.service import ObjectSearch
from vedette.search.verdict import SimilarityTerms
from vedette.vision.models.registry import ModelRegistry
from vedette.vision.recognize.face_terms import read_terms

_SURE_FMR = 1e-4
"""At which false match rate `MatchTerms.sure` was set."""


@dataclass(frozen=True, slots=True)
class SearchParts:
    """What keeps seen objects, and what answers about them."""

    keeper: ObjectKeeper
    search: ObjectSearch


@dataclass(frozen=True, slots=True)
class ErasedPictures:
    """Pictures that go with footage: those of events, and of seen objects with all else that is kept of them."""

    events: EventPictures
    keeper: ObjectKeeper

    async def count(self, cameras: Sequence[str], from_ns: int, to_ns: int) -> int:
        of_objects = await self.keeper.count_in(cameras, from_ns, to_ns)
        return of_objects + await self.events.count(cameras, from_ns, to_ns)

    async def erase(self, cameras: Sequence[str], from_ns: int, to_ns: int) -> int:
        of_objects = await self.keeper.erase_in(cameras, from_ns, to_ns)
        return of_objects + await self.events.erase(cameras, from_ns, to_ns)


def build_search(
    database: Database,
    consumer: Consumer,
    box: TemplateBox,
    pictures: FilePictureReader,
    registry: ModelRegistry,
    days: int,
    clock: Clock,
) -> SearchParts:
    """Builds the parts; nothing runs yet."""
    store, galleries = SqlObjectStore(database), Galleries(NumpyKernels(), clock)
    keeper = ObjectKeeper(
        consumer=consumer, store=store, galleries=galleries, opener=box, pictures=pictures, days=days, clock=clock
    )
    search = ObjectSearch(
        store=store,
        galleries=galleries,
        keeper=keeper,
        opener=box,
        settings=SqlSettings(database),
        terms=_find_terms(registry),
        clock=clock,
    )
    return SearchParts(keeper, search)


def _find_terms(registry: ModelRegistry) -> dict[str, SimilarityTerms]:
    """Thresholds of the embeddings that were measured; what was not is searched all the same, and said so."""
    looks = find_appearance(registry)
    measured = {FACE: find_match_terms(registry)}
    with contextlib.suppress(InvalidInputError):  # of how people look no thresholds were measured yet
        measured[APPEARANCE] = read_terms(looks.release, looks.thresholds)
    return {
        kind: SimilarityTerms(terms.release, terms.unsure, terms.sure, _SURE_FMR) for kind, terms in measured.items()
    }
