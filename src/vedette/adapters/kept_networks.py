"""Keeps compiled networks between starts of workers: `DATA/networks`, a file each, sealed.

The parent of the workers holds key and folder; no worker sees either. A file is its identity in clear, a line, and the
network, sealed for its slot and identity. So what was damaged, moved, made by somebody else or for another model,
runtime or processor is not handed out: it is said, and the next start puts the right one in its place. Nothing here
raises: without it starts only take longer. Design: docs/design/vision.md.
"""

import contextlib
import os
import threading
from collections.abc import Callable
from pathlib import Path

from typing_extensions import override

from vedette.adapters.place_cipher import PlaceCipher
from vedette.adapters.secretbox import KEY_BYTES, NodeKeyError, read_node_key
from vedette.runtime.files import replace_file
from vedette.runtime.paths import NodePaths
from vedette.runtime.worker import KeptParts
from vedette.runtime.worker_channel import MAX_MESSAGE_BYTES

MOST_BYTES = 256 << 20
"""The networks of all models in all their shapes are some 60 MB."""
_PURPOSE = b"vedette kept networks 1"
_SUFFIX = ".network"

Tell = Callable[[str], None]


class SealedNetworks(KeptParts):
    """The networks of one folder. Used by several threads.

    Args:
        tell: Hears what is wrong, a line each.
        most_bytes: Of all files; those not used for longest are removed.
    """

    def __init__(self, folder: Path, key: bytes, tell: Tell, most_bytes: int = MOST_BYTES) -> None:
        self._folder, self._tell, self._most_bytes = folder, tell, most_bytes
        self._cipher = PlaceCipher(key, _PURPOSE)
        self._writing = threading.Lock()
        self._given: set[str] = set()
        self._told = ""

    @override
    def find(self, slot: str, identity: str) -> bytes:
        path = self._path_of(slot)
        try:
            with path.open("rb") as file:
                head, _, sealed = file.read(MAX_MESSAGE_BYTES).partition(b"\n")
            if head != identity.encode():
                self._tell(f"the kept network {slot} is of another model, runtime or processor: compiled anew")
                return b""
            clear = self._cipher.open(_place(slot, identity), sealed)
        except FileNotFoundError:
            return b""
        except (OSError, ValueError) as error:
            self._tell(f"the kept network {slot} is damaged or was not made here ({error}): compiled anew")
            return b""
        with contextlib.suppress(OSError):  # where nothing can be written nothing is removed either
            os.utime(path)
        self._given.add(_place(slot, identity))
        return clear

    @override
    def keep(self, slot: str, identity: str, data: bytes) -> None:
        place = _place(slot, identity)
        if place in self._given:
            self._given.discard(place)
            self._tell(f"the kept network {slot} did not load or failed its self-test: compiled anew and replaced")
        sealed = self._cipher.seal(place, data)
        with self._writing:
            try:
                self._folder.mkdir(mode=0o700, exist_ok=True)
                replace_file(self._path_of(slot), identity.encode() + b"\n" + sealed, 0o600)
                self._remove_oldest()
            except OSError as error:
                self._tell_once(f"compiled networks cannot be kept in {self._folder}: {error.strerror}")

    def _remove_oldest(self) -> None:
        files = sorted(((path, path.stat()) for path in self._folder.glob(f"*{_SUFFIX}")), key=lambda f: -f[1].st_mtime)
        total = 0
        for path, state in files:
            total += state.st_size
            if total > self._most_bytes:
                path.unlink(missing_ok=True)

    def _tell_once(self, text: str) -> None:
        if text != self._told:
            self._told = text
            self._tell(text)

    def _path_of(self, slot: str) -> Path:
        return self._folder / f"{slot}{_SUFFIX}"


class HeldNetworks(KeptParts):
    """The networks that workers of this process compiled, in its memory alone: where no file can keep them."""

    def __init__(self) -> None:
        self._parts: dict[str, tuple[str, bytes]] = {}

    @override
    def find(self, slot: str, identity: str) -> bytes:
        held, data = self._parts.get(slot, ("", b""))
        return data if held == identity else b""

    @override
    def keep(self, slot: str, identity: str, data: bytes) -> None:
        self._parts[slot] = (identity, data)


def open_kept_networks(paths: NodePaths, tell: Tell) -> KeptParts:
    """The networks of an installation. Where there is no key to seal them with they are held by this process."""
    key = find_key(paths, lambda why: tell(f"compiled networks are not kept: {why}"))
    return HeldNetworks() if key is None else SealedNetworks(paths.networks, key, tell)


def find_key(paths: NodePaths, tell: Tell) -> bytes | None:
    """An installation's key for what can be made anew, itself made at the first use. None where there is no
    installation, or, which is told, where the key can neither be read nor made.
    """
    if not paths.data.is_dir():
        return None
    try:
        return _ensure_key(paths.networks_key)
    except OSError as error:
        tell(f"{paths.networks_key}: {error.strerror}")
        return None


def _ensure_key(path: Path) -> bytes:
    """The key; a new one where it is no key, or others may have read it: what it sealed is made again."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    with contextlib.suppress(NodeKeyError):
        return read_node_key(path)
    key = os.urandom(KEY_BYTES)
    replace_file(path, key, 0o600)
    return key


def _place(slot: str, identity: str) -> str:
    return f"{slot} {identity}"
