"""`vedette export`: footage out, as files that any player opens, or as a bundle that proves itself."""

import shutil
import sys
import threading
import zipfile
from pathlib import Path
from typing import Any

import click
from typing_extensions import override

from vedette.adapters.api_client import ApiClient
from vedette.adapters.export_fetch import FileExistsAlreadyError, RemoteFile, fetch_file
from vedette.cli.output import data_option, find_camera, json_option, open_client, print_json, range_options
from vedette.core.errors import ConflictError, StorageError, VedetteError
from vedette.streaming.export_job import clean_name

POLL_S = 0.1
_NO_PROOF = "the file is encoded anew and proves nothing"


class ExportFailedError(VedetteError):
    """The system could not make it; the message is the system's own."""

    code = "export_failed"


class ExportCancelledError(ConflictError):
    """Somebody cancelled it."""

    code = "export_cancelled"


class _NamesCommand(click.Command):
    """Takes `--camera A B` as `--camera A --camera B`: this command has no arguments that B could be."""

    @override
    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        spelled: list[str] = []
        are_names = is_value = False
        for arg in args:
            if are_names and not is_value and not arg.startswith("-"):
                spelled.append("--camera")
            elif not is_value:
                are_names = arg == "--camera" or (are_names and not arg.startswith("-"))
            is_value = arg == "--camera" and not is_value
            spelled.append(arg)
        return super().parse_args(ctx, spelled)


@click.command("export", short_help="Export footage.", cls=_NamesCommand)
@click.option("--camera", "names", multiple=True, required=True, help="Names of cameras; may be repeated.")
@range_options
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    help="File; folder for several cameras. With --bundle a folder, or a file that ends in .zip.",
)
@click.option("--format", "kind", type=click.Choice(["mp4", "mkv"]), default="mp4", show_default=True)
@click.option("--stream", type=click.Choice(["auto", "main", "sub"]), default="auto", show_default=True)
@click.option("--bundle", is_flag=True, help="With proofs and the offline verifier.")
@click.option("--enhance", is_flag=True, help="Sub stream at twice the size by super-resolution, labelled; no sound.")
@click.option("--purpose", required=True, help="Why; written into the audit trail and the files.")
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
    enhance: bool,
    purpose: str,
    data: Path | None,
    as_json: bool,
) -> None:
    """Export the footage of cameras between two times. The first picture is exactly that of --from (MP4)."""
    if from_ is None or to is None:
        raise click.UsageError("--from and --to are needed")
    if not purpose.strip():
        raise click.BadParameter("say why", param_hint="--purpose")
    if enhance and stream == "auto":
        stream = "sub"
    order = {"from": from_, "to": to, "format": kind, "stream": stream, "bundle": bundle, "purpose": purpose.strip()}
    order |= {"enhance": enhance}
    with open_client(data) as client:
        cameras = {str(camera["id"]): str(camera["name"]) for camera in (find_camera(client, name) for name in names)}
        is_folder = not bundle and (len(cameras) > 1 or out.is_dir())
        _check_free(out, [clean_name(name) for name in cameras.values()], kind, is_folder=is_folder)
        job = client.post("/exports", {**order, "cameras": list(cameras)})
        if enhance:
            minutes = max(1, round(job["estimated_s"] / 60))
            sys.stderr.write(f"enhancing takes about {minutes} min of one processor, longer when others work too\n")
        try:
            job = _wait_done(client, job)
            result = _bring(client, job, out, cameras, is_folder=is_folder)
        except OSError as exc:
            client.send("DELETE", f"/exports/{job['id']}")
            raise StorageError(f"{out} cannot be written: {exc.strerror}", "Choose another --out.") from exc
        except BaseException:
            client.send("DELETE", f"/exports/{job['id']}")
            raise
    _tell(result, as_json=as_json)


def _check_free(out: Path, names: list[str], kind: str, *, is_folder: bool) -> None:
    """Refuses before anything is made."""
    targets = [out / f"{name}.{kind}" for name in names] if is_folder else [out]
    for target in targets:
        if target.exists():
            raise FileExistsAlreadyError(f"{target} exists already", "Choose another --out.")


def _wait_done(client: ApiClient, job: dict[str, Any]) -> dict[str, Any]:
    """Waits until the job is over, and shows how far it is."""
    pause, shown = threading.Event(), -1
    while job["state"] in {"queued", "running"}:
        percent = int(job["progress"] * 100)
        if percent != shown:
            shown = percent
            _show(f"export {job['id']}: {job['state']} {percent} %")
        pause.wait(POLL_S)
        job = dict(client.get(f"/exports/{job['id']}"))
    _show("")
    if job["state"] == "failed":
        raise ExportFailedError(job["error"]["message"], job["error"]["hint"])
    if job["state"] == "cancelled":
        raise ExportCancelledError("the export was cancelled")
    return job


