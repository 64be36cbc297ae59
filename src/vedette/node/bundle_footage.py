"""Stored files and their marks, for bundles: from the volumes and their indexes, in the clear."""

import io
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import BinaryIO, cast

from typing_extensions import Buffer, override

from vedette.adapters.sqlite_recording_catalog import SqliteRecordingCatalog
from vedette.core.errors import StorageError
from vedette.evidence.bundle import FootageFile, FootagePart
from vedette.recording.archive_keys import ArchiveKeyRing
from vedette.recording.errors import DamagedFrameError, VolumeSilentError
from vedette.recording.gated_volume import GatedVolume, open_gated
from vedette.recording.records import FRAGMENT_FORMAT, MARK_BYTES
from vedette.recording.stored_file import StoredFile
from vedette.recording.volume_gate import VolumeGate


class VolumeFootage:
    """See `vedette.evidence.bundle.FootageFiles`. Close it; a volume that cannot be opened holds nothing for us.

    A disk that stops to answer is an error (VolumeSilentError), not a thread that waits for ever.
    """

    def __init__(self, roots: Iterable[Path], keys: ArchiveKeyRing | None = None) -> None:
        self._keys = keys
        self._volumes: list[GatedVolume] = []
        for root in roots:
            with suppress(StorageError):
                self._volumes.append(open_gated(root, SqliteRecordingCatalog, VolumeGate(str(root))))

    def find_file(self, segment_id: str) -> FootageFile | None:
        for volume in self._volumes:
            if volume.has_file(segment_id):
                path = volume.volume.segment(segment_id)
                return FootageFile(path, _read_parts(volume, segment_id), partial(self._open, volume))
        return None

    def _open(self, volume: GatedVolume, path: Path) -> BinaryIO:
        """Raises FootageLockedError, DamagedFootageError, VolumeSilentError, OSError."""
        return cast("BinaryIO", _PlainStream(volume.open_file(path.stem, self._keys)))

    def close(self) -> None:
        for volume in self._volumes:
            with suppress(VolumeSilentError):
                volume.gate.call(volume.catalog.close)
            volume.gate.close()


class _PlainStream(io.RawIOBase):
    """Footage from its begin to its end. A damaged frame reads as zeros: the verifier then names its second."""

    def __init__(self, file: StoredFile) -> None:
        self._file = file
        self._offset = 0

    @override
    def readable(self) -> bool:
        return True

    @override
    def readinto(self, buffer: Buffer, /) -> int:
        block = memoryview(buffer).cast("B")
        try:
            count = self._file.read_into(block, self._offset)
        except DamagedFrameError as exc:
            count = min(len(block), exc.plain_end - self._offset)
            block[:count] = bytes(count)
        self._offset += count
        return count


def _read_parts(catalog: GatedVolume, segment_id: str) -> tuple[FootagePart, ...]:
    """The fragments with their marks; none when the index has no mark for each."""
    packed, (_, marks) = catalog.find_fragments(segment_id), catalog.find_hash(segment_id)
    fragments = list(FRAGMENT_FORMAT.iter_unpack(packed))
    if len(marks) != MARK_BYTES * len(fragments):
        return ()
    return tuple(
        FootagePart(fragment[4], fragment[0], marks[place * MARK_BYTES : (place + 1) * MARK_BYTES].hex())
        for place, fragment in enumerate(fragments)
    )
