"""Puts a profile on disk: one folder, readable by its owner alone, that is all there is of it."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from vedette.core.errors import ConflictError, StorageError
from vedette.vision.profile.page import render_page
from vedette.vision.profile.ports import Ranked
from vedette.vision.profile.profile import Profile

_OWN_FILE, _OWN_FOLDER = 0o600, 0o700


def write_profile(
    folder: Path, profile: Profile, pictures: Mapping[str, bytes], ranked: Sequence[Ranked] | None
) -> None:
    """Writes `profile.json`, `profile.html`, `pictures/` and, where asked, `recommendations.json`.

    Raises:
        ConflictError: the folder has files that are no earlier profile: they would be changed or removed.
        StorageError: the folder cannot be written.
    """
    check_free(folder)
    page = render_page(profile, pictures).encode()
    files = {**pictures, "profile.html": page, "profile.json": to_json(profile)}
    if ranked is not None:
        files["recommendations.json"] = to_json({"profile": profile.made_at, "items": list(ranked)})
    try:
        for place in (folder, folder / "pictures"):
            place.mkdir(parents=True, exist_ok=True)
            place.chmod(_OWN_FOLDER)
        for old in (folder / "pictures").glob("*.jpg"):
            old.unlink()  # of an earlier profile: its examples are gone with it
        (folder / "recommendations.json").unlink(missing_ok=True)
        for name, data in files.items():
            _write(folder / name, data)
    except OSError as error:
        raise StorageError(f"{folder} cannot be written: {error.strerror}", "Choose another --out.") from error


def check_free(folder: Path) -> None:
    """Raises ConflictError when a folder has files that are no earlier profile."""
    if folder.is_dir() and any(folder.iterdir()) and not (folder / "profile.json").is_file():
        raise ConflictError(f"{folder} has files that are no profile", "Choose a new folder for --out.")


def to_json(value: object) -> bytes:
    """Indented, with a line's end."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"


def _write(path: Path, data: bytes) -> None:
    part = path.with_name(f".{path.name}.part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _OWN_FILE), "wb") as file:
        file.write(data)
    part.replace(path)
