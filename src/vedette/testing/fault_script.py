"""Reads fault scripts (reference: docs/guide/simulator.md).

A script with one unknown word is refused as a whole, with all its errors: a typo must not quietly turn a
fault test into a test of nothing.
"""

from collections.abc import Mapping
from pathlib import Path

import yaml

from vedette.core.errors import InvalidInputError
from vedette.core.media import Codec
from vedette.testing.faults import MOMENTARY_FAULTS, ClipVariant, Fault, FaultKind, FaultStep

SCRIPT_VERSION = 1

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
    FaultKind.DELAY: ("seconds", 0.0, 9.0),
    FaultKind.ALTER: ("ratio", 0.0, 1.0),
    FaultKind.OMIT: ("ratio", 0.0, 1.0),
    FaultKind.SWAP: ("ratio", 0.0, 1.0),
}
"""Fault -> name of its number, smallest and largest allowed value."""


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
    own_keys = {value_name} if value_name else {"file", "encode"} if kind is FaultKind.SOURCE else set()
    errors += [f"{where}: unknown key `{key}`" for key in sorted(set(map(str, step)) - _STEP_KEYS - own_keys)]
    value = _number(where, step, value_name, (low, high), errors) if value_name else 0.0
    if value_name and value is None:
        errors.append(f"{where}: `{kind}` needs `{value_name}`")
    file = step.get("file")
    result = FaultStep(
        fault=Fault(
            kind,
            value or 0.0,
            None if file is None else folder / str(file),
            _parse_variant(where, step.get("encode"), errors),
        ),
        camera=str(step.get("camera", "*")),
        stream=str(step.get("stream", "*")),
        at_s=_number(where, step, "at_s", (0.0, 1e9), errors) or 0.0,
        on_connection=_count(where, step, "on_connection", errors),
        for_s=_number(where, step, "for_s", (0.001, 1e9), errors),
        every_s=_number(where, step, "every_s", (0.1, 1e9), errors),
    )
    _check_step(where, result, errors)
    return result


def _parse_variant(where: str, encode: object, errors: list[str]) -> ClipVariant | None:
    if encode is None:
        return None
    if not isinstance(encode, dict) or set(encode) - {"codec", "size", "gop_s"}:
        errors.append(f"{where}: `encode` takes `codec`, `size` and `gop_s`")
        return None
    codec, size, gop_s = encode.get("codec"), encode.get("size"), encode.get("gop_s", [2.0])
    if codec not in {None, "h264", "h265"}:
        errors.append(f"{where}: `codec` is h264 or h265, not {codec!r}")
        return None
    if size is not None and not _is_size(size):
        errors.append(f"{where}: `size` is [width, height], even numbers from 64 to 4096, not {size!r}")
        return None
    distances = gop_s if isinstance(gop_s, list) else [gop_s]
    if not distances or not all(_is_distance(distance) for distance in distances):
        errors.append(f"{where}: `gop_s` is a number or a list of numbers from 0.04 to 600, not {gop_s!r}")
        return None
    return ClipVariant(
        None if codec is None else Codec(codec),
        None if size is None else (size[0], size[1]),
        tuple(float(distance) for distance in distances),
    )


def _is_size(size: object) -> bool:
    return (
        isinstance(size, list)
        and len(size) == 2
        and all(isinstance(side, int) and 64 <= side <= 4096 and side % 2 == 0 for side in size)
    )


def _is_distance(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0.04 <= value <= 600


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
