"""What can go wrong with a simulated camera, and how a script says so.

Pure: parses and checks scripts, and says how packets are spoiled. Reference for users:
docs/guide/simulator.md. A script with one unknown word is refused as a whole, with all its errors: a typo
must not quietly turn a fault test into a test of nothing.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

import yaml

from vedette.core.errors import InvalidInputError

SCRIPT_VERSION = 1


class FaultKind(StrEnum):
    """Every fault. The table of their values is `_VALUES`."""

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
    NO_REPORTS = "no_reports"
    SOURCE = "source"
    CLEAR = "clear"


ANSWER_FAULTS = frozenset({FaultKind.REFUSE, FaultKind.NO_ANSWER, FaultKind.WEB_PAGE, FaultKind.UNAVAILABLE})
"""Faults of the connection itself: the camera does not get as far as a stream."""

MOMENTARY_FAULTS = frozenset({FaultKind.DISCONNECT, FaultKind.GARBAGE, FaultKind.TIMESTAMP_JUMP, FaultKind.CLEAR})
"""Faults that are over when they have happened; the others last until `for_s` is over or until `clear`."""

_VALUES: Mapping[FaultKind, tuple[str, float, float]] = {
    FaultKind.REPLAY: ("window_s", 0.1, 3600.0),
    FaultKind.LOSS: ("ratio", 0.0, 1.0),
    FaultKind.REORDER: ("ratio", 0.0, 1.0),
    FaultKind.DUPLICATE: ("ratio", 0.0, 1.0),
    FaultKind.CORRUPT: ("ratio", 0.0, 1.0),
    FaultKind.GARBAGE: ("size_bytes", 1, 1 << 20),
    FaultKind.TIMESTAMP_JUMP: ("seconds", -86_400.0, 86_400.0),
    FaultKind.DRIFT: ("ppm", -100_000.0, 100_000.0),
    FaultKind.WRONG_NTP: ("seconds", -1e10, 1e10),
}
"""Fault -> name of its number, smallest and largest allowed value."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault, ready to be applied.

    Attributes:
        value: The number of this kind, in the unit of its name in scripts; 0 where there is none.
        file: The clip to change to, for `source`; None goes back to the first one.
    """

    kind: FaultKind
    value: float = 0.0
    file: Path | None = None


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


class FaultScriptError(InvalidInputError):
    """A fault script breaks a rule; the message lists everything wrong with it."""

    code = "fault_script"


def load_script(path: Path) -> tuple[FaultStep, ...]:
    """Reads a script (YAML, of which JSON is a part). Paths of clips are relative to the script.

    Raises:
        FaultScriptError: not readable, or not a script.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as exc:
        raise FaultScriptError(f"the fault script {path.name} cannot be read: {exc}") from exc
    return parse_script(content, path.parent)


def parse_script(content: object, folder: Path) -> tuple[FaultStep, ...]:
    """Checks a whole script and returns its steps in the order of their time.

    Raises:
        FaultScriptError: with every error found.
    """
    if not isinstance(content, dict) or set(content) - {"version", "steps"}:
        raise FaultScriptError("a fault script has exactly the keys `version` and `steps`.")
    if content.get("version") != SCRIPT_VERSION:
        raise FaultScriptError(f"this fault script has version {content.get('version')!r}, need 1.")
    steps = content.get("steps")
    if not isinstance(steps, list):
        raise FaultScriptError("`steps` of a fault script is a list.")
    errors: list[str] = []
    parsed = [_parse_step(f"step {index + 1}", step, folder, errors) for index, step in enumerate(steps)]
    if errors:
        raise FaultScriptError("; ".join(errors) + ".", "The reference is docs/guide/simulator.md.")
    return tuple(sorted((step for step in parsed if step is not None), key=lambda step: step.at_s))


_STEP_KEYS = frozenset({"do", "camera", "stream", "at_s", "on_connection", "for_s", "every_s"})


def _parse_step(where: str, step: object, folder: Path, errors: list[str]) -> FaultStep | None:
    if not isinstance(step, dict):
        errors.append(f"{where} is not a mapping")
        return None
    kind = step.get("do")
    if kind not in set(FaultKind):
        errors.append(f"{where}: `do: {kind}` is unknown (one of {', '.join(FaultKind)})")
        return None
    kind = FaultKind(kind)
    value_name, low, high = _VALUES.get(kind, ("", 0.0, 0.0))
    own_keys = {value_name} if value_name else {"file"} if kind is FaultKind.SOURCE else set()
    errors += [f"{where}: unknown key `{key}`" for key in sorted(set(map(str, step)) - _STEP_KEYS - own_keys)]
    value = _number(where, step, value_name, (low, high), errors) if value_name else 0.0
    if value_name and value is None:
        errors.append(f"{where}: `{kind}` needs `{value_name}`")
    file = step.get("file")
    result = FaultStep(
        fault=Fault(kind, value or 0.0, None if file is None else folder / str(file)),
        camera=str(step.get("camera", "*")),
        stream=str(step.get("stream", "*")),
        at_s=_number(where, step, "at_s", (0.0, 1e9), errors) or 0.0,
        on_connection=_count(where, step, "on_connection", errors),
        for_s=_number(where, step, "for_s", (0.001, 1e9), errors),
        every_s=_number(where, step, "every_s", (0.1, 1e9), errors),
    )
    _check_step(where, result, errors)
    return result


def _check_step(where: str, step: FaultStep, errors: list[str]) -> None:
    kind = step.fault.kind
    if step.stream not in {"*", "main", "sub"}:
        errors.append(f"{where}: `stream` is main, sub or *, not {step.stream}")
    if step.for_s is not None and kind in MOMENTARY_FAULTS:
        errors.append(f"{where}: `{kind}` happens at once and takes no `for_s`")
    if step.every_s is not None and step.on_connection is not None:
        errors.append(f"{where}: `every_s` and `on_connection` exclude each other")
    if step.every_s is not None and step.for_s is not None and step.for_s >= step.every_s:
        errors.append(f"{where}: `for_s` must be shorter than `every_s`")
    if step.fault.file is not None and not step.fault.file.is_file():
        errors.append(f"{where}: the clip {step.fault.file} does not exist")


def _number(
    where: str, step: Mapping[str, object], key: str, limits: tuple[float, float], errors: list[str]
) -> float | None:
    value = step.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not limits[0] <= value <= limits[1]:
        errors.append(f"{where}: `{key}` is a number from {limits[0]:g} to {limits[1]:g}, not {value!r}")
        return limits[0]
    return float(value)


def _count(where: str, step: Mapping[str, object], key: str, errors: list[str]) -> int | None:
    value = step.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        errors.append(f"{where}: `{key}` is a whole number from 1, not {value!r}")
        return 1
    return value
