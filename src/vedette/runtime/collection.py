"""Keeps Python's cycle collector from walking a large value again and again while it is built.

A hundred thousand small values that all stay trigger some hundred collections that find nothing: half of the time that
reading them takes (measured: `benchmarks.watchlists`).
"""

import contextlib
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def paused_collection() -> Iterator[None]:
    """No collection of cycles while the context is open, in the whole process: not for work that awaits."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
