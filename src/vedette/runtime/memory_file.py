"""Files that lie in memory alone: what somebody sends is never one that others could find on a disk."""

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def lend_bytes(name: str, data: bytes) -> Iterator[int]:
    """The descriptor of a file of these bytes, closed afterwards. `name`: for whoever looks into /proc."""
    with os.fdopen(os.memfd_create(name, os.MFD_CLOEXEC), "wb") as file:
        file.write(data)
        file.flush()
        yield file.fileno()
