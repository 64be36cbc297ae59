"""Enhances one file: a first jailed worker says what it is, a second one with the network for its size enlarges it.

This process never parses a byte of the file; it checks what the workers say and puts their bytes on disk. Result files
are written beside and renamed, so that half a file never looks like a whole one. Design: docs/design/enhance.md.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from vedette.core.errors import InvalidInputError, StorageError
from vedette.node.file_replies import ask_worker
from vedette.runtime.worker import WorkerCommand, WorkerProcess, start_worker
from vedette.vision import wire
from vedette.vision.enhance.bank import MODEL
from vedette.vision.enhance.marks import describe_enhancement
from vedette.vision.enhance.messages import Corner, Kind, Part, Probed, decode_probed
from vedette.vision.enhance.network import SCALE
from vedette.vision.models.registry import ModelRegistry

_FORMATS = {".jpg": "jpeg", ".jpeg": "jpeg", ".png": "png", ".bmp": "bmp", ".mp4": "mp4", ".mkv": "mkv"}
_VIDEOS = frozenset({"mp4", "mkv"})
Progress = Callable[[float, float], None]
"""Called with the seconds of a video that are done, and its length (0: not known)."""


@dataclass(frozen=True, slots=True)
class EnhancePlan:
    """How to enhance. `remark`: a sentence more for the file of a video, besides the one that says what it is."""

    corner: Corner = "bottom-right"
    threads: int = 2
    niceness: int = 0
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Enhanced:
    """What was made. `jail`: `holds`, `weakened` or `absent`, as the worker reported it."""

    width: int
    height: int
    weight_set: str
    release: str
    jail: str


@dataclass(frozen=True, slots=True)
class NetworkChoice:
    """For which size, and with which weights; `note` is the sentence that goes into the file."""

    width: int
    height: int
    weight_set: str
    note: str


def enlarging(network: NetworkChoice, form: str, plan: EnhancePlan) -> list[str]:
    """The arguments of a worker that enlarges; without any it only looks."""
    arguments = ["--width", str(network.width), "--height", str(network.height), "--weight-set", network.weight_set]
    arguments += ["--format", form, "--corner", plan.corner, "--threads", str(plan.threads)]
    arguments += ["--niceness", str(plan.niceness)]
    return [*arguments, "--note", network.note]


async def start_enhancer(descriptor: int, arguments: Sequence[str]) -> WorkerProcess:
    """Starts the jailed worker on an open file.

    Raises:
        UnavailableError: it does not start.
    """
    given = ("--file", str(descriptor), *arguments)
    return await start_worker(WorkerCommand("vedette.node.enhance_worker", given, (descriptor,)))


async def enhance_file(path: Path, out: Path, plan: EnhancePlan, progress: Progress) -> Enhanced:
    """Makes of a picture or video one of twice the size.

    Raises:
        InvalidInputError: the file is no picture or video, too large, or does not fit the result's format.
        StorageError: it cannot be read, or the result cannot be written.
        WorkerLostError: a worker died of it.
    """
    form = choose_format(path, out)
    registry = ModelRegistry(Path())
    release = registry.find_named(MODEL).release
    probed = await _probe(path)
    if probed.is_picture != (form not in _VIDEOS):
        kind, wanted = ("picture", ".jpg, .png or .bmp") if probed.is_picture else ("video", ".mp4")
        raise InvalidInputError(f"{path.name} is a {kind}: the result must end in {wanted}, not {out.suffix}")
    network = NetworkChoice(
        probed.width, probed.height, probed.weight_set, describe_enhancement(release, probed.weight_set)
    )
    worker = await _start(path, enlarging(network, form, plan))
    try:
        await _write(worker, out, plan.remark, lambda at_s: progress(at_s, probed.duration_s))
    finally:
        await worker.stop()
    jail = worker.ready_payload.decode("ascii", "replace")[:16]
    return Enhanced(SCALE * probed.width, SCALE * probed.height, probed.weight_set, release, jail)


def choose_format(path: Path, out: Path) -> str:
    """The format that the name of the result asks for.

    Raises:
        InvalidInputError: it is none that can be written, or the result would replace its own source.
    """
    form = _FORMATS.get(out.suffix.lower())
    if form is None:
        raise InvalidInputError(
            f"{out.name} is no result that can be written",
            "End it in .jpg, .png or .bmp for a picture, in .mp4 or .mkv for a video.",
        )
    if out.exists() and path.exists() and out.samefile(path):
        raise InvalidInputError("the result would replace the recording it is made of", "Give it another name.")
    return form


async def _probe(path: Path) -> Probed:
    worker = await _start(path, [])
    try:
        return decode_probed(await ask_worker(worker, Kind.PROBE, b""))
    finally:
        await worker.stop()


async def _start(path: Path, arguments: list[str]) -> WorkerProcess:
    try:
        file = path.open("rb")
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror}") from error
    with file:
        return await start_enhancer(file.fileno(), arguments)


async def _write(worker: WorkerProcess, out: Path, remark: str, tell: Callable[[float], None]) -> None:
    part_path = out.with_name(f".{out.name}.part")
    try:
        with part_path.open("wb") as file:
            while not (part := wire.decode(await ask_worker(worker, Kind.NEXT, remark.encode()), Part)).done:
                file.write(part.data)
                tell(part.at_s)
            file.flush()
            os.fsync(file.fileno())
        part_path.replace(out)
    except OSError as error:
        raise StorageError(f"{out} cannot be written: {error.strerror}") from error
    finally:
        part_path.unlink(missing_ok=True)
