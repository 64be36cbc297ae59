"""Writes a bundle: stored footage, proofs, a list of contents that the notary signs, and the verifier.

The order is fixed: `write_contents`, the notary's `sign_manifest`, `seal_bundle`, and `pack_bundle` for a .zip.
Runs in a thread; the notary is asked in between by the caller. Layout: docs/design/evidence.md.
"""

import hashlib
import os
import re
import unicodedata
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from vedette.evidence import offline_verify
from vedette.evidence.bundle_masked import MaskedCopy, clamp_cover, write_masked
from vedette.evidence.bundle_stamps import write_stamps
from vedette.evidence.bundle_texts import README, README_MASKED
from vedette.evidence.errors import FootageMissingError
from vedette.evidence.offline_verify import (
    CHECKPOINT,
    CHUNK_BYTES,
    MANIFEST,
    MANIFEST_NOTE,
    PLAIN,
    WITH_MASKED,
    WITNESSES,
    encode_canonical,
    video_path,
    zip_central,
    zip_end,
    zip_local,
)
from vedette.evidence.proofs import CameraProof, LogHead, ProvenSegment, StampedTree

_MOST_SLUG = 40


@dataclass(frozen=True, slots=True)
class FootagePart:
    """One fragment of a stored file: its bytes, when it begins, and the mark after it (16 hex digits)."""

    size_bytes: int
    start_ns: int
    mark: str


def open_plain(path: Path) -> BinaryIO:
    return path.open("rb")


@dataclass(frozen=True, slots=True)
class FootageFile:
    """A stored file. `parts` name the second of a fault; the head of the file comes before the first.

    `open` gives the footage in the clear, also where the file is encrypted.
    """

    path: Path
    parts: tuple[FootagePart, ...] = ()
    open: Callable[[Path], BinaryIO] = open_plain


class FootageFiles(Protocol):
    """Finds stored files. Implementation: `vedette.node.bundle_footage`."""

    def find_file(self, segment_id: str) -> FootageFile | None: ...


@dataclass(frozen=True, slots=True)
class BundleCamera:
    """One camera of a bundle.

    Attributes:
        clip: A file with the asked range alone, for `clips/`, moved into the bundle.
        signing: What the camera's own signatures say of the segments, for `signing/`; canonical JSON or empty.
        masked: What goes out instead of stored footage and clip: the recipient may not see the whole picture.
    """

    name: str
    streams: tuple[str, ...]
    proof: CameraProof
    clip: Path | None = None
    signing: bytes = b""
    masked: MaskedCopy | None = None


@dataclass(frozen=True, slots=True)
class BundleContents:
    """Everything that goes into a bundle. `by` is the user's name; `tool` for example `vedette 0.1.0`."""

    export_id: str
    by: str
    purpose: str
    made_at_ns: int
    from_ns: int
    to_ns: int
    tool: str
    head: LogHead
    cameras: tuple[BundleCamera, ...]


@dataclass(frozen=True, slots=True)
class Manifest:
    """What was written. `altered`: segments whose stored bytes are not those of the log; the verifier will say so."""

    sha256: str
    size_bytes: int
    altered: tuple[str, ...]


