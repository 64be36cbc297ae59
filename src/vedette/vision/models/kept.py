"""What a worker's start takes from earlier ones: compiled networks, and where they are kept.

A kept network is named twice. Its *slot* is the place that it has: one model, one shape, one set of options. Its
*identity* is a hash of everything that decided what was compiled: what is in the slot under another identity is stale.
Design: docs/design/vision.md.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from typing_extensions import override


class KeptNetworks(Protocol):
    """Compiled networks of earlier starts. Asked from several threads."""

    def find(self, slot: str, identity: str) -> bytes | None:
        """The network, empty when there is none yet. None: nothing is kept here."""
        ...

    def keep(self, slot: str, identity: str, data: bytes) -> None:
        """Has a network kept, instead of what is in its slot."""
        ...


class NothingKept(KeptNetworks):
    """Every start compiles."""

    @override
    def find(self, slot: str, identity: str) -> bytes | None:
        return None

    @override
    def keep(self, slot: str, identity: str, data: bytes) -> None: ...


NOTHING_KEPT = NothingKept()


@dataclass(frozen=True, slots=True)
class NetworkRecipe:
    """All that decides what is compiled.

    Attributes:
        model: Name of the model.
        files: Its bytes, verified.
        shape: Of the input; empty: as the model says.
        options: Of the runtime, and of how the network is changed before it is compiled.
        code: What changes it so: its source text.
    """

    model: str
    files: Sequence[bytes]
    shape: Sequence[int]
    options: Mapping[str, str | int | bool]
    code: bytes

    @property
    def slot(self) -> str:
        options = hashlib.sha256(json.dumps(self.options, sort_keys=True).encode()).hexdigest()[:8]
        return f"{self.model}-{'x'.join(map(str, self.shape)) or 'own'}-{options}"

    def identify(self, machine: Sequence[str]) -> str:
        """Hexadecimal SHA-256 of the recipe and of where it is followed: runtime and processor, in words."""
        parts: dict[str, object] = {
            "format": 1,
            "model": self.model,
            "files": [hashlib.sha256(data).hexdigest() for data in self.files],
            "shape": list(self.shape),
            "options": dict(self.options),
            "code": hashlib.sha256(self.code).hexdigest(),
            "machine": list(machine),
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
