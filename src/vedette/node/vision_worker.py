"""The jailed vision worker: decodes, finds motion, infers and encodes snapshots, with no files and no network.

Started by the analyzer and by `vedette analyze` as `python -m vedette.node.vision_worker --channel FD ...`; never
by hand. The order is that of docs/design/jail.md: confine, then import and warm up, then lock, then say so.
Heavy modules are imported inside functions, because the first layer must hold before they load.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from vedette.core.errors import VedetteError
from vedette.node.jailed_worker import open_scratch
from vedette.runtime.jail import Jail, JailReport
from vedette.runtime.worker_channel import StartShelf, WorkerChannel, open_inherited_channel
from vedette.vision.models.kept import NOTHING_KEPT, KeptNetworks

if TYPE_CHECKING:
    from vedette.vision.session import WorkerSession

HEADROOM_BYTES = 1536 << 20
"""Pictures held by decoders of many streams: 16 reference pictures of 4K are 200 MB."""


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """What the command line says. `model`: name of the model to load, empty for motion alone. `recognizers`: names
    of those to load; their models are installed. `ahead`: pictures of a file with the model at a time. `scratch`: a
    private folder for a model that is read from a path alone.
    """

    channel: int
    models: Path
    model: str
    file: int | None
    recognizers: tuple[str, ...] = ()
    ahead: int = 1
    scratch: Path | None = None


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one worker until its parent closes the channel."""
    options = parse_options(arguments)
    scratch = open_scratch(options.scratch) if options.scratch else None
    readable = [options.models] if options.model or options.recognizers else []
    jail = Jail()
    jail.confine_files(readable + ([options.scratch] if options.scratch else []))
    channel = open_inherited_channel(options.channel)
    try:
        prepared = prepare(options, scratch, StartShelf(channel))
    except VedetteError as error:  # the parent hears of it: these are this worker's last words
        sys.stderr.write(f"{error.code}: {error}\n")
        return 1
    report = jail.lock(headroom_bytes=HEADROOM_BYTES)
    serve(channel, prepared, report)
    return 0


@dataclass(frozen=True, slots=True)
class PreparedWorker:
    """All that a worker needs, loaded and run once. `recognizers`: name to release."""

    session: "WorkerSession"
    release: str
    inference_ms: float
    recognizers: dict[str, str]


def prepare(
    options: WorkerOptions, scratch: IO[bytes] | None = None, kept: KeptNetworks = NOTHING_KEPT
) -> PreparedWorker:
    """Imports, compiles and runs everything once, while files can still be read. The file is not: what is compiled
    here may be kept for other workers, which must owe nothing to foreign bytes.
    """
    import cv2  # noqa: PLC0415 -- after the first layer of the jail

    from vedette.node.recognizers import StartMeans, load_recognizers  # noqa: PLC0415 -- as above
    from vedette.node.vision_warmup import load_detector, warm_up, warm_up_recognizers  # noqa: PLC0415 -- as above
    from vedette.vision.session import WorkerSession  # noqa: PLC0415 -- as above

    cv2.setNumThreads(1)
    detector = load_detector(options.models, options.model, options.ahead, kept) if options.model else None
    file = os.fdopen(options.file, "rb") if options.file is not None else None
    recognizers = load_recognizers(options.models, options.recognizers, StartMeans(kept, scratch))
    warm_up_recognizers(recognizers)
    return PreparedWorker(
        WorkerSession(detector, file, recognizers),
        detector.release if detector else "motion-r1",
        warm_up(detector),
        {recognizer.form.name: recognizer.release for recognizer in recognizers},
    )


def serve(channel: WorkerChannel, prepared: PreparedWorker, report: JailReport) -> None:
    """Says that the worker is ready and what holds, then answers until the parent is gone."""
    from vedette.vision import wire  # noqa: PLC0415 -- loaded by `prepare` already

    ready = wire.Ready(
        report.landlock_abi,
        report.layers,
        report.reasons,
        prepared.release,
        prepared.inference_ms,
        prepared.recognizers,
    )
    channel.send(wire.Kind.READY, wire.encode(ready))
    while (message := channel.receive()) is not None:
        channel.send(*prepared.session.handle(message.kind, message.payload))


def parse_options(arguments: Sequence[str] | None) -> WorkerOptions:
    parser = argparse.ArgumentParser(prog="vision_worker")
    parser.add_argument("--channel", type=int, required=True)
    parser.add_argument("--models", type=Path, default=Path())
    parser.add_argument("--model", default="")
    parser.add_argument("--file", type=int)
    parser.add_argument("--recognizers", default="")
    parser.add_argument("--ahead", type=int, default=1)
    parser.add_argument("--scratch", type=Path)
    given = parser.parse_args(arguments)
    names = tuple(name for name in given.recognizers.split(",") if name)
    ahead = max(1, given.ahead)
    return WorkerOptions(given.channel, given.models, given.model, given.file, names, ahead, given.scratch)


if __name__ == "__main__":
    sys.exit(main())
