"""The analyzer's workers: how many, which model they carry, which camera is on which."""

import asyncio
import os
from collections.abc import Callable
from dataclasses import replace

from vedette.core.errors import VedetteError
from vedette.core.messages import ControlStateChanged
from vedette.node.embeddings import lend_scratch
from vedette.runtime.bus import Publisher
from vedette.runtime.clock import Clock
from vedette.runtime.cpu import preferred_precisions, read_cpu_flags
from vedette.runtime.jail import JailReport
from vedette.runtime.log import get_logger
from vedette.runtime.worker import (
    StartWorker,
    WorkerCommand,
    WorkerLostError,
    WorkerNursery,
    WorkerProcess,
    start_worker,
)
from vedette.vision import wire
from vedette.vision.models.manifest import ModelManifest
from vedette.vision.models.registry import ModelRegistry
from vedette.vision.models.selftest import SelfTestFailedError
from vedette.vision.models.sized import SizedModel
from vedette.vision.worker_link import WorkerLink

MAX_WORKERS = 8
_TASK = "detection"


class WorkerPool:
    """A few links that share one nursery. `size` of them, kept for the life of the analyzer.

    A worker with a model takes 200 MB and two seconds: the first is started at once, each other one with the camera
    that needs it, and the spare one with the first camera.
    """

    def __init__(
        self,
        model: SizedModel | None,
        recognizers: tuple[str, ...],
        registry: ModelRegistry,
        size: int,
        clock: Clock,
        publisher: Publisher,
        start: StartWorker = start_worker,
    ) -> None:
        self.model = model
        self.needs_motion = needs_motion(registry, model.name if model else "")
        self.recognizers = recognizers
        self.ready: wire.Ready | None = None
        self._clock = clock
        self._publisher = publisher
        self._start_worker = start
        self._log = get_logger("analyzer")
        arguments: tuple[str, ...] = ("--models", str(registry.directory)) if model or recognizers else ()
        arguments += ("--model", str(model)) if model else ()
        arguments += ("--recognizers", ",".join(recognizers)) if recognizers else ()
        command = WorkerCommand("vedette.node.vision_worker", arguments)
        self._nursery = WorkerNursery(command, self._start, holds_spare=False)
        self.links = [
            WorkerLink(self._nursery, clock, self._note_ready, self._note_lost, self._note_not_ready)
            for _ in range(size)
        ]
        self.links[0].call()
        self.lost_reason = ""
        self.failed_test = ""
        """Why a model may not be used: no worker starts with it. Empty as long as all is well."""

    @property
    def jail(self) -> JailReport | None:
        """What holds in the workers, None before the first is ready."""
        if self.ready is None:
            return None
        return JailReport(self.ready.landlock_abi, self.ready.layers, self.ready.reasons)

    async def run(self) -> None:
        """Keeps all workers until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                for link in self.links:
                    tasks.create_task(link.run())
        finally:
            await self._nursery.close()

    def pick(self, load: Callable[[WorkerLink], int]) -> WorkerLink:
        """The link with the least load, for a camera: its worker is started if none is there."""
        link = min(self.links, key=load)
        link.call()
        self._nursery.hold_spare()
        return link

    def pick_started(self, load: Callable[[WorkerLink], int]) -> WorkerLink:
        """The link with the least load of those that have a worker, for a single question."""
        return min((link for link in self.links if link.is_called), key=load)

    async def _start(self, command: WorkerCommand) -> WorkerProcess:
        """Lends each worker what it reads a model from, for as long as it starts."""
        try:
            with lend_scratch(self.recognizers) as scratch:
                return await self._start_worker(replace(command, arguments=command.arguments + scratch))
        except OSError as error:
            raise WorkerLostError(f"a vision worker cannot be started: {error.strerror}") from error

    def _note_ready(self, ready: wire.Ready) -> None:
        before = None if self.ready is None else self.ready.layers
        self.ready = ready
        if ready.layers != before and (jail := self.jail) is not None:
            self._publisher.publish_nowait(
                ControlStateChanged("vision_jail", jail.state, jail.detail, self._clock.utc_ns(), dict(jail.layers))
            )

    def _note_not_ready(self, last_words: str) -> None:
        _, is_said, reason = last_words.rpartition(f"{SelfTestFailedError.code}: ")
        if is_said:
            self.failed_test = reason

    def _note_lost(self, reason: str) -> None:
        self.lost_reason = reason
        self._log.warning("vision worker lost", reason=reason)


def count_workers() -> int:
    """One for each processor that this process may use."""
    return max(1, min(len(os.sched_getaffinity(0)), MAX_WORKERS))


def choose_model(registry: ModelRegistry) -> tuple[str, str]:
    """The installed and verified detection model that suits this processor.

    Returns:
        Its name, or an empty one; and why there is none.
    """
    try:
        manifest = registry.find_installed(_TASK, preferred_precisions(read_cpu_flags()))
        if manifest is None:
            return "", "no detection model is installed; run `vedette models pull standard`"
        registry.load(manifest)
    except VedetteError as error:
        return "", str(error)
    return manifest.name, ""


def needs_motion(registry: ModelRegistry, model: str) -> bool:
    """Whether a model of this name, if any, counts only where something moves."""
    return bool(model) and registry.find_named(model).needs_motion


def describe_model(registry: ModelRegistry, model: str) -> str:
    """What is told of the installed model, and of a modest one what goes beyond it."""
    return f"{model} is installed and verified{tell_better(registry.find_named(model))}"


def tell_better(manifest: ModelManifest) -> str:
    """What to add to words about a modest detector; empty for another."""
    return "; `vedette models pull standard` installs one that finds more" if manifest.needs_motion else ""
