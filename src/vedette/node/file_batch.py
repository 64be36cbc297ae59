"""Analyses many files: finds them, runs a few at a time, keeps the summary, and goes on where it stopped."""

import asyncio
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from vedette.behavior.rules_file import RulesFile
from vedette.core.assignment import Rule
from vedette.core.errors import InvalidInputError, NotFoundError, StorageError, VedetteError
from vedette.core.time import NS_PER_S
from vedette.node.file_analysis import FileAnalysis, FileOutcome, Kept, plan_as_begun
from vedette.node.file_journal import Box, FileJournal
from vedette.node.file_plan import FilePlan
from vedette.node.file_watchlists import FileLists
from vedette.runtime.clock import Clock
from vedette.runtime.files import replace_file
from vedette.runtime.worker import StartWorker, start_worker
from vedette.vision.file_jobs import CannotGoOnError
from vedette.vision.recognize.forms import FORMS
from vedette.vision.wire import FileInfo

VIDEO_SUFFIXES = frozenset(
    {".mp4", ".m4v", ".mov", ".mkv", ".avi", ".wmv", ".flv", ".ts", ".mts", ".m2ts", ".webm", ".mpg", ".mpeg", ".3gp"}
    | {".h264", ".264", ".h265", ".265", ".hevc", ".asf", ".vob", ".dav"}
)
PICTURE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff"})
_REPORT_EVERY_S = 2.0
_JOURNAL = "journal"


@dataclass(frozen=True, slots=True)
class SummaryEntry:
    """One input in `summary.json`. `state`: done | failed | cancelled."""

    path: str
    sha256: str
    state: str
    error: str
    duration_s: float
    frames_read: int
    frames_analyzed: int
    wall_s: float
    release: str
    configuration: str
    folder: str


def find_inputs(paths: Sequence[Path]) -> list[Path]:
    """Files as given, and the videos and pictures in folders, sorted, each once.

    Raises:
        NotFoundError: a path does not exist, or there is nothing to analyse.
    """
    found: list[Path] = []
    for path in paths:
        if not path.exists():
            raise NotFoundError(f"{path} does not exist")
        if path.is_dir():
            found += sorted(
                f for f in path.rglob("*") if f.is_file() and f.suffix.lower() in VIDEO_SUFFIXES | PICTURE_SUFFIXES
            )
        else:
            found.append(path)
    if not found:
        raise NotFoundError("there is no video or picture in what was given")
    return list(dict.fromkeys(found))


def fingerprint(plan: FilePlan, rules: RulesFile | None) -> str:
    """A short fingerprint of everything that shapes the result, so that a resumed run repeats what changed."""
    parts: tuple[object, ...] = (
        plan.model,
        plan.classes,
        plan.fps,
        plan.annotate,
        plan.recognizers,
        msgspec.json.encode(rules),
    )
    parts += (_describe_lists(plan.lists),) if plan.lists.orders else ()
    parts += (plan.tiles,) if plan.tiles else ()
    parts += (plan.motion,) if plan.motion.zones else ()
    parts += tuple(one.terms for one in plan.sets)
    parts += tuple(plan.forms[name] for name in plan.recognizers if name not in FORMS)
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:12]


def _describe_lists(lists: FileLists) -> list[object]:
    """What of lists shapes a result: not the ids, which are new each time that a sheet is read."""
    return [(order.watchlist, [replace(entry, entry_id="") for entry in order.entries]) for order in lists.orders]


