"""Looks at a person's gallery in jailed workers: one for pictures and small videos, one for each large
video. Nothing leaves this machine.

This process never parses a byte of a file; it checks what the workers say. A hostile file ends its worker, which is an
error of that file alone: the next one gets a new worker. Design: docs/design/profile.md.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from vedette.core.errors import InvalidInputError, NotFoundError, StorageError, VedetteError
from vedette.node.file_batch import PICTURE_SUFFIXES, VIDEO_SUFFIXES
from vedette.node.file_replies import receive_reply
from vedette.node.gallery_marks import PlaceJudge, find_mark
from vedette.node.gallery_models import name_releases
from vedette.node.match_terms import find_match_terms
from vedette.runtime.worker import WorkerCommand, WorkerLostError, WorkerProcess, start_worker
from vedette.vision.models.registry import ModelRegistry
from vedette.vision.profile.conclude import sum_leaves
from vedette.vision.profile.gallery_picture import MAX_FILE_BYTES, begins_as_picture
from vedette.vision.profile.observed import Answer, Kind, decode_answer, to_vector
from vedette.vision.profile.occasions import Sight
from vedette.vision.profile.profile import FileFault, Gallery
from vedette.vision.profile.taxonomy import Taxonomy

_MODULE = "vedette.node.gallery_worker"
_REPLY_TIMEOUT_S = 120.0
_PICTURES = PICTURE_SUFFIXES | {".gif"}
_UNREADABLE = frozenset({".heic", ".heif", ".avif", ".dng", ".cr2", ".nef", ".arw"})
MAX_FILES = 20_000
Tell = Callable[[str], None]


@dataclass(slots=True)
class _Seen:
    """What is known so far."""

    sights: list[Sight] = field(default_factory=list)
    faults: list[FileFault] = field(default_factory=list)
    pictures: int = 0
    videos: int = 0


def find_gallery_files(paths: Sequence[Path]) -> list[Path]:
    """Files as given, and all pictures and videos in folders, sorted, each once.

    Raises:
        NotFoundError: a path does not exist, or there is nothing to look at.
        InvalidInputError: more than `MAX_FILES`.
    """
    known = _PICTURES | VIDEO_SUFFIXES | _UNREADABLE
    found: list[Path] = []
    for path in paths:
        if not path.exists():
            raise NotFoundError(f"{path} does not exist")
        inside = sorted(path.rglob("*")) if path.is_dir() else [path]
        found += [file for file in inside if file == path or (file.is_file() and file.suffix.lower() in known)]
    files = list(dict.fromkeys(found))
    if not files:
        raise NotFoundError("there is no picture or video in what was given")
    if len(files) > MAX_FILES:
        raise InvalidInputError(f"{len(files)} files are more than {MAX_FILES:,}", "Give a part of the gallery.")
    return files


class GalleryLook:
    """Looks at one gallery. Use `run` once.

    Args:
        has_faces: Whether faces are looked for: their models are installed.
        tell: Told in words how far it is.
    """

    def __init__(self, registry: ModelRegistry, taxonomy: Taxonomy, tell: Tell, *, has_faces: bool) -> None:
        self._registry, self._taxonomy, self._tell, self._has_faces = registry, taxonomy, tell, has_faces
        self._places = PlaceJudge()
        self._seen = _Seen()
        self._worker: WorkerProcess | None = None
        self.jail = ""

    async def run(self, files: Sequence[Path], same_picture: float) -> Gallery:
        """Looks at all files. A bad one is an entry, never the end.

        Raises:
            WorkerLostError: no worker can be started.
        """
        with TemporaryDirectory(prefix="vedette-profile-") as scratch:
            try:
                for number, path in enumerate(files, 1):
                    await self._take(path, Path(scratch))
                    self._tell(f"{number} of {len(files)}: {path.name}")
            finally:
                await self._stop()
        seen = self._seen
        return Gallery(
            seen.sights,
            seen.pictures,
            seen.videos,
            seen.faults,
            name_releases(self._registry, has_faces=self._has_faces),
            same_picture,
            find_match_terms(self._registry).sure,
            self._has_faces,
        )

    async def _take(self, path: Path, scratch: Path) -> None:
        try:
            refused = await asyncio.to_thread(self._judge, path)
            if refused:
                self._note(path, FileFault(str(path), "refused", f"not looked at: {refused}"))
                return
            head = _read(path, 16)
            if begins_as_picture(head):
                await self._look_at_picture(path, scratch)
            else:
                _check_video(path, head)
                await self._look_at_video(path, scratch)
        except WorkerLostError:
            await self._stop()
            self._note(
                path, FileFault(str(path), "failed", "its decoder ended or hung: the file is damaged or hostile")
            )
        except VedetteError as error:
            self._note(path, FileFault(str(path), "failed", str(error)))

    def _judge(self, path: Path) -> str:
        """Why a file is refused, empty for none."""
        if not path.is_file():
            raise InvalidInputError(
                f"{path} is no file", "Pipes and devices have no end: copy what they give to a file."
            )
        try:
            return self._places.judge(path) or find_mark(path)
        except OSError as error:
            raise StorageError(f"{path} cannot be read: {error.strerror}") from error

    def _note(self, path: Path, fault: FileFault) -> None:
        self._seen.faults.append(fault)
        self._tell(f"{path.name}: {fault.error}")

    async def _look_at_picture(self, path: Path, scratch: Path) -> None:
        data = _read(path, MAX_FILE_BYTES + 1)
        if len(data) > MAX_FILE_BYTES:
            raise InvalidInputError(f"a picture file may have {MAX_FILE_BYTES >> 20} MB at most", "Save it smaller.")
        if self._worker is None:
            self._worker = await self._start(scratch, None)
        self._keep(path, await _ask(self._worker, Kind.PICTURE, data), is_frame=False)
        self._seen.pictures += 1

    async def _look_at_video(self, path: Path, scratch: Path) -> None:
        data = _read(path, MAX_FILE_BYTES + 1)
        if len(data) <= MAX_FILE_BYTES:
            self._worker = self._worker or await self._start(scratch, None)
            await self._follow(path, self._worker, await _ask(self._worker, Kind.VIDEO, data))
        else:
            worker = await self._start(scratch, path)
            try:
                await self._follow(path, worker, await _ask(worker, Kind.NEXT, b""))
            finally:
                await worker.stop()
        if not any(sight.path == str(path) for sight in self._seen.sights):
            raise InvalidInputError("no picture in this file could be decoded")
        self._seen.videos += 1

    async def _follow(self, path: Path, worker: WorkerProcess, answer: Answer) -> None:
        while self._keep(path, answer, is_frame=True):
            if answer.duration_s:
                self._tell(f"{path.name}: {answer.observed.at_s if answer.observed else 0:.0f} s")
            answer = await _ask(worker, Kind.NEXT, b"")

    def _keep(self, path: Path, answer: Answer, *, is_frame: bool) -> bool:
        """Takes what was seen; whether there was anything."""
        seen = answer.observed
        if seen is None:
            return False
        leaves = sum_leaves(seen.classes, self._taxonomy)
        at_s = round(seen.at_s, 3) if is_frame else None
        embedding = np.array(to_vector(seen.embedding))
        self._seen.sights.append(Sight(str(path), at_s, leaves, embedding, tuple(seen.faces), seen.jpeg))
        return True

    async def _start(self, scratch: Path, video: Path | None) -> WorkerProcess:
        arguments: tuple[str, ...] = ("--models", str(self._registry.directory.absolute()), "--scratch", str(scratch))
        arguments += ("--faces",) if self._has_faces else ()
        if video is None:
            worker = await start_worker(WorkerCommand(_MODULE, arguments))
        else:
            with video.open("rb") as file:
                arguments += ("--video", str(file.fileno()))
                worker = await start_worker(WorkerCommand(_MODULE, arguments, (file.fileno(),)))
        self.jail = worker.ready_payload.decode("ascii", "replace")[:16]
        return worker

    async def _stop(self) -> None:
        worker, self._worker = self._worker, None
        if worker is not None:
            await worker.stop()


def _read(path: Path, most_bytes: int) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(most_bytes)
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror}") from error


def _check_video(path: Path, head: bytes) -> None:
    """Refuses at once what would only cost a worker's start."""
    suffix = path.suffix.lower()
    if suffix in _UNREADABLE or head[4:12] in {b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypavif"}:
        raise InvalidInputError("this format of pictures is not read", "Save it as JPEG.")
    if suffix in _PICTURES:
        raise InvalidInputError("this is no picture, whatever its name says", "Open it with another program.")
    if not head:
        raise InvalidInputError("the file is empty")


async def _ask(worker: WorkerProcess, kind: Kind, payload: bytes) -> Answer:
    await worker.send(kind, payload)
    message = await receive_reply(worker, _REPLY_TIMEOUT_S)
    if message.kind == Kind.FAILED:
        raise InvalidInputError(message.payload[:300].decode("utf-8", "replace"))
    try:
        return decode_answer(message.payload)
    except InvalidInputError as error:  # it may have been taken over: it is not asked again
        raise WorkerLostError("a worker of the gallery talks nonsense") from error
