"""The settings file of `vedette serve` (YAML): checked, all its faults told at once. Guide: docs/guide/settings.md."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vedette.core.errors import InvalidInputError
from vedette.runtime.settings import TimeStampAuthority

_KEY_CHANGE_DAYS = range(7, 3651)
"""A key signs for a day beside its successor: one a week is often enough."""
_AUTHORITY_KEYS = {"url", "certificates"}, {"url", "certificates", "policy"}
"""Needed, allowed."""


def read_settings_file(path: Path) -> dict[str, Any]:
    """The fields of `NodeSettings` that a settings file sets.

    Raises:
        InvalidInputError: it cannot be read, or says something that cannot be: unknown keys, wrong types, values.
    """
    content = _load(path)
    problems = [problem for key, value in content.items() for problem in _find_faults(key, value)]
    if problems:
        raise InvalidInputError(f"the settings file {path}: {'; '.join(problems)}", f"Known keys: {', '.join(_KEYS)}.")
    return {_KEYS[key].field or key: _KEYS[key].convert(value) for key, value in content.items()}


def find_data(given: Path | None) -> Path:
    """The data directory: the one that was given, else $VEDETTE_DATA, else ./var."""
    return given or Path(os.environ.get("VEDETTE_DATA", "var"))


def absolute(path: Path) -> Path:
    """Roles run in other directories."""
    return path.expanduser().resolve()


def _load(path: Path) -> dict[Any, Any]:
    import yaml  # noqa: PLC0415 -- only this option needs it

    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (OSError, ValueError, yaml.YAMLError) as exc:
        raise InvalidInputError(f"the settings file {path} cannot be read: {exc}") from exc
    if not isinstance(content, dict):
        raise InvalidInputError(f"the settings file {path} must hold `key: value` lines")
    for key in ("seal", "encrypt"):
        if content.get(key) is False:  # `off` without quotes, in YAML 1.1
            content[key] = "off"
    return content


def _find_faults(key: object, value: Any) -> list[str]:
    known = _KEYS.get(key) if isinstance(key, str) else None
    if known is None:
        return [f"unknown key {key!r}"]
    if not isinstance(value, known.kind) or isinstance(value, bool):
        return [f"{key} must be {known.kind.__name__}, not {value!r}"]
    if known.choices and value not in known.choices:
        return [f"{key} must be one of {', '.join(known.choices)}, not {value!r}"]
    if known.span and isinstance(value, int) and not known.span[0] <= value <= known.span[1]:
        return [f"{key} must lie from {known.span[0]} to {known.span[1]}, not {value}"]
    return known.check(value)


def _check_key_change(days: int) -> list[str]:
    if days == 0 or days in _KEY_CHANGE_DAYS:
        return []
    return [f"key_change_days must be 7 to 3650, or 0 (only by hand), not {days}"]


def _check_detector(named: str) -> list[str]:
    """It names one that this release knows, installed or not, or says `auto`."""
    if named == "auto":
        return []
    from vedette.vision.models.registry import ModelRegistry  # noqa: PLC0415 -- only with this option
    from vedette.vision.models.sized import check_named, parse_sized_model  # noqa: PLC0415 -- as above

    try:
        check_named(parse_sized_model(named), ModelRegistry(Path()).manifests())
    except InvalidInputError as exc:
        return [f"detector: {exc}"]
    return []


def _check_witnesses(lines: list[object]) -> list[str]:
    """Lines of address and key."""
    from vedette.evidence.offline_verify import WrongForm, parse_witness_key  # noqa: PLC0415 -- only with this option

    problems = []
    for line in lines:
        url, _, key = str(line).partition(" ")
        try:
            parse_witness_key(key)
        except WrongForm as exc:
            problems.append(f"witness {url}: {exc}")
        if not url.startswith(("http://", "https://")):
            problems.append(f"a witness is `URL KEY`, not {line!r}")
    return problems


def _check_authorities(entries: list[Any]) -> list[str]:
    """An address and a file of certificates each, and perhaps a policy."""
    from vedette.evidence.time_stamps import encode_oid  # noqa: PLC0415 -- only with this option

    needed, allowed = _AUTHORITY_KEYS
    problems = []
    for one in entries:
        is_text = isinstance(one, dict) and all(isinstance(value, str) for value in one.values())
        if not is_text or not needed <= set(one) <= allowed:
            problems.append(f"a time-stamping authority has url, certificates and perhaps policy, not {one!r}")
            continue
        if not one["url"].startswith(("http://", "https://")):
            problems.append(f"a time-stamping authority has an address with http or https, not {one['url']!r}")
        try:
            encode_oid(one.get("policy", "0.0"))
        except InvalidInputError as exc:
            problems.append(f"policy of a time-stamping authority: {exc.message}")
    return problems


def _split_witness(line: str) -> tuple[str, str]:
    url, _, key = line.partition(" ")
    return url, key


def _make_authority(entry: dict[str, str]) -> TimeStampAuthority:
    return TimeStampAuthority(entry["url"], absolute(Path(entry["certificates"])), entry.get("policy", ""))


@dataclass(frozen=True, slots=True)
class _Key:
    """One key: its type, what it may be, and the field of `NodeSettings` (empty: of the same name) that it sets."""

    kind: type
    field: str = ""
    span: tuple[int, int] | None = None
    choices: tuple[str, ...] = ()
    check: Callable[[Any], list[str]] = lambda _: []
    convert: Callable[[Any], object] = lambda value: value


_KEYS = {
    "data": _Key(str, convert=lambda text: absolute(Path(text))),
    "host": _Key(str),
    "port": _Key(int, span=(1, 65535)),
    "volume_max_bytes": _Key(int, span=(0, 1 << 62)),
    "seal": _Key(str, "seal_footage", choices=("off", "immutable"), convert=lambda text: text == "immutable"),
    "encrypt": _Key(str, "encrypt_footage", choices=("off", "at_rest"), convert=lambda text: text == "at_rest"),
    "witnesses": _Key(list, check=_check_witnesses, convert=lambda lines: tuple(map(_split_witness, lines))),
    "file_jobs": _Key(int, span=(1, 64)),
    "time_stamps": _Key(list, check=_check_authorities, convert=lambda entries: tuple(map(_make_authority, entries))),
    "time_stamp_minutes": _Key(int, "time_stamp_every_s", span=(1, 1440), convert=lambda minutes: 60 * minutes),
    "search_days": _Key(int, span=(1, 3650)),
    "key_change_days": _Key(int, check=_check_key_change),
    "detector": _Key(str, check=_check_detector, convert=lambda name: "" if name == "auto" else name),
}
