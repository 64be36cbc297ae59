"""Seals the journals of file analyses: what recognizers said of people is in them, and no template lies in clear.

The place of a block in its journal goes with the seal, so blocks that were moved, left out or changed do not open.
"""

from collections.abc import Callable

from vedette.adapters.kept_networks import find_key
from vedette.adapters.place_cipher import PlaceCipher
from vedette.core.errors import StorageError
from vedette.runtime.paths import NodePaths

_PURPOSE = b"vedette file journals 1"


class SealedBlockError(StorageError):
    """A sealed block does not open: another key, another place, or damaged."""

    code = "sealed_block"


class JournalBox:
    """Seals and opens with a key derived from the node's."""

    def __init__(self, node_key: bytes) -> None:
        self._cipher = PlaceCipher(node_key, _PURPOSE)

    def seal(self, place: str, clear: bytes) -> bytes:
        """Seals bytes for one place."""
        return self._cipher.seal(place, clear)

    def open(self, place: str, sealed: bytes) -> bytes:
        """Opens what was sealed for this place.

        Raises:
            SealedBlockError: it does not open.
        """
        try:
            return self._cipher.open(place, sealed)
        except ValueError as exc:
            raise SealedBlockError(f"the block {place} does not open", "The job begins again.") from exc


def open_command_box(paths: NodePaths, tell: Callable[[str], None]) -> JournalBox | None:
    """For a command on files, with the key that also seals compiled networks. None where there is no such key: an
    analysis that is interrupted begins again then.
    """
    key = find_key(paths, lambda why: tell(f"no journal is kept: {why}"))
    return None if key is None else JournalBox(key)
