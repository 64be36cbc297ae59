"""Compares stored files with their hashes: that of the volume's index, and that of the signed evidence log.

Whoever can change a file can change the index beside it; the log he cannot.
"""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from vedette.core.footage import SegmentRef
from vedette.recording.check import Finding
from vedette.recording.ports import SegmentCatalog
from vedette.recording.volume import Volume

CHUNK_BYTES = 1 << 20
Logged = Mapping[str, tuple[int, str]]
"""Size and SHA-256 (hex) by segment id, from `vedette.evidence.lookup.find_segment_hashes`."""


def check_hashes(volume: Volume, catalog: SegmentCatalog, logged: Logged) -> Iterator[Finding]:
    """Yields `index_hash_differs` and `log_hash_differs`. Footage older than hashes has none and is passed over."""
    for segment in catalog.find_all():
        path = volume.segment(segment.segment_id)
        if segment.is_open or not path.exists():
            continue
        yield from _check_segment(segment, path, catalog.find_hash(segment.segment_id)[0].hex(), logged)


def _check_segment(segment: SegmentRef, path: Path, indexed: str, logged: Logged) -> Iterator[Finding]:
    size, sha256 = logged.get(segment.segment_id, (segment.size_bytes, ""))
    if not indexed and not sha256:
        return
    try:
        found = _hash_file(path, segment.size_bytes)
        by_log = found if size == segment.size_bytes else _hash_file(path, size)
    except OSError as exc:
        yield Finding("unreadable", segment.segment_id, str(path), exc.strerror or str(exc))
        return
    if indexed and found != indexed:
        yield Finding("index_hash_differs", segment.segment_id, str(path), "the bytes are not those of the index")
    if sha256 and by_log != sha256:
        yield Finding("log_hash_differs", segment.segment_id, str(path), "the bytes are not those of the signed log")


def _hash_file(path: Path, size: int) -> str:
    running, left = hashlib.sha256(), size
    with path.open("rb") as file:
        while left > 0 and (data := file.read(min(left, CHUNK_BYTES))):
            running.update(data)
            left -= len(data)
    return running.hexdigest()
