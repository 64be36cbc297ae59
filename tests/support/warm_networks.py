"""Networks that one start of workers compiled, lent to the starts of later tests: a second or two of processor each.

One folder a test run, shared by its processes, as one installation's `DATA/networks` is by its starts. Whoever tests
what a first start does asks for none.
"""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from vedette.adapters.secretbox import KEY_BYTES
from vedette.runtime.paths import NodePaths

_RUN = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))


@contextlib.contextmanager
def warm_networks(data: Path) -> Iterator[None]:
    """Puts what is there into an installation, and takes from it what it compiled besides. One with a key keeps it."""
    paths, shelf = NodePaths(data), _open_shelf()
    if not paths.networks_key.exists():
        paths.networks_key.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copy(shelf.networks_key, paths.networks_key)
        _link_new(shelf.networks, paths.networks)
    yield
    if paths.networks_key.exists() and paths.networks_key.read_bytes() == shelf.networks_key.read_bytes():
        _link_new(paths.networks, shelf.networks)


def _open_shelf() -> NodePaths:
    shelf = NodePaths(Path(tempfile.gettempdir()) / f"vedette-networks-{_RUN}")
    shelf.networks.mkdir(mode=0o700, parents=True, exist_ok=True)
    shelf.networks_key.parent.mkdir(mode=0o700, exist_ok=True)
    if not shelf.networks_key.exists():
        fresh = shelf.networks_key.with_name(f"{os.getpid()}.key")
        fresh.touch(mode=0o600)
        fresh.write_bytes(os.urandom(KEY_BYTES))
        with contextlib.suppress(FileExistsError):  # another process of the run was quicker
            os.link(fresh, shelf.networks_key)
        fresh.unlink()
    return shelf


def _link_new(source: Path, target: Path) -> None:
    """Files are replaced as a whole, never written into: they can be shared."""
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in source.glob("*.network"):
        with contextlib.suppress(FileExistsError, FileNotFoundError):
            os.link(path, target / path.name)
