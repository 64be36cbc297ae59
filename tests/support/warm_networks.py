"""Networks that one start of workers compiled, lent to the starts of later tests: a second or more of processor each.

One shelf a test run, shared by its processes, as one installation's `DATA/networks` is by its starts. It lies beside
the run's temporary folders and goes with them.
"""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from vedette.adapters.secretbox import KEY_BYTES
from vedette.runtime.paths import NodePaths

_shelf: NodePaths | None = None


def open_shelf(base: Path) -> None:
    """Of this process; `base` is the folder of the run's temporary folders."""
    global _shelf  # noqa: PLW0603 -- one a process, as the run has one
    _shelf = NodePaths(base / "shelf")
    _shelf.networks.mkdir(mode=0o700, parents=True, exist_ok=True)
    _shelf.networks_key.parent.mkdir(mode=0o700, exist_ok=True)
    fresh = _shelf.networks_key.with_name(f"{os.getpid()}.fresh")
    fresh.touch(mode=0o600)
    fresh.write_bytes(os.urandom(KEY_BYTES))
    with contextlib.suppress(FileExistsError):  # another process of the run was quicker
        os.link(fresh, _shelf.networks_key)
    fresh.unlink()


@contextlib.contextmanager
def warm_networks(data: Path, *, with_costs: bool = False) -> Iterator[None]:
    """Puts what is on the shelf into an installation that has no key yet, and back what it compiled besides.

    `with_costs`: also what detectors were measured to cost here, which takes a busy minute.
    """
    paths, shelf = NodePaths(data), _shelf
    if shelf is None or paths.networks_key.exists():
        yield
        return
    paths.networks_key.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.copy(shelf.networks_key, paths.networks_key)
    _link_new(shelf.networks, paths.networks)
    if with_costs:
        _link(shelf.model_costs, paths.model_costs)
    yield
    with contextlib.suppress(FileNotFoundError):
        if paths.networks_key.read_bytes() == shelf.networks_key.read_bytes():
            _link_new(paths.networks, shelf.networks)
    if with_costs:
        _link(paths.model_costs, shelf.model_costs)


def _link_new(source: Path, target: Path) -> None:
    """Files are replaced as a whole, never written into: they can be shared."""
    for path in source.glob("*.network"):
        _link(path, target / path.name)


def _link(source: Path, target: Path) -> None:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError, FileNotFoundError):
        os.link(source, target)