class FileBatch:
    """All files of one call, into one output folder.

    Args:
        start: Starts the worker of each.
        box: Seals what came out of the jail until a file is done, to go on there when the call is cut short; None: such
            a file begins again.
    """

    def __init__(
        self,
        plan: FilePlan,
        rules: RulesFile | None,
        out: Path,
        clock: Clock,
        tell: Callable[[str], None],
        start: StartWorker = start_worker,
        box: Box | None = None,
    ) -> None:
        self._plan = plan
        self._rules = rules
        self._out = out
        self._clock = clock
        self._tell = tell
        self._start = start
        self._box = box
        self._configuration = fingerprint(plan, rules)
        self._release = plan.model or "motion-r1"
        self._before = _load_summary(out / "summary.json")
        self._entries: dict[Path, SummaryEntry] = {}
        self._folders: dict[str, Path] = {}

    async def run(self, inputs: Sequence[Path], jobs: int) -> list[SummaryEntry]:
        """Analyses all inputs. A bad file is an entry with an error, never the end of the batch."""
        slots = asyncio.Semaphore(jobs)

        async def take(path: Path) -> None:
            async with slots:
                await self._take(path)

        folders = [self._folder_for(path) for path in inputs]
        self._folders = dict(zip((str(path) for path in inputs), folders, strict=True))
        async with asyncio.TaskGroup() as tasks:
            for path in inputs:
                tasks.create_task(take(path))
        return [self._entries[path] for path in inputs]

    async def _take(self, path: Path) -> None:
        began_ns = self._clock.mono_ns()
        folder = self._folders[str(path)]
        digest = await asyncio.to_thread(_hash_file, path)
        kept = self._before.get(str(path))
        if kept and (kept.sha256, kept.configuration, kept.release, kept.state) == (
            digest,
            self._configuration,
            self._release,
            "done",
        ):
            self._keep(path, kept)
            self._tell(f"{path.name}: done before")
            return
        entry = SummaryEntry(
            str(path), digest, "cancelled", "", 0.0, 0, 0, 0.0, self._release, self._configuration, folder.name
        )
        try:
            entry = await self._analyse(path, folder, entry)
        except VedetteError as error:
            entry = replace(entry, state="failed", error=str(error))
            self._tell(f"{path.name}: {error}")
        finally:
            wall_s = (self._clock.mono_ns() - began_ns) / NS_PER_S
            self._keep(path, replace(entry, wall_s=round(wall_s, 3)))

    async def _analyse(self, path: Path, folder: Path, entry: SummaryEntry) -> SummaryEntry:
        if not path.is_file():
            raise InvalidInputError(
                f"{path} is no file", "Pipes and devices have no end: copy what they give to a file."
            )
        try:
            analysis, outcome = await self._go_on(path, folder, entry.sha256)
        except CannotGoOnError as error:
            self._tell(f"{path.name}: begins again: {error.reason}")
            _drop_journal(folder)
            analysis, outcome = await self._go_on(path, folder, entry.sha256)
        _drop_journal(folder)
        self._tell(f"{path.name}: {len(analysis.results.objects)} objects, {len(analysis.results.events)} events")
        return replace(
            entry,
            state="done",
            duration_s=round(outcome.info.duration_s, 3),
            frames_read=outcome.frames_read,
            frames_analyzed=outcome.frames_analyzed,
        )

    def _open_kept(self, folder: Path, digest: str) -> Kept | None:
        if self._box is None:
            return None
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(f"{folder} cannot be made: {error.strerror}", "Choose another --out.") from error
        name = f"{folder.name} {self._configuration}"  # one of another configuration does not open
        return Kept(FileJournal(folder / _JOURNAL, name, self._box, self._clock, reserve_bytes=0), digest)

    async def _go_on(self, path: Path, folder: Path, digest: str) -> tuple[FileAnalysis, FileOutcome]:
        """Analyses from where the journal ends, or from the first picture. Raises CannotGoOnError."""
        is_picture = path.suffix.lower() in PICTURE_SUFFIXES
        kept = None if is_picture else self._open_kept(folder, digest)
        plan = self._plan if kept is None else await plan_as_begun(self._plan, kept)
        analysis = FileAnalysis(path, plan, self._rules_for(path), is_picture=is_picture, kept=kept, start=self._start)
        report, is_told = self._reporter(path), False

        def note(done_s: float, info: FileInfo) -> None:
            nonlocal is_told
            if not is_told and analysis.recalled_s is not None:
                self._tell(f"{path.name}: goes on at {analysis.recalled_s:.0f} s")
                is_told = True
            report(done_s, info)

        return analysis, await analysis.run(folder, note)

    def _rules_for(self, path: Path) -> tuple[Rule, ...]:
        if self._rules is None:
            return self._plan.default_rules()
        return self._rules.rules_for(path.name if path.name in self._rules.cameras else path.stem)

    def _reporter(self, path: Path) -> Callable[[float, FileInfo], None]:
        last_ns = self._clock.mono_ns()

        def report(done_s: float, info: FileInfo) -> None:
            nonlocal last_ns
            now_ns = self._clock.mono_ns()
            if now_ns - last_ns < _REPORT_EVERY_S * NS_PER_S:
                return
            last_ns = now_ns
            share = f" ({done_s / info.duration_s:.0%})" if info.duration_s else ""
            self._tell(f"{path.name}: {done_s:.0f} s{share}")

        return report

    def _folder_for(self, path: Path) -> Path:
        """One folder per input, named like it; a second input of the same name gets a mark of its path."""
        taken = {folder.name for folder in self._folders.values()}
        names = (path.stem, f"{path.stem}-{hashlib.sha256(str(path.absolute()).encode()).hexdigest()[:8]}")
        name = next((name for name in names if name not in taken), names[1])
        folder = self._out / name
        self._folders[str(path)] = folder
        return folder

    def _keep(self, path: Path, entry: SummaryEntry) -> None:
        self._entries[path] = entry
        known = [self._entries[Path(name)] for name in self._folders if Path(name) in self._entries]
        _save_summary(self._out / "summary.json", known)


def _drop_journal(folder: Path) -> None:
    try:
        (folder / _JOURNAL).unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(f"{folder / _JOURNAL} cannot be removed: {error.strerror}") from error


def _hash_file(path: Path) -> str:
    if not path.is_file():  # a pipe or a device may never end
        return ""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""  # the analysis says why it cannot be read


def _load_summary(path: Path) -> dict[str, SummaryEntry]:
    try:
        entries = msgspec.json.decode(path.read_bytes(), type=list[SummaryEntry])
        return {entry.path: entry for entry in entries}
    except (OSError, msgspec.MsgspecError):
        return {}


def _save_summary(path: Path, entries: Sequence[SummaryEntry]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps([msgspec.to_builtins(entry) for entry in entries], indent=2)
        replace_file(path, f"{text}\n".encode(), 0o644)
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror}", "Choose another --out.") from error
