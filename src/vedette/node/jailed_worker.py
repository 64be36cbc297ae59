"""The life of a jailed worker that answers questions: confine, prepare, lock, say so, answer. See docs/design/jail.md.

A worker's module parses its options and says how it prepares; heavy modules are imported in there, because the first
layer of the jail must hold before they load.
"""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

from vedette.core.errors import VedetteError
from vedette.runtime.jail import Jail
from vedette.runtime.worker_channel import StartShelf, open_inherited_channel
from vedette.vision.models.kept import KeptNetworks

Answer = Callable[[int, bytes], tuple[int, bytes]]
"""Kind and payload of a question to those of its answer."""


def run_jailed(
    channel: int, readable: Sequence[Path], headroom_bytes: int, prepare: Callable[[KeptNetworks], Answer]
) -> int:
    """Runs one worker until its parent closes the channel; returns its exit code.

    Args:
        channel: The inherited descriptor.
        readable: Folders that `prepare` reads from.
        headroom_bytes: Memory that answers may take on top of what is prepared.
        prepare: Imports, compiles and runs everything once, while files can still be read; gets what earlier starts
            compiled.
    """
    jail = Jail()
    jail.confine_files(readable)
    opened = open_inherited_channel(channel)
    try:
        answer = prepare(StartShelf(opened))
    except VedetteError as error:  # the parent hears of it: these are this worker's last words
        sys.stderr.write(f"{error.code}: {error}\n")
        return 1
    report = jail.lock(headroom_bytes=headroom_bytes)
    opened.send(0, report.state.encode())
    while (message := opened.receive()) is not None:
        opened.send(*answer(message.kind, message.payload))
    return 0


def open_scratch(folder: Path) -> IO[bytes]:
    """An empty file in a private folder, for the model that its runtime reads from a path alone. Before the jail."""
    from tempfile import NamedTemporaryFile  # noqa: PLC0415 -- most workers need none

    return NamedTemporaryFile(suffix=".tflite", dir=folder, delete=False)
