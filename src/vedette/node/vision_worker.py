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
from typing import TYPE_CHECKING

from vedette.runtime.jail import Jail, JailReport
from vedette.runtime.worker_channel import WorkerChannel, open_inherited_channel

if TYPE_CHECKING:
    from vedette.vision.ports import Detector
    from vedette.vision.session import WorkerSession

HEADROOM_BYTES = 1536 << 20
"""Pictures held by decoders of many streams: 16 reference pictures of 4K are 200 MB."""


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """What the command line says. `model`: name of the model to load, empty for motion alone."""

    channel: int
    models: Path
    model: str
    file: int | None


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one worker until its parent closes the channel."""
    options = parse_options(arguments)
    jail = Jail()
    jail.confine_files([options.models] if options.model else [])
    channel = open_inherited_channel(options.channel)
    session, detector, inference_ms = prepare(options)
    report = jail.lock(headroom_bytes=HEADROOM_BYTES)
    serve(channel, session, detector, report, inference_ms)
    return 0


def prepare(options: WorkerOptions) -> "tuple[WorkerSession, Detector | None, float]":
    """Imports, compiles and runs everything once, while files can still be read."""
    import cv2  # noqa: PLC0415 - after the first layer of the jail

    from vedette.node.vision_warmup import load_detector, warm_up  # noqa: PLC0415 - as above
    from vedette.vision.session import WorkerSession  # noqa: PLC0415 - as above

    cv2.setNumThreads(1)
    detector = load_detector(options.models, options.model) if options.model else None
    file = os.fdopen(options.file, "rb") if options.file is not None else None
    session = WorkerSession(detector, file)
    return session, detector, warm_up(detector)


def serve(
    channel: WorkerChannel,
    session: "WorkerSession",
    detector: "Detector | None",
    report: JailReport,
    inference_ms: float,
) -> None:
    """Says that the worker is ready and what holds, then answers until the parent is gone."""
    from vedette.vision import wire  # noqa: PLC0415 - loaded by `prepare` already

    ready = wire.Ready(
        report.landlock_abi,
        report.layers,
        report.reasons,
        detector.release if detector else "motion-r1",
        inference_ms,
    )
    channel.send(wire.Kind.READY, wire.encode(ready))
    while (message := channel.receive()) is not None:
        channel.send(*session.handle(message.kind, message.payload))


def parse_options(arguments: Sequence[str] | None) -> WorkerOptions:
    parser = argparse.ArgumentParser(prog="vision_worker")
    parser.add_argument("--channel", type=int, required=True)
    parser.add_argument("--models", type=Path, default=Path())
    parser.add_argument("--model", default="")
    parser.add_argument("--file", type=int)
    given = parser.parse_args(arguments)
    return WorkerOptions(given.channel, given.models, given.model, given.file)


if __name__ == "__main__":
    sys.exit(main())