def write_contents(
    folder: Path, contents: BundleContents, files: FootageFiles, on_progress: Callable[[int], None] = lambda _: None
) -> Manifest:
    """Writes everything but the signature into an empty or missing folder.

    `on_progress` gets the number of bytes of footage that were copied since its last call; it may raise to cancel.

    Raises:
        FootageMissingError: a file is not there; take a new head and ask for the proofs again.
        OSError: the folder cannot be written.
    """
    folder.mkdir(mode=0o750, parents=True, exist_ok=True)
    writer = _Writer(folder, files, on_progress)
    is_masked = any(camera.masked is not None for camera in contents.cameras)
    writer.add("README.txt", (README_MASKED if is_masked else README).encode())
    writer.add("verify.py", Path(offline_verify.__file__).read_bytes())
    writer.add(CHECKPOINT, contents.head.note.encode())
    if contents.head.witnessed:
        told = [
            {"checkpoint": one.checkpoint, "cosignature": one.cosignature, "proof": list(one.proof)}
            for one in contents.head.witnessed
        ]
        writer.add(WITNESSES, encode_canonical(told))
    rotations = [f"proofs/keys/{number:06}.json" for number in range(1, len(contents.head.rotations) + 1)]
    for name, content in zip(rotations, contents.head.rotations, strict=True):
        writer.add(name, content.encode())
    cameras = [_write_camera(writer, number, camera) for number, camera in enumerate(contents.cameras, 1)]
    write_stamps(
        writer.add, [one for number, camera in enumerate(contents.cameras, 1) for one in _stamps(number, camera)]
    )
    manifest = {
        "v": WITH_MASKED if is_masked else PLAIN,
        "site": contents.head.site,
        "key": contents.head.key,
        "keys": rotations,
        "export": contents.export_id,
        "by": clean(contents.by),
        "purpose": clean(contents.purpose),
        "made_at": contents.made_at_ns,
        "from": contents.from_ns,
        "to": contents.to_ns,
        "tool": contents.tool,
        "cameras": cameras,
        "files": writer.listed,
    }
    data = encode_canonical(manifest)
    (folder / MANIFEST).write_bytes(data)
    return Manifest(hashlib.sha256(data).hexdigest(), writer.size_bytes + len(data), tuple(writer.altered))


def seal_bundle(folder: Path, note: str) -> None:
    """Adds the notary's signature: the bundle is whole."""
    (folder / MANIFEST_NOTE).write_text(note, encoding="utf-8", newline="")


def pack_bundle(folder: Path, path: Path, on_progress: Callable[[int], None] = lambda _: None) -> None:
    """Packs a sealed bundle into a .zip: stored, sorted, without times, so that the verifier knows every byte of it."""
    names = sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())
    central, offset = [], 0
    with path.open("xb") as out:
        for name in names:
            size, crc = _sum_file(folder / name)
            head = zip_local(name.encode(), size, crc)
            out.write(head)
            with (folder / name).open("rb") as file:
                while data := file.read(CHUNK_BYTES):
                    out.write(data)
                    on_progress(len(data))
            central.append(zip_central(name.encode(), size, crc, offset))
            offset += len(head) + size
        table = b"".join(central)
        out.write(table + zip_end(len(central), len(table), offset))


def clean(text: str) -> str:
    """Text from people, so that it stays on its line and can be encoded."""
    return "".join(one for one in text if one.isprintable()).encode("utf-8", "replace").decode()


def make_folder_name(number: int, name: str) -> str:
    """`3-cong-truoc`: the number makes it unique, the name tells people which camera."""
    plain = unicodedata.normalize("NFKD", name.replace("đ", "d").replace("Đ", "D")).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^A-Za-z0-9]+", "-", plain).strip("-")[:_MOST_SLUG].strip("-").lower()
    return f"{number}-{slug or 'camera'}"


