"""Files that are there whole or not at all, also after a power cut. Blocks: call in a thread."""

import os
from pathlib import Path

UNFINISHED = ".new"
"""How the name of a file ends that `replace_file` has not finished; a crash leaves it."""


def sync_path(path: Path) -> None:
    """Makes a file's content, or the names in a folder, durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace_file(path: Path, data: bytes, mode: int = 0o640) -> None:
    """Replaces a file, atomically and durably."""
    temporary = path.with_name(f".{path.name}{UNFINISHED}")
    with os.fdopen(os.open(temporary, os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC, mode), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    sync_path(path.parent)
