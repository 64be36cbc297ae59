"""`vedette serve`: runs the system, or one role of it."""

import importlib
import os
import sys
from pathlib import Path

import click

from vedette.core.errors import InvalidInputError
from vedette.runtime.process import die_with_parent
from vedette.runtime.settings import NodeSettings, TimeStampAuthority

_ROLES = {
    "all": "vedette.node.supervisor",
    "gateway": "vedette.node.gateway",
    "recorder": "vedette.node.recorder",
    "analyzer": "vedette.node.analyzer",
    "notary": "vedette.node.notary",
    "validator": "vedette.node.validator",
    "sim": "vedette.node.sim",
}


@click.command("serve")
@click.option("--data", type=click.Path(path_type=Path), default=None, help="Data directory [./var].")
@click.option("--config", type=click.Path(path_type=Path, exists=True), help="Settings file (YAML).")
@click.option("--host", default=None, help="Address to listen on [127.0.0.1].")
@click.option("--port", type=click.IntRange(1, 65535), default=None, help="Port of the console [8600].")
@click.option("--role", type=click.Choice([*_ROLES]), default="all", show_default=True)
@click.option("--first-password-file", type=click.Path(path_type=Path), help="Write the first password here.")
@click.option("--models-mirror", type=click.Path(path_type=Path), envvar="VEDETTE_MODEL_MIRROR", hidden=True)
@click.option("--volume-max-bytes", type=click.IntRange(0), default=None, help="Size limit of the footage.")
@click.option("--simulate", type=click.IntRange(0, 64), default=0, help="Add this many simulated cameras.")
@click.option("--clips", type=click.Path(path_type=Path, exists=True), help="Simulate cameras from these files.")
@click.option("--supervised", is_flag=True, hidden=True)
@click.option("--no-evidence", is_flag=True, hidden=True, help="Record without hashes: for benchmarks.evidence alone.")
def command(
    data: Path | None,
    config: Path | None,
    host: str | None,
    port: int | None,
    role: str,
    first_password_file: Path | None,
    models_mirror: Path | None,
    volume_max_bytes: int | None,
    simulate: int,
    clips: Path | None,
    supervised: bool,
    no_evidence: bool,
) -> None:
    """Run the system. Prints its address once it answers."""
    os.umask(0o077)  # footage, pictures and the database are the owner's alone
    if supervised:
        die_with_parent()
    file = _read_config(config) if config else {}
    settings = NodeSettings(
        data=_absolute(data or Path(str(file.get("data", os.environ.get("VEDETTE_DATA", "var"))))),
        host=host or str(file.get("host", "127.0.0.1")),
        port=port or int(str(file.get("port", 8600))),
        first_password_file=_absolute(first_password_file) if first_password_file else None,
        models_mirror=models_mirror,
        models=Path(os.environ["VEDETTE_MODELS"]) if os.environ.get("VEDETTE_MODELS") else None,
        volume_max_bytes=volume_max_bytes or int(str(file.get("volume_max_bytes", 0))),
        simulated_cameras=simulate,
        clips=_absolute(clips) if clips else None,
        config=_absolute(config) if config else None,
        hash_footage=not no_evidence,
        seal_footage=file.get("seal", "off") == "immutable",
        encrypt_footage=file.get("encrypt", "off") == "at_rest",
        witnesses=_split_witnesses(file),
        file_jobs=int(str(file.get("file_jobs", 1))),
        time_stamps=_list_authorities(file),
        search_days=int(str(file.get("search_days", 30))),
        key_change_days=int(str(file.get("key_change_days", 90))),
        detector="" if file.get("detector", "auto") == "auto" else str(file["detector"]),
        time_stamp_every_s=60 * int(str(file.get("time_stamp_minutes", 60))),
    )
    module = importlib.import_module(_ROLES[role])
    sys.exit(module.run(settings))


_CONFIG_KEYS = {
    "data": str,
    "host": str,
    "port": int,
    "volume_max_bytes": int,
    "seal": str,
    "encrypt": str,
    "witnesses": list,
    "file_jobs": int,
    "time_stamps": list,
    "time_stamp_minutes": int,
    "search_days": int,
    "key_change_days": int,
    "detector": str,
}
_KEY_CHANGE_DAYS = range(7, 3651)
"""A key signs for a day beside its successor: one a week is often enough."""
_MOST_FILE_JOBS = 64
_MOST_SEARCH_DAYS = 3650
_CHOICES = {"seal": ("off", "immutable"), "encrypt": ("off", "at_rest")}


