"""Files that an older release wrote are readable for ever. Version 1 of the encrypted layout, from November 2026."""

import hashlib
from pathlib import Path

from vedette.recording.archive_keys import ArchiveKeyRing
from vedette.recording.scan import scan_segment
from vedette.recording.stored_file import open_stored

FILE = Path(__file__).parent / "encrypted_segment_1" / "00000000010000000000000002.mp4"
KEY = bytes(range(32))
PLAIN_SHA256 = "6677703f6aa59a37b97e9b0a7d4bbf0b97ce65d1e1d74c14cf6c8330cd11af0c"


def test_an_encrypted_segment_of_version_1_is_read_with_its_key(tmp_path) -> None:
    (tmp_path / "20261118.key").write_bytes(KEY)
    plain = open_stored(FILE, ArchiveKeyRing(tmp_path)).read(1 << 20, 0)
    assert (len(plain), hashlib.sha256(plain).hexdigest()) == (3388, PLAIN_SHA256)


def test_an_encrypted_segment_of_version_1_is_scanned_without_a_key() -> None:
    scanned = scan_segment(FILE)
    assert (scanned.damage, scanned.record.sha256.hex()) == ((), PLAIN_SHA256)
    assert (scanned.record.size_bytes, scanned.record.stored_bytes) == (3388, FILE.stat().st_size)
    assert scanned.record.frames == 60
