"""What the gateway sees and does of an erasure: footage on every volume, holds that lie on them, archive keys.

Reads only, but for the archive keys, which are the gateway's own: deleting footage is the recorder's.
"""

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from vedette.core.errors import StorageError
from vedette.core.footage import SegmentRef
from vedette.core.media import StreamRole
from vedette.core.recording_plan import Hold
from vedette.recording.archive_keys import destroy_key
from vedette.recording.errors import DamagedFootageError
from vedette.recording.holds_file import read_holds
from vedette.recording.reader import FootageReader
from vedette.recording.records import StreamKey
from vedette.recording.stored_file import find_key_day
from vedette.recording.volume import Volume, open_volume
from vedette.runtime.paths import NodePaths


class ErasableFootage:
    """See `vedette.api.erasure_plan.ErasableFootage`."""

    def __init__(self, reader: FootageReader, paths: NodePaths) -> None:
        self._reader = reader
        self._private, self._public = paths.archive_keys, paths.archive_public_keys

    def find_cameras(self) -> list[str]:
        return sorted({key.camera_id for key in self._reader.find_keys()})

    def find_stored(self, camera_id: str, role: StreamRole, from_ns: int, to_ns: int) -> list[tuple[str, SegmentRef]]:
        found = self._reader.find_stored(StreamKey(camera_id, role), from_ns, to_ns)
        return [(str(volume.root), segment) for volume, segment in found]

    def find_kept_holds(self, roots: Iterable[str]) -> list[Hold]:
        """Holds that volumes brought along from another recorder among them. Raises StorageError."""
        return [kept.hold for root in roots for kept in read_holds(open_volume(Path(root)))]

    def has_key(self, day: str) -> bool:
        return (self._private / f"{day}.key").exists()

    def count_users(self, day: str, from_ns: int, to_ns: int) -> int:
        """How many segments of a range, of all cameras, are encrypted to the key of a day."""
        return sum(
            self._is_encrypted_to(day, volume, segment)
            for key in self._reader.find_keys()
            for volume, segment in self._reader.find_stored(key, from_ns, to_ns)
        )

    def destroy_key(self, day: str) -> bool:
        try:
            return destroy_key(self._private, self._public, day)
        except OSError as exc:
            raise StorageError(f"the archive key of {day} cannot be destroyed: {exc.strerror}") from exc

    def drop_files(self) -> None:
        self._reader.drop_files()

    @staticmethod
    def _is_encrypted_to(day: str, volume: Volume, segment: SegmentRef) -> bool:
        with suppress(DamagedFootageError, OSError):  # without a head that can be read no key opens it
            return find_key_day(volume.segment(segment.segment_id)) == day
        return False