def _read_config(path: Path) -> dict[str, object]:
    """Reads the settings file. Unknown keys and wrong types are refused, all at once."""
    import yaml  # noqa: PLC0415 -- only this option needs it

    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (OSError, ValueError, yaml.YAMLError) as exc:
        raise InvalidInputError(f"the settings file {path} cannot be read: {exc}") from exc
    if not isinstance(content, dict):
        raise InvalidInputError(f"the settings file {path} must hold `key: value` lines")
    problems = [f"unknown key {key!r}" for key in content if key not in _CONFIG_KEYS]
    problems += [
        f"{key} must be {kind.__name__}, not {content[key]!r}"
        for key, kind in _CONFIG_KEYS.items()
        if key in content and (not isinstance(content[key], kind) or isinstance(content[key], bool))
    ]
    problems += [
        f"{key} must be one of {', '.join(allowed)}, not {content[key]!r}"
        for key, allowed in _CHOICES.items()
        if content.get(key, "off") not in allowed
    ]
    problems += _check_witnesses(content)
    if not 1 <= _whole(content.get("file_jobs", 1)) <= _MOST_FILE_JOBS:
        problems.append(f"file_jobs must be 1 to {_MOST_FILE_JOBS}")
    if not 1 <= _whole(content.get("search_days", 30)) <= _MOST_SEARCH_DAYS:
        problems.append(f"search_days must be 1 to {_MOST_SEARCH_DAYS}")
    days = content.get("key_change_days", 90)
    if isinstance(days, int) and days and days not in _KEY_CHANGE_DAYS:
        problems.append(f"key_change_days must be 7 to 3650, or 0 (only by hand), not {days}")
    problems += _check_authorities(content)
    problems += _check_detector(content.get("detector", "auto"))
    if problems:
        raise InvalidInputError(
            f"the settings file {path}: {'; '.join(problems)}", f"Known keys: {', '.join(_CONFIG_KEYS)}."
        )
    return content


def _check_detector(named: object) -> list[str]:
    """`detector` names one that this release knows, installed or not, or says `auto`."""
    if not isinstance(named, str) or named == "auto":
        return []
    from vedette.vision.models.registry import ModelRegistry  # noqa: PLC0415 -- only with this option
    from vedette.vision.models.sized import check_named, parse_sized_model  # noqa: PLC0415 -- as above

    try:
        check_named(parse_sized_model(named), ModelRegistry(Path()).manifests())
    except InvalidInputError as exc:
        return [f"detector: {exc}"]
    return []


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0


def _check_witnesses(content: dict[str, object]) -> list[str]:
    """`witnesses` holds lines of address and key."""
    from vedette.evidence.offline_verify import WrongForm, parse_witness_key  # noqa: PLC0415 -- only with this option

    named = content.get("witnesses", [])
    problems = []
    for line in named if isinstance(named, list) else []:
        url, _, key = str(line).partition(" ")
        try:
            parse_witness_key(key)
        except WrongForm as exc:
            problems.append(f"witness {url}: {exc}")
        if not url.startswith(("http://", "https://")):
            problems.append(f"a witness is `URL KEY`, not {line!r}")
    return problems


def _split_witnesses(content: dict[str, object]) -> tuple[tuple[str, str], ...]:
    named = content.get("witnesses", [])
    lines = [str(line).partition(" ") for line in named] if isinstance(named, list) else []
    return tuple((url, key) for url, _, key in lines)


_AUTHORITY_KEYS = {"url", "certificates", "policy"}


def _check_authorities(content: dict[str, object]) -> list[str]:
    """`time_stamps` holds an address and a file of certificates each, and perhaps a policy."""
    from vedette.evidence.time_stamps import encode_oid  # noqa: PLC0415 -- only with this option

    problems = []
    named = content.get("time_stamps", [])
    for one in named if isinstance(named, list) else []:
        is_text = isinstance(one, dict) and all(isinstance(value, str) for value in one.values())
        if not is_text or not {"url", "certificates"} <= set(one) <= _AUTHORITY_KEYS:
            problems.append(f"a time-stamping authority has url, certificates and perhaps policy, not {one!r}")
            continue
        if not one["url"].startswith(("http://", "https://")):
            problems.append(f"a time-stamping authority has an address with http or https, not {one['url']!r}")
        try:
            encode_oid(one.get("policy", "0.0"))
        except InvalidInputError as exc:
            problems.append(f"policy of a time-stamping authority: {exc.message}")
    minutes = content.get("time_stamp_minutes", 60)
    if isinstance(minutes, int) and not 1 <= minutes <= 1440:
        problems.append(f"time_stamp_minutes must lie from 1 to 1440, not {minutes}")
    return problems


def _list_authorities(content: dict[str, object]) -> tuple[TimeStampAuthority, ...]:
    named = content.get("time_stamps", [])
    return tuple(
        TimeStampAuthority(one["url"], _absolute(Path(one["certificates"])), one.get("policy", ""))
        for one in (named if isinstance(named, list) else [])
    )


def _absolute(path: Path) -> Path:
    return path.expanduser().resolve()