class _Writer:
    """Adds files to a bundle and lists them."""

    def __init__(self, folder: Path, files: FootageFiles, on_progress: Callable[[int], None]) -> None:
        self._folder = folder
        self._files = files
        self._on_progress = on_progress
        self.listed: dict[str, dict[str, object]] = {}
        self.altered: list[str] = []
        self.size_bytes = 0

    def add(self, name: str, data: bytes) -> None:
        with self._create(name) as file:
            file.write(data)
        self._list(name, len(data), hashlib.sha256(data).hexdigest())

    def add_segment(self, name: str, segment: ProvenSegment) -> FootageFile:
        """Copies the bytes of a segment. Listed is the hash of the log: what the disk holds instead is a fault."""
        found = self._files.find_file(segment.segment_id)
        if found is None:
            raise FootageMissingError(f"the footage {segment.segment_id} is not there", "It may have been deleted.")
        sha256 = self._copy(found, name, segment.size_bytes)
        if sha256 != segment.sha256:
            self.altered.append(segment.segment_id)
        self._list(name, segment.size_bytes, segment.sha256)
        return found

    def add_file(self, name: str, path: Path) -> None:
        size = path.stat().st_size
        self._list(name, size, self._copy(FootageFile(path), name, size))

    def add_clip(self, name: str, path: Path) -> None:
        self.add_file(name, path)
        path.unlink()

    def _copy(self, source: FootageFile, name: str, size: int) -> str:
        running, left = hashlib.sha256(), size
        try:
            file = source.open(source.path)
        except OSError as exc:
            raise FootageMissingError(f"{source.path.name} cannot be read: {exc.strerror}") from exc
        with file, self._create(name) as out:
            while left > 0 and (data := file.read(min(left, CHUNK_BYTES))):
                running.update(data)
                out.write(data)
                left -= len(data)
                self._on_progress(len(data))
        return running.hexdigest()

    def _create(self, name: str) -> BinaryIO:
        path = self._folder / name
        path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        return path.open("xb")

    def _list(self, name: str, size: int, sha256: str) -> None:
        self.listed[name] = {"bytes": size, "sha256": sha256}
        self.size_bytes += size


def _write_camera(writer: _Writer, number: int, camera: BundleCamera) -> dict[str, object]:
    """Writes the files of one camera; returns its record for the manifest."""
    folder = make_folder_name(number, camera.name)
    if camera.masked is None:
        _write_originals(writer, folder, camera)
    if camera.signing:
        writer.add(f"signing/{folder}.json", camera.signing)
    proofs = [f"proofs/{folder}/{file.name}" for file in camera.proof.files]
    for name, file in zip(proofs, camera.proof.files, strict=True):
        writer.add(name, file.content.encode())
    record: dict[str, object] = {
        "id": camera.proof.camera_id,
        "name": clean(camera.name),
        "folder": folder,
        "streams": list(camera.streams),
        "covered_to": camera.proof.covered_to_ns,
        "proofs": proofs,
    }
    return record if camera.masked is None else record | _write_masked(writer, folder, camera, camera.masked)


def _write_masked(writer: _Writer, folder: str, camera: BundleCamera, masked: MaskedCopy) -> dict[str, object]:
    """Writes the masked files. No byte of stored footage is read here."""
    (stream,) = camera.streams
    ends_ns = [segment.end_ns for segment in camera.proof.segments if segment.stream == stream]
    covered = {one: clamp_cover(end_ns, ends_ns, masked) for one, end_ns in camera.proof.covered_to_ns.items()}
    return {"covered_to": covered} | write_masked(writer.add_file, folder, stream, masked, clean)


def _write_originals(writer: _Writer, folder: str, camera: BundleCamera) -> None:
    marks: dict[str, list[list[object]]] = {}
    for segment in camera.proof.segments:
        name = video_path(folder, segment.stream, segment.start_ns, segment.segment_id)
        found = writer.add_segment(name, segment)
        marks[segment.segment_id] = _marks_of(found, segment)
    if marks:
        writer.add(f"marks/{folder}.json", encode_canonical(marks))
    if camera.clip is not None:
        writer.add_clip(f"clips/{folder}{camera.clip.suffix}", camera.clip)


def _stamps(number: int, camera: BundleCamera) -> list[tuple[str, StampedTree]]:
    folder = make_folder_name(number, camera.name)
    return [(f"proofs/{folder}/{one.file}", one) for one in camera.proof.stamps]


def _marks_of(file: FootageFile, segment: ProvenSegment) -> list[list[object]]:
    """Size, begin and mark of the file's head and of each part."""
    head = segment.size_bytes - sum(part.size_bytes for part in file.parts)
    parts: list[list[object]] = [[part.size_bytes, part.start_ns, part.mark] for part in file.parts]
    return [[head, segment.start_ns, ""], *parts]


def _sum_file(path: Path) -> tuple[int, int]:
    crc = 0
    with path.open("rb") as file:
        while data := file.read(CHUNK_BYTES):
            crc = zlib.crc32(data, crc)
        return os.fstat(file.fileno()).st_size, crc
