"""Analyses one video or picture file with the engine of the cameras, in a jailed worker of its own.

The worker gets the open file and nothing else; container, codec and model all run behind the jail, so a hostile
file can at worst end its own worker, which is an error of this one file.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from vedette.behavior.rules import RuleSet
from vedette.behavior.scene import Scene
from vedette.core.assignment import Rule
from vedette.core.detections import CLASS_NAMES, Tracks, no_tracks
from vedette.core.errors import InvalidInputError, StorageError
from vedette.core.time import NS_PER_S, TICKS_PER_S
from vedette.node.appearance_terms import find_rejoin_policy
from vedette.node.embeddings import lend_scratch
from vedette.node.file_control import FileControl
from vedette.node.file_faces import FileFaces
from vedette.node.file_journal import Answer, FileJournal, Step
from vedette.node.file_plan import FilePlan
from vedette.node.file_recall import RecalledReplies, make_head
from vedette.node.file_rejoin import join_tracks
from vedette.node.file_replies import FileReplies, ask_worker
from vedette.node.file_results import FileResults, ObjectRecord
from vedette.node.file_watchlists import FileWatch
from vedette.runtime.clock import SystemClock
from vedette.runtime.worker import StartWorker, WorkerCommand, WorkerProcess, start_worker
from vedette.vision import wire
from vedette.vision.best_shot import Box, add_air
from vedette.vision.file_jobs import BegunAgain, CannotGoOnError
from vedette.vision.models.registry import ModelRegistry
from vedette.vision.recognize.attribute_forms import APPEARANCE
from vedette.vision.recognize.describer import Ask, TrackDescriber
from vedette.vision.recognize.face_track import MIN_SIGHTINGS
from vedette.vision.recognize.shots import ShotPolicy
from vedette.vision.recognize.words import say_facts
from vedette.vision.track.tracker import Tracker, TrackPolicy
from vedette.vision.wire import FileInfo, FrameResult, Kind, Overlay

_AHEAD = 2
"""Requests in flight: the worker decodes the next picture while this process follows the tracks of the last."""
_ANNOTATED_WIDTH_PX = 1280
_HOLD_S = 0.5
_BACKGROUND_NICE = 10
_ANNOTATE_BATCH = 8
_FILE_SHOTS = ShotPolicy(per_s=12.0)
"""A file waits for its worker, so twice the share of a live stream."""
_PICTURE_SHOTS = ShotPolicy(per_s=64.0, per_picture=64)
"""A picture has one moment only: everybody in it is looked at."""

_RECALLED_AT_ONCE = 16
"""Steps fed from a journal before others get a turn: some 20 ms."""

Progress = Callable[[float, FileInfo], None]
"""Called now and then with the seconds of the file that are done."""


class Replies(Protocol):
    """Answers questions about the picture that is followed: a worker, or the journal of an earlier one."""

    async def ask_crop(self, pts_90k: int, crop: Box) -> bytes: ...

    async def ask_described(self, ask: Ask) -> bytes | None: ...


@dataclass(frozen=True, slots=True)
class Kept:
    """Where what comes out of the jail is kept while a file is analysed, to go on there after a restart.

    `sha256`: of the file.
    """

    journal: FileJournal
    sha256: str


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """What the summary says of a finished file."""

    info: FileInfo
    frames_read: int
    frames_analyzed: int
    damaged: int


async def plan_as_begun(plan: FilePlan, kept: Kept) -> FilePlan:
    """The plan with the moment at which an earlier run, if there was one, held entries of lists against each other.

    Raises:
        CannotGoOnError, StorageError: as `FileJournal.read_head`.
    """
    head = await asyncio.to_thread(kept.journal.read_head)
    return plan if head is None else replace(plan, lists=replace(plan.lists, at_ns=head.lists_at_ns))


class FileAnalysis:
    """One file. Use `run` once.

    Args:
        control: To pause and to change it while it runs.
        is_background: Other work of this machine goes first.
        kept: Goes on where an earlier run came to, and keeps how far this one comes; None: neither.
        start: Starts the worker.
    """

    def __init__(
        self,
        path: Path,
        plan: FilePlan,
        rules: tuple[Rule, ...],
        *,
        is_picture: bool,
        control: FileControl | None = None,
        is_background: bool = False,
        kept: Kept | None = None,
        start: StartWorker = start_worker,
    ) -> None:
        self._path = path
        self._plan = plan
        self._rules_given = rules
        self._rules = RuleSet(rules)
        self._kept = kept
        self._start_worker = start
        self._is_background = is_background
        self._control = control or FileControl(SystemClock())
        self._tracker = Tracker(TrackPolicy(min_hits=1) if is_picture else None)
        self._is_picture = is_picture
        forms = {name: plan.forms[name] for name in plan.recognizers}
        least_faces = 1 if is_picture else MIN_SIGHTINGS
        shots = _PICTURE_SHOTS if is_picture else _FILE_SHOTS
        self._describer = TrackDescriber(forms, shots, least_faces=least_faces, sets=plan.sets)
        self._releases: Mapping[str, str] = {}
        self.results = FileResults()
        self._watch = FileWatch(plan.lists, self.results)
        self.faces = FileFaces(plan.lists, self.results, least_faces)
        self._followed: list[tuple[float, Tracks]] = []
        self._joined: Mapping[int, int] = {}
        self._read = 0
        self._analysed = 0
        self._damaged = 0
        self._last_s = 0.0
        self._place: wire.FilePlace | None = None
        self._is_place_sought = False
        self._is_read = False
        self.recalled_s: float | None = None
        """Seconds of the file that an earlier run had analysed; None: it begins with the first picture."""

    async def run(self, folder: Path, progress: Progress) -> FileOutcome:
        """Analyses the file and writes the results into `folder`.

        Raises:
            InvalidInputError: the file cannot be decoded.
            WorkerLostError: the worker died of it.
            StorageError: the file cannot be read or the results cannot be written.
            CannotGoOnError: an earlier run was about something else, or its place is not found. The journal is of no
                use, nor is this object.
        """
        async with self._open_worker() as worker:
            info = await self._analyse(worker, progress)
            await asyncio.to_thread(self._write, folder)
            if self._plan.annotate:
                await self._annotate(worker, folder / "annotated.mp4")
        return FileOutcome(info, self._read, self._analysed, self._damaged)

    async def look(self) -> None:
        """Analyses and writes nothing: for what is asked once and kept nowhere. Raises what `run` does."""
        async with self._open_worker() as worker:
            await self._analyse(worker, lambda _, __: None)

    @asynccontextmanager
    async def _open_worker(self) -> AsyncIterator[WorkerProcess]:
        try:
            file = self._path.open("rb")
        except OSError as error:
            raise StorageError(f"{self._path} cannot be read: {error.strerror}") from error
        with file, lend_scratch(self._plan.recognizers) as scratch:
            arguments: tuple[str, ...] = ("--file", str(file.fileno()), *scratch)
            if self._plan.model or self._plan.recognizers:
                arguments += ("--models", str(self._plan.models))
            if self._plan.model:
                arguments += ("--model", self._plan.model, "--ahead", str(self._plan.ahead))
            if self._plan.recognizers:
                arguments += ("--recognizers", ",".join(self._plan.recognizers))
            command = WorkerCommand("vedette.node.vision_worker", arguments, (file.fileno(),))
            worker = await self._start_worker(command)
        if self._is_background:
            os.setpriority(os.PRIO_PROCESS, worker.pid, _BACKGROUND_NICE)
        try:
            yield worker
        finally:
            await worker.stop()

    def _write(self, folder: Path) -> None:
        try:
            self.results.write(folder)
        except OSError as error:
            raise StorageError(f"results cannot be written to {folder}: {error.strerror}") from error

    async def _open(self, worker: WorkerProcess, place: wire.FilePlace | None = None) -> FileInfo:
        detector = "model" if self._plan.model else "motion"
        plan = self._plan
        setup = wire.FileSetup(detector, list(plan.classes), plan.fps, plan.tiles, plan.motion, place)
        return wire.decode(await ask_worker(worker, Kind.FILE_OPEN, wire.encode(setup)), FileInfo)

    async def _analyse(self, worker: WorkerProcess, progress: Progress) -> FileInfo:
        try:
            ready = wire.decode(worker.ready_payload, wire.Ready)
            self._releases = ready.recognizers
            await self._recall(ready)
            info = await self._open(worker, None if self._is_read else self._place)
            if not self._is_read:
                await self._read_on(worker, info, progress)
        finally:
            if self._kept is not None:
                self._kept.journal.close()  # blocks for one write: who is cancelled cannot wait for a thread
        self.results.end(self._last_s)
        self._note_facts(tuple(self.results.objects), no_tracks())
        self.results.faces += self._describer.lone_faces(self.results.faces)
        policy = find_rejoin_policy(ModelRegistry(self._plan.models), self._releases.get(APPEARANCE, ""))
        self._joined = {} if policy is None else join_tracks(self.results, policy)
        if self._read == 0:
            raise InvalidInputError(
                "no picture in this file could be decoded",
                "Play it with another player: if that fails too, the file is damaged.",
            )
        return info

    async def _recall(self, ready: wire.Ready) -> None:
        """Follows again what an earlier run found, without a worker; or begins a journal."""
        if self._kept is None:
            return
        journal, digest = self._kept.journal, self._kept.sha256
        head = await asyncio.to_thread(make_head, self._path, digest, self._plan, self._rules_given, ready)
        kept = await asyncio.to_thread(journal.read_head)
        if kept is None:
            await asyncio.to_thread(journal.begin, head)
            return
        head.check(kept)
        while steps := await asyncio.to_thread(journal.read_steps):
            for first in range(0, len(steps), _RECALLED_AT_ONCE):
                await self._control.wait_going()
                await self._follow_again(steps[first : first + _RECALLED_AT_ONCE])
                await asyncio.sleep(0)  # others get a turn
        await asyncio.to_thread(journal.go_on)
        self._is_place_sought = self._place is not None
        self.recalled_s = self._last_s if self._place else None

    async def _follow_again(self, steps: Sequence[Step]) -> None:
        for step in steps:
            replies = RecalledReplies(step.answers)
            try:
                await self._follow(wire.decode_reply(step.reply), replies)
            except InvalidInputError as error:  # it was checked when it came: by another release
                raise CannotGoOnError(BegunAgain.RELEASE) from error
            replies.check_all_asked()

    async def _read_on(self, worker: WorkerProcess, info: FileInfo, progress: Progress) -> None:
        replies = FileReplies(worker)
        for _ in range(_AHEAD):
            await replies.ask_next()
        progress(self._last_s, info)
        while not self._is_read:
            reply = await self._take_next(replies)
            await self._follow(reply, replies)
            await self._keep(reply, replies.take_answers())
            progress(self._last_s, info)
        await replies.drain()

    async def _take_next(self, replies: FileReplies) -> wire.PacketReply:
        """Takes a reply and asks for the one after the next."""
        try:
            reply = await replies.take_next()
            if not reply.done:
                await self._follow_control(replies)
                await replies.ask_next()
        except InvalidInputError as error:
            if self._is_place_sought:
                raise CannotGoOnError(BegunAgain.FILE) from error
            raise
        self._is_place_sought = self._is_place_sought and not (reply.place or reply.done)
        return reply

    async def _follow(self, reply: wire.PacketReply, replies: Replies) -> None:
        """Takes all that came out of the jail with one reply."""
        self._read += reply.decoded
        self._damaged += reply.damaged
        for result in reply.results:
            await self._take(result, replies)
        self._place = reply.place or self._place
        self._is_read = reply.done

    async def _keep(self, reply: wire.PacketReply, answers: list[Answer]) -> None:
        if self._kept is None or not (reply.place or reply.done):
            return
        journal = self._kept.journal
        journal.note(Step(wire.encode(reply), answers))
        if journal.is_due or reply.done:
            await asyncio.to_thread(journal.flush)

    async def _follow_control(self, replies: FileReplies) -> None:
        await self._control.wait_going()
        if terms := self._control.take_change():
            await replies.set_terms(wire.FileTerms(list(terms.classes), terms.fps))

    async def _take(self, result: FrameResult, replies: Replies) -> None:
        self._analysed += 1
        at_s = self._last_s = result.pts_90k / TICKS_PER_S
        found = wire.decode_boxes(result.boxes or b"")
        update = self._tracker.push(found, at_s)
        size = (result.width, result.height)
        for row in self.results.note_tracks(self._read, at_s, update.tracks, size):
            record = self.results.objects[int(update.tracks.track_id[row])]
            record.jpeg = await replies.ask_crop(result.pts_90k, _crop_of(update.tracks, row))
        asked = await self._describe(result, at_s, update.tracks, replies)
        self._watch.look(asked, at_s, update.tracks, self._describer.facts)
        self.faces.look(asked, at_s, update.tracks, self._describer)
        for picture in self.faces.take_due():
            self.results.pictures[picture.name] = await replies.ask_crop(result.pts_90k, picture.crop)
        self._note_facts(update.ended, update.tracks)
        scene = Scene(round(at_s * NS_PER_S), update.tracks, update.ended, result.motion)
        self.results.note_findings(self._rules.push(scene))
        if self._plan.annotate:
            self._followed.append((at_s, update.tracks))

    async def _describe(self, result: FrameResult, at_s: float, tracks: Tracks, replies: Replies) -> tuple[int, ...]:
        """Asks for closer looks; gives the tracks of which something new is known."""
        asked: tuple[int, ...] = ()
        asks = [self._describer.plan(0, result, at_s, tracks, room=len(tracks))]
        if self._is_picture:
            asks.append(self._describer.plan_whole(0, result, at_s))
        for ask in asks:
            answer = None if ask is None else await replies.ask_described(ask)
            if ask is not None and answer is not None:
                self._describer.take(ask, answer, self._releases)
                asked += ask.track_ids
        return asked

    def _note_facts(self, track_ids: tuple[int, ...], tracks: Tracks) -> None:
        """Takes what was decided of tracks that are over, once each."""
        fresh = [number for number in track_ids if number in self.results.objects]
        fresh = [number for number in fresh if self.results.objects[number].facts is None]
        self._watch.end(fresh, self._last_s, tracks, self._describer.facts)
        for track_id in fresh:
            record = self.results.objects[track_id]
            record.facts, record.look = self._describer.facts(track_id), self._describer.appearance(track_id)
            record.template = self._describer.template(track_id)
            face = self._describer.face(track_id)
            self.results.faces += [face] if face else []
        self._describer.forget(track_ids)

    async def _annotate(self, worker: WorkerProcess, path: Path) -> None:
        """Reads the file again and draws. A picture that was not analysed shows the boxes of the one before."""
        info = await self._open(worker)
        step_s = 1 / info.fps if info.fps else 0.04
        part = path.with_suffix(".part")
        try:
            with part.open("wb") as out:
                for first in range(0, self._read + 1, _ANNOTATE_BATCH):
                    batch = [self._overlays_at(index * step_s) for index in range(first, first + _ANNOTATE_BATCH)]
                    request = wire.AnnotateRequest(batch, _ANNOTATED_WIDTH_PX)
                    out.write(await ask_worker(worker, Kind.ANNOTATE, wire.encode(request)))
            part.replace(path)
        except OSError as error:
            raise StorageError(f"{path} cannot be written: {error.strerror}") from error

    def _overlays_at(self, at_s: float) -> list[Overlay]:
        while len(self._followed) > 1 and self._followed[1][0] <= at_s + 0.005:
            self._followed.pop(0)
        if not self._followed or not -0.005 <= at_s - self._followed[0][0] + 0.005 <= _HOLD_S:
            return []
        return _overlays_of(self._followed[0][1], self.results.objects, self._joined)


def _crop_of(tracks: Tracks, row: int) -> Box:
    left, top, right, bottom = (float(value) for value in tracks.boxes_norm_xyxy[row])
    return add_air((left, top, right, bottom))


def _overlays_of(tracks: Tracks, objects: Mapping[int, ObjectRecord], joined: Mapping[int, int]) -> list[Overlay]:
    """Boxes with what was decided of each track by its end: the video is drawn after the analysis."""
    overlays = []
    for row in range(len(tracks)):
        left, top, right, bottom = (float(value) for value in tracks.boxes_norm_xyxy[row])
        class_id, own_id = int(tracks.class_id[row]), int(tracks.track_id[row])
        track_id = joined.get(own_id, own_id)
        facts = objects[track_id].facts if track_id in objects else None
        lines = [f"{CLASS_NAMES[class_id].replace('_', '-')} {track_id}", *(say_facts(facts) if facts else [])]
        overlays.append(Overlay((left, top, right, bottom), "\n".join(lines), class_id))
    return overlays
