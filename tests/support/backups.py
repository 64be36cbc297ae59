"""Backups made by hand: what somebody could write who has the public key."""

import io
import tarfile

from vedette.adapters.backup_box import BackupWriter

CREATED = "2026-11-30T10:00:00Z"
ABOUT = b'{"format":1,"version":"0.1.0","created_at":"2026-11-30T10:00:00Z"}'


def seal(public: str, *pieces: bytes) -> bytes:
    """The envelope about these pieces."""
    sink = io.BytesIO()
    writer = BackupWriter(sink, public, CREATED)
    for piece in pieces:
        writer.write(piece)
    writer.close()
    return sink.getvalue()


def seal_archive(public: str, *entries: tarfile.TarInfo, about: bytes = ABOUT) -> bytes:
    """A whole backup with nothing but these empty entries behind what it says of itself."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        first = tarfile.TarInfo("backup.json")
        first.size = len(about)
        archive.addfile(first, io.BytesIO(about))
        for one in entries:
            archive.addfile(one)
    return seal(public, packed.getvalue())
