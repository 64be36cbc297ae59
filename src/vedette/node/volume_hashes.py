"""Compares stored files with the signed evidence log.

Whoever can change a file can change the index beside it, with which `vedette.recording.check` compares; the log he
cannot.
"""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from vedette.recording.check import Finding
from vedette.recording.ports import SegmentCatalog
from vedette.recording.volume import Volume

CHUNK_BYTES = 1 << 20
Logged = Mapping[str, tuple[int, str]]
"""Size and SHA-256 (hex) by segment id, from `vedette.evidence.lookup.find_segment_hashes`."""


def check_hashes(volume: Volume, catalog: SegmentCatalog, logged: Logged) -> Iterator[Finding]:
    """Yields `log_hash_differs`. Footage that is not logged yet is passed over: the index's hash is all there is."""
    for segment in catalog.find_all():
        path = volume.segment(segment.segment_id)
        size, sha256 = logged.get(segment.segment_id, (0, ""))
        if not sha256 or not path.exists():
            continue
        try:
            found = _hash_file(path, size)
        except OSError as exc:
            yield Finding("unreadable", segment.segment_id, str(path), exc.strerror or str(exc))
            continue
        if found != sha256:
            detail = "its bytes are not those of the signed log"
            yield Finding("log_hash_differs", segment.segment_id, str(path), detail)


def _hash_file(path: Path, size: int) -> str:
    running, left = hashlib.sha256(), size
    with path.open("rb") as file:
        while left > 0 and (data := file.read(min(left, CHUNK_BYTES))):
            running.update(data)
            left -= len(data)
    return running.hexdigest()