def _bring(
    client: ApiClient, job: dict[str, Any], out: Path, cameras: dict[str, str], *, is_folder: bool
) -> dict[str, Any]:
    gaps = [{"camera": cameras[gap["camera_id"]], "from": gap["from"], "to": gap["to"]} for gap in job["gaps"]]
    masked = [cameras[camera_id] for camera_id in job["masked_cameras"]]
    result: dict[str, Any] = {"files": [], "bundle": None, "fingerprint": job["fingerprint"], "gaps": gaps}
    result["masked_cameras"] = masked
    linked = True
    for number, entry in enumerate(job["files"]):
        target = _target(out, entry["name"], number, is_folder=is_folder)
        if job["bundle"]:
            linked &= _bring_bundle(client, _remote(job, entry), out)
            result["bundle"] = str(out)
            result["files"] = _list_files(out)
            break
        linked &= fetch_file(client, _remote(job, entry), target, _Progress(entry["size_bytes"]), _wait)
        name = cameras[entry["camera_id"]]
        own = [{"from": gap["from"], "to": gap["to"]} for gap in gaps if gap["camera"] == name]
        known = {
            "sha256": entry["sha256"],
            "from": entry["from"],
            "gaps": own,
            "masked": entry["masked"],
            "enhanced": entry["enhanced"],
        }
        result["files"].append({"camera": name, "path": str(target), "bytes": entry["size_bytes"], **known})
    if linked:  # what lies here must not change with what lies there
        client.send("DELETE", f"/exports/{job['id']}")
    return result


def _target(out: Path, name: str, number: int, *, is_folder: bool) -> Path:
    """Where a file goes. A range in which the camera's format changes has several."""
    if is_folder:
        return out / name
    return out if number == 0 else out.with_name(f"{out.stem}-{number + 1}{out.suffix}")


def _remote(job: dict[str, Any], entry: dict[str, Any]) -> RemoteFile:
    return RemoteFile(job["id"], entry["name"], entry["size_bytes"], entry["sha256"])


def _bring_bundle(client: ApiClient, file: RemoteFile, out: Path) -> bool:
    """Brings the .zip, and unpacks it when a folder is wanted."""
    if out.suffix.lower() == ".zip":
        return fetch_file(client, file, out, _Progress(file.size_bytes), _wait)
    packed, folder = out.with_name(f".{out.name}.zip"), out.with_name(f".{out.name}.part")
    is_link = fetch_file(client, file, packed, _Progress(file.size_bytes), _wait)
    try:
        with zipfile.ZipFile(packed) as archive:
            archive.extractall(folder)
        folder.rename(out)
    finally:
        packed.unlink()
        shutil.rmtree(folder, ignore_errors=True)
    return is_link


def _list_files(bundle: Path) -> list[dict[str, Any]]:
    """Every file of a bundle's folder, or its .zip."""
    paths = sorted(path for path in bundle.rglob("*") if path.is_file()) if bundle.is_dir() else [bundle]
    return [{"path": str(path), "bytes": path.stat().st_size} for path in paths]


def _wait(delay_s: float) -> None:
    threading.Event().wait(delay_s)


class _Progress:
    """Shows how much of a file has arrived."""

    def __init__(self, total_bytes: int) -> None:
        self._total_bytes = max(1, total_bytes)
        self._arrived_bytes = 0
        self._shown = -1

    def __call__(self, more_bytes: int) -> None:
        self._arrived_bytes += more_bytes
        percent = self._arrived_bytes * 100 // self._total_bytes
        if percent != self._shown:
            self._shown = percent
            _show("" if percent >= 100 else f"download {percent} %")


def _show(text: str) -> None:
    """One line that is written over, for people only: a log gets no thousand lines of it."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{text}")
        sys.stderr.flush()


def _tell(result: dict[str, Any], *, as_json: bool) -> None:
    for gap in result["gaps"]:
        sys.stderr.write(f"{gap['camera']}: no footage {gap['from']} to {gap['to']}; the file closes up over it\n")
    proof = "the bundle holds a masked copy and only the hashes of the original" if result["bundle"] else _NO_PROOF
    for name in sorted(result["masked_cameras"]):
        sys.stderr.write(f"{name}: parts hidden by privacy zones; {proof}\n")
    for name in sorted({str(file["camera"]) for file in result["files"] if file.get("enhanced")}):
        sys.stderr.write(f"{name}: enhanced by super-resolution; details are estimated, it is no evidence\n")
    if as_json:
        print_json(result)
        return
    for file in [] if result["bundle"] else result["files"]:
        sys.stdout.write(f"{file['path']}\n")
    if result["bundle"]:
        sys.stdout.write(f"{result['bundle']}\nfingerprint of the signing key: {result['fingerprint']}\n")
