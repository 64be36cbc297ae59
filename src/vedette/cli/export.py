"""`vedette export`: footage out, as files that any player opens."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from vedette.adapters.api_client import ApiClient
from vedette.cli.output import data_option, find_camera, json_option, open_client, print_json, range_options
from vedette.core.errors import ConflictError, InvalidInputError, StorageError


class BundleNotYetError(InvalidInputError):
    """Bundles with proofs are not part of this release."""

    code = "bundle_not_available"


class FileExistsAlreadyError(ConflictError):
    """The target is there; an export never overwrites."""

    code = "file_exists"


@click.command("export", short_help="Export footage.")
@click.option("--camera", "names", multiple=True, required=True, help="Name of a camera; repeat for several.")
@range_options
@click.option("--out", required=True, type=click.Path(path_type=Path), help="File, or folder for several cameras.")
@click.option("--format", "kind", type=click.Choice(["mp4", "mkv"]), default="mp4", show_default=True)
@click.option("--stream", type=click.Choice(["auto", "main", "sub"]), default="auto", show_default=True)
@click.option("--bundle", is_flag=True, help="With proofs and the offline verifier (a later release).")
@click.option("--purpose", required=True, help="Why; written into the audit trail.")
@data_option
@json_option
def command(
    names: tuple[str, ...],
    from_: str | None,
    to: str | None,
    out: Path,
    kind: str,
    stream: str,
    bundle: bool,
    purpose: str,
    data: Path | None,
    as_json: bool,
) -> None:
    """Export the footage of cameras between two times. The first picture is exactly that of --from (MP4)."""
    if bundle:
        raise BundleNotYetError(
            "bundles with proofs come with the evidence release",
            "Without --bundle you get the footage itself, as MP4 or Matroska.",
        )
    if from_ is None or to is None:
        raise click.UsageError("--from and --to are needed")
    if not purpose.strip():
        raise click.BadParameter("say why", param_hint="--purpose")
    query = {"from": from_, "to": to, "stream": stream, "purpose": purpose.strip()}
    with open_client(data) as client:
        cameras = [find_camera(client, name) for name in dict.fromkeys(names)]
        written = [_export(client, camera, out, kind, query, is_folder=len(cameras) > 1) for camera in cameras]
    if as_json:
        print_json({"files": written})
        return
    for file in written:
        sys.stdout.write(f"{file['path']}\n")


def _export(
    client: ApiClient, camera: dict[str, Any], out: Path, kind: str, query: Mapping[str, str], *, is_folder: bool
) -> dict[str, Any]:
    target = out / f"{_file_name(camera['name'])}.{kind}" if is_folder or out.is_dir() else out
    if target.exists():
        raise FileExistsAlreadyError(f"{target} exists already", "Choose another --out.")
    draft = target.with_name(f".{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("xb") as file:
            headers = client.download(f"/cameras/{camera['id']}/recording.{kind}", query, file.write)
        draft.rename(target)
    except FileExistsError as exc:
        raise FileExistsAlreadyError(f"{draft} exists already", "Another export is running, or remove it.") from exc
    except OSError as exc:
        draft.unlink(missing_ok=True)
        raise StorageError(f"{target} cannot be written: {exc.strerror}", "Choose another --out.") from exc
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    gaps = [gap for gap in headers.get("x-vedette-gaps", "").split(", ") if gap]
    for gap in gaps:
        sys.stderr.write(f"{camera['name']}: no footage {gap.replace('/', ' to ')}; the file closes up over it\n")
    return {
        "camera": camera["name"],
        "path": str(target),
        "bytes": target.stat().st_size,
        "from": headers.get("x-vedette-from", ""),
        "gaps": [dict(zip(("from", "to"), gap.split("/"), strict=True)) for gap in gaps],
    }


def _file_name(camera_name: str) -> str:
    """A camera's name as part of a path: whatever could mean something to a file system becomes a dash."""
    cleaned = "".join(char if char.isalnum() or char in "._ -" else "-" for char in camera_name)
    return cleaned.strip(". ") or "camera"
