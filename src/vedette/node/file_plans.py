"""Decides how the job of an uploaded file is analysed: with the models and the lists that are there now."""

import os
from dataclasses import replace

from vedette.core.detections import MOVING_CLASS
from vedette.core.errors import InvalidInputError
from vedette.core.watchlists import ListSubject
from vedette.node.analyzer_categories import SetsInForce
from vedette.node.analyzer_pool import choose_model, needs_motion
from vedette.node.analyzer_watchlists import ListsInForce
from vedette.node.face_enrolment import FaceModelsMissingError
from vedette.node.file_plan import FilePlan, plan_ahead
from vedette.node.file_watchlists import NO_LISTS, FileLists
from vedette.node.match_terms import find_match_terms
from vedette.node.recognizers import InstalledRecognizers, find_recognizers
from vedette.runtime.clock import Clock
from vedette.vision.categories.embedding import EMBEDDING
from vedette.vision.categories.verdict import OpenSet
from vedette.vision.file_jobs import FileJob, JobMatching
from vedette.vision.models.registry import ModelRegistry
from vedette.vision.recognize.face_templates import FACE_TEMPLATES
from vedette.vision.recognize.forms import FORMS, GROUPS


class FilePlanner:
    """Plans the jobs of one analyzer.

    Args:
        parallel: Files analysed at the same time.
    """

    def __init__(
        self, registry: ModelRegistry, lists: ListsInForce, sets: SetsInForce, parallel: int, clock: Clock
    ) -> None:
        self._registry = registry
        self._lists = lists
        self._sets = sets
        self._parallel = parallel
        self._clock = clock

    def can_start(self, job: FileJob) -> bool:
        """Lists are in memory only: after a restart a job that needs them waits until the gateway has told them."""
        return not job.matching.lists or bool(self._lists.version)

    def plan(self, job: FileJob) -> FilePlan:
        """How to analyse with what is there now.

        Raises:
            InvalidInputError: classes that nothing installed can tell apart.
            ListGoneError: a list that it is to be matched with is not in force.
            FaceModelsMissingError: a list of faces, and no models.
            VedetteError: a set of categories cannot be told: what is wrong with it.
        """
        sets, found = self._find_sets(job), self._find_recognizers(job)
        model, missing = choose_model(self._registry)
        named = [name for name in job.terms.classes if name != MOVING_CLASS]
        if named and not model:
            raise InvalidInputError(
                f"{', '.join(named)} cannot be told apart: {missing}",
                "Without classes everything that moves is reported.",
            )
        return FilePlan(
            model,
            self._registry.directory.absolute(),
            tuple(job.terms.classes),
            job.terms.fps,
            job.annotate,
            found.names + ((EMBEDDING,) if sets else ()),
            self._find_lists(job.matching),
            plan_ahead(len(os.sched_getaffinity(0)), self._parallel),
            job.terms.tiles,
            sets=sets,
            needs_motion=needs_motion(self._registry, model),
            forms={**FORMS, **found.forms},
        )

    def _find_sets(self, job: FileJob) -> tuple[OpenSet, ...]:
        """As they are kept now: one that was taught anew since the upload is the one that is meant."""
        if not job.terms.categories:
            return ()
        self._sets.look()
        return self._sets.open_all(job.terms.categories)

    def _find_recognizers(self, job: FileJob) -> InstalledRecognizers:
        """Templates are made only where somebody named a list of faces, or asked to find them again."""
        groups = (*GROUPS, FACE_TEMPLATES) if job.keeps_faces else GROUPS
        found = find_recognizers(self._registry, groups)
        if job.keeps_faces and FACE_TEMPLATES not in found.names:
            reason = found.refused.get(FACE_TEMPLATES, "they are not installed")
            raise FaceModelsMissingError(
                f"the models that tell faces apart cannot be used: {reason}", "Run `vedette models pull standard`."
            )
        return found

    def _find_lists(self, matching: JobMatching) -> FileLists:
        """A file comes from no camera: whoever named a list of certain cameras wants it for this file."""
        if not matching.lists:
            return NO_LISTS
        chosen = self._lists.choose([named.list_id for named in matching.lists])
        orders = tuple(replace(order, watchlist=replace(order.watchlist, cameras=())) for order in chosen)
        has_faces = any(order.watchlist.subject is ListSubject.FACES for order in orders)
        terms = find_match_terms(self._registry) if has_faces else None
        return FileLists(orders, self._clock.utc_ns(), terms)
