"""Volumes with encrypted footage, for tests."""

from pathlib import Path

from tests.support.media import START_NS
from tests.support.recording import NO_LIMIT, Rig
from vedette.core.time import NS_PER_S
from vedette.recording.archive_keys import ArchiveKeyRing, make_keys_ahead, name_day
from vedette.recording.cipher_walk import Frame, read_file_head, walk_frames
from vedette.recording.disk import PosixDisk
from vedette.recording.segment_encryptor import SegmentEncryptor
from vedette.recording.stored_file import OpenFile

DAY_NS = 86_400 * NS_PER_S
DAY = name_day(START_NS)


class EncryptedRig(Rig):
    """A volume whose footage is encrypted to the keys in `<data>/keys`."""

    def __init__(self, data: Path, disk: PosixDisk | None = None, root: Path | None = None) -> None:
        self.private, self.public = data / "keys" / "archive", data / "keys" / "archive-public"
        if not self.public.exists():
            make_keys_ahead(self.private, self.public, START_NS, days=2)
        self.encryptor = SegmentEncryptor(self.public)
        place = root or data / "volumes" / "main"
        place.parent.mkdir(parents=True, exist_ok=True)
        super().__init__(place, disk, NO_LIMIT, self.encryptor.make_body, ArchiveKeyRing(self.private))


def frames_of(path: Path) -> list[Frame]:
    file = OpenFile(path)
    found = list(walk_frames(file.read, read_file_head(file.read).size_bytes, 0, file.size_bytes))
    return [each for each in found if isinstance(each, Frame)]
