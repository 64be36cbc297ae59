"""What can go wrong with a simulated camera, and how packets are spoiled.

Pure. Scripts are read by `fault_script`; reference for users: docs/guide/simulator.md.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from vedette.core.media import Codec


class FaultKind(StrEnum):
    """Every fault; what each one does is said in the guide."""

    REFUSE = "refuse"
    NO_ANSWER = "no_answer"
    WEB_PAGE = "web_page"
    UNAVAILABLE = "unavailable"
    DISCONNECT = "disconnect"
    STALL = "stall"
    FREEZE = "freeze"
    REPLAY = "replay"
    LOSS = "loss"
    REORDER = "reorder"
    DUPLICATE = "duplicate"
    CORRUPT = "corrupt"
    GARBAGE = "garbage"
    TIMESTAMP_JUMP = "timestamp_jump"
    DRIFT = "drift"
    WRONG_NTP = "wrong_ntp"
    DELAY = "delay"
    NO_REPORTS = "no_reports"
    SOURCE = "source"
    ALTER = "alter"
    OMIT = "omit"
    SWAP = "swap"
    UNSIGN = "unsign"
    FOREIGN_KEY = "foreign_key"
    CLEAR = "clear"


ANSWER_FAULTS = frozenset({FaultKind.REFUSE, FaultKind.NO_ANSWER, FaultKind.WEB_PAGE, FaultKind.UNAVAILABLE})
"""Faults of the connection itself: the camera does not get as far as a stream."""

TAMPERING_FAULTS = frozenset({FaultKind.ALTER, FaultKind.OMIT, FaultKind.SWAP, FaultKind.UNSIGN, FaultKind.FOREIGN_KEY})
"""What somebody does to a signed stream behind the camera, without a trace in the transport."""

MOMENTARY_FAULTS = frozenset({FaultKind.DISCONNECT, FaultKind.GARBAGE, FaultKind.TIMESTAMP_JUMP, FaultKind.CLEAR})
"""Faults that are over when they have happened; the others last until `for_s` is over or until `clear`."""


@dataclass(frozen=True, slots=True)
class ClipVariant:
    """How the clip of a `source` fault is encoded again before the server starts.

    Attributes:
        codec: None keeps the codec of the clip.
        size: Width and height; None keeps the size of the clip.
        gop_s: Distances of key frames, used in turn: several make the irregular GOPs of a "smart" codec.
    """

    codec: Codec | None = None
    size: tuple[int, int] | None = None
    gop_s: tuple[float, ...] = (2.0,)


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault, ready to be applied.

    Attributes:
        value: The number of this kind, in the unit of its name in scripts; 0 where there is none.
        file: The clip to change to, for `source`; None: the stream's own.
        variant: How that clip is encoded again, for `source`; None: as it is.
    """

    kind: FaultKind
    value: float = 0.0
    file: Path | None = None
    variant: ClipVariant | None = None


@dataclass(frozen=True, slots=True)
class FaultStep:
    """One line of a script: a fault, where, and when.

    Attributes:
        camera: Name of a camera, or `*`.
        stream: `main`, `sub` or `*`.
        at_s: Seconds since the server started; with `on_connection`, since that connection's first request.
        on_connection: Only at the camera's n-th connection, counted from 1.
        for_s: The fault is cleared after this time; None: it stays.
        every_s: The step happens again with this period; None: once.
    """

    fault: Fault
    camera: str = "*"
    stream: str = "*"
    at_s: float = 0.0
    on_connection: int | None = None
    for_s: float | None = None
    every_s: float | None = None

    def names(self, camera: str) -> bool:
        return self.camera in {"*", camera}


@dataclass(frozen=True, slots=True)
class Spoiling:
    """How packets of one stream are spoiled on their way; ratios are chances per packet."""

    loss: float = 0.0
    reorder: float = 0.0
    duplicate: float = 0.0
    corrupt: float = 0.0

    @property
    def is_active(self) -> bool:
        return any((self.loss, self.reorder, self.duplicate, self.corrupt))

    def with_fault(self, fault: Fault) -> "Spoiling":
        return replace(self, **{fault.kind.value: fault.value})


SPOILING_FAULTS = frozenset({FaultKind.LOSS, FaultKind.REORDER, FaultKind.DUPLICATE, FaultKind.CORRUPT})


def spoil_packets(packets: Sequence[bytes], spoiling: Spoiling, rng: random.Random, keep_bytes: int) -> list[bytes]:
    """Loses, doubles, damages and swaps packets.

    The first `keep_bytes` of a packet (its headers) are never damaged: a damaged interleave length is the
    fault `garbage`. Swapping moves a packet behind the next one, as two network paths do.
    """
    out: list[bytes] = []
    for packet in packets:
        if rng.random() < spoiling.loss:
            continue
        spoiled = packet
        if rng.random() < spoiling.corrupt and len(packet) > keep_bytes:
            position = rng.randrange(keep_bytes, len(packet))
            spoiled = packet[:position] + bytes([packet[position] ^ 0xFF]) + packet[position + 1 :]
        out.append(spoiled)
        if rng.random() < spoiling.duplicate:
            out.append(spoiled)
    position = 0
    while position < len(out) - 1:
        if rng.random() < spoiling.reorder:
            out[position], out[position + 1] = out[position + 1], out[position]
            position += 1
        position += 1
    return out
