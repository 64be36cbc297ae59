"""A volume as readers see it: its index and its files, asked through a `VolumeGate`.

Every call may raise VolumeSilentError; see there.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from vedette.core.footage import SegmentRef
from vedette.recording.archive_keys import ArchiveKeyRing
from vedette.recording.ports import SegmentCatalog
from vedette.recording.records import GapRecord, SegmentSpan, StreamKey, Stretch
from vedette.recording.stored_file import OpenFile, StoredFile, open_stored
from vedette.recording.volume import Volume, open_volume
from vedette.recording.volume_gate import VolumeGate

_BLOCK_BYTES = 8 << 10


@dataclass(frozen=True, slots=True)
class GatedVolume:
    """The questions of `vedette.recording.reader` to one volume; see `vedette.recording.ports.SegmentCatalog`."""

    volume: Volume
    catalog: SegmentCatalog
    gate: VolumeGate

    def find_segments(self, key: StreamKey, from_ns: int, to_ns: int, limit: int | None = None) -> list[SegmentRef]:
        return self.gate.call(lambda: self.catalog.find_segments(key, from_ns, to_ns, limit))

    def find_spans(self, key: StreamKey, from_ns: int, to_ns: int) -> list[SegmentSpan]:
        return self.gate.call(lambda: self.catalog.find_spans(key, from_ns, to_ns))

    def find_stretches(self, key: StreamKey, from_ns: int, to_ns: int) -> list[Stretch]:
        return self.gate.call(lambda: self.catalog.find_stretches(key, from_ns, to_ns))

    def find_segments_before(self, key: StreamKey, at_ns: int, limit: int) -> list[SegmentRef]:
        return self.gate.call(lambda: self.catalog.find_segments_before(key, at_ns, limit))

    def find_fragments(self, segment_id: str) -> bytes:
        return self.gate.call(lambda: self.catalog.find_fragments(segment_id))

    def find_gaps(self, key: StreamKey, from_ns: int, to_ns: int) -> list[GapRecord]:
        return self.gate.call(lambda: self.catalog.find_gaps(key, from_ns, to_ns))

    def find_hash(self, segment_id: str) -> tuple[bytes, bytes]:
        return self.gate.call(lambda: self.catalog.find_hash(segment_id))

    def find_keys(self) -> list[StreamKey]:
        return self.gate.call(self.catalog.find_keys)

    def has_file(self, segment_id: str) -> bool:
        return self.gate.call(self.volume.segment(segment_id).exists)

    def open_file(self, segment_id: str, keys: ArchiveKeyRing | None) -> "GatedFile":
        """Opens a segment file for reading its plaintext. Raises as `open_stored`."""
        path = self.volume.segment(segment_id)
        return GatedFile(self.gate.call(lambda: open_stored(path, keys)), self.gate)


def open_gated(root: Path, open_catalog: Callable[[Path], SegmentCatalog], gate: VolumeGate) -> GatedVolume:
    """Opens a volume and its index. Raises StorageError."""

    def open_both() -> tuple[Volume, SegmentCatalog]:
        volume = open_volume(root)
        return volume, open_catalog(volume.index)

    volume, catalog = gate.call(open_both)
    return GatedVolume(volume, catalog, gate)


class GatedFile:
    """An open segment file. See `vedette.recording.stored_file.StoredFile`.

    Small reads of a file in the clear come from one larger one: each question to the gate costs a change of threads.
    """

    def __init__(self, file: StoredFile, gate: VolumeGate) -> None:
        self._file = file
        self._gate = gate
        self._is_plain = isinstance(file, OpenFile)
        self._block: tuple[int, bytes] = (0, b"")

    def read(self, size_bytes: int, offset: int) -> bytes:
        if not self._is_plain or size_bytes > _BLOCK_BYTES // 2:
            return self._gate.call(lambda: self._file.read(size_bytes, offset))
        begin, block = self._block
        if not begin <= offset <= offset + size_bytes <= begin + len(block):
            begin, block = offset, self._gate.call(lambda: self._file.read(_BLOCK_BYTES, offset))
            if len(block) == _BLOCK_BYTES:  # else the file may grow there
                self._block = (begin, block)
        return block[offset - begin : offset - begin + size_bytes]

    def read_into(self, block: memoryview, offset: int) -> int:
        """After a VolumeSilentError the block may still be written to: leave it."""
        return self._gate.call(lambda: self._file.read_into(block, offset))
