"""An MP4 file of stored footage without touching a packet: tables from the fragments' heads, then ranges of bytes.

What the recorder stored lies in the file as it is wanted, only the heads between are in the way. So a fragment costs
one small read and one copy, whatever its number of pictures. Sound that MP4 players do not know (G.711) is encoded
into a file beside it first, and copied from there.
"""

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from vedette.core.footage import FragmentRef, SegmentRef
from vedette.core.media import AudioFormat, Packet
from vedette.core.time import NS_PER_S
from vedette.media.audio_samples import packet_duration_90k
from vedette.media.fmp4 import MalformedMediaError, ParsedTrack, scan_fragments
from vedette.media.mp4_file import Chunk, plan_mp4
from vedette.streaming.download import Selection
from vedette.streaming.export_marks import Notes
from vedette.streaming.export_ports import FootageFiles, OpenSegment, Report
from vedette.streaming.mp4_download import FootageChangedError, close_audio_holes, packets_chunk
from vedette.streaming.sound import EncoderFactory, open_if_needed

BLOCK_BYTES = 1 << 20
"""Small enough to stay in the processor's cache between reading, hashing and writing."""


@dataclass(frozen=True, slots=True)
class Extent:
    """A stretch of bytes to copy. `segment` is None for the encoded sound."""

    segment: SegmentRef | None
    offset: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """What was written."""

    size_bytes: int
    sha256: str


class Mp4Writer:
    """Writes one selection into one file. `folder` is for what is needed meanwhile."""

    def __init__(self, files: FootageFiles, selection: Selection, open_encoder: EncoderFactory, spool: Path) -> None:
        self._files = files
        self._selection = selection
        self._spool_path = spool
        source = selection.format.audio
        self._encoder = open_if_needed(source, open_encoder)
        self._audio: AudioFormat | None = self._encoder.format if self._encoder else source

    def write(self, path: Path, notes: Notes, report: Report) -> WrittenFile:
        """Writes the file.

        Raises:
            FootageChangedError, NotFoundError: footage was deleted or damaged meanwhile; the file is not complete.
        """
        with self._spool_path.open("w+b") as spool:
            self._spool_path.unlink()
            plan = [part for placed in self._placed() for part in self._read_fragment(*placed, spool)]
            chunks = close_audio_holes([chunk for chunk, _ in plan])
            first_90k = next(chunk.composition_90k[0] for chunk in chunks if not chunk.is_audio)
            shown = self._selection.shown_90k
            head = plan_mp4(
                self._selection.format.video,
                self._audio,
                chunks,
                show_from_90k=shown[0] + first_90k,
                show_to_90k=shown[1] + first_90k,
                created_s=self._selection.first_ns // NS_PER_S,
                notes=notes,
            ).head
            spool.flush()
            extents = _join([extent for _, extent in plan])
            return copy_extents(path, head, extents, lambda segment: self._open(segment, spool), report)

    def _open(self, segment: SegmentRef | None, spool: BinaryIO) -> OpenSegment:
        return self._files.open_segment(segment) if segment is not None else Spool(spool.fileno())

    def _placed(self) -> Iterator[tuple[FragmentRef, int, int]]:
        for fragment, (shift, fill) in zip(self._selection.fragments, self._selection.placements_90k, strict=True):
            yield fragment, shift, fill

    def _read_fragment(
        self, fragment: FragmentRef, shift_90k: int, fill_90k: int, spool: BinaryIO
    ) -> Iterator[tuple[Chunk, Extent]]:
        file = self._files.open_segment(fragment.segment)
        end = fragment.offset + fragment.size_bytes
        found = next(scan_fragments(file.read, fragment.offset, end), None)
        if found is None or isinstance(found, MalformedMediaError):
            raise FootageChangedError("stored footage is not what the index says", "Run `vedette check`.") from found
        video, audio = found.fragment.video, found.fragment.audio
        shift_90k += fragment.segment.start_90k
        if video is not None and video.sizes_bytes:
            end_90k = fragment.media_90k + fragment.duration_90k - fragment.segment.start_90k
            yield _video_chunk(video, end_90k, shift_90k, fill_90k), _extent(fragment, video)
        if audio is not None and audio.sizes_bytes and self._audio is not None:
            if self._encoder is None:
                yield _audio_chunk(audio, shift_90k, packet_duration_90k(self._audio)), _extent(fragment, audio)
                return
            packets = _audio_packets(audio, file, fragment.offset, shift_90k)
            yield from self._encode(packets, packet_duration_90k(self._audio), spool)

    def _encode(self, packets: Sequence[Packet], step_90k: int, spool: BinaryIO) -> Iterator[tuple[Chunk, Extent]]:
        assert self._encoder is not None
        ready = [packet for source in packets for packet in self._encoder.push(source)]
        if ready:
            offset, payload = spool.tell(), b"".join(packet.data for packet in ready)
            spool.write(payload)
            yield packets_chunk(ready, ready[-1].dts_90k + step_90k), Extent(None, offset, len(payload))


@dataclass(frozen=True, slots=True)
class Spool:
    """A file of ours as an `OpenSegment`."""

    descriptor: int

    def read(self, size_bytes: int, offset: int) -> bytes:
        return os.pread(self.descriptor, size_bytes, offset)

    def read_into(self, block: memoryview, offset: int) -> int:
        return os.preadv(self.descriptor, [block], offset)


def _video_chunk(track: ParsedTrack, end_90k: int, shift_90k: int, fill_90k: int) -> Chunk:
    """As `_audio_chunk`; a hole of a frame or two before it is filled by its first picture (see `MediaLine`)."""
    durations = list(track.durations_90k)
    durations[-1] = max(0, end_90k - track.decode_90k - sum(durations[:-1]))
    durations[0] += fill_90k
    return Chunk(
        is_audio=False,
        dts_90k=track.decode_90k + shift_90k - fill_90k,
        durations_90k=tuple(durations),
        sizes_bytes=track.sizes_bytes,
        composition_90k=track.composition_90k,
        is_key=track.is_key,
    )


def _audio_chunk(track: ParsedTrack, shift_90k: int, step_90k: int) -> Chunk:
    return Chunk(
        is_audio=True,
        dts_90k=track.decode_90k + shift_90k,
        durations_90k=(*track.durations_90k[:-1], step_90k),
        sizes_bytes=track.sizes_bytes,
        composition_90k=(0,) * len(track.sizes_bytes),
        is_key=(True,) * len(track.sizes_bytes),
    )


def _extent(fragment: FragmentRef, track: ParsedTrack) -> Extent:
    return Extent(fragment.segment, fragment.offset + track.offset, sum(track.sizes_bytes))


def _audio_packets(track: ParsedTrack, file: OpenSegment, fragment_offset: int, shift_90k: int) -> list[Packet]:
    data = file.read(sum(track.sizes_bytes), fragment_offset + track.offset)
    packets, position, dts_90k = [], 0, track.decode_90k + shift_90k
    for size, duration_90k in zip(track.sizes_bytes, track.durations_90k, strict=True):
        payload = data[position : position + size]
        packets.append(Packet(True, True, dts_90k, dts_90k, 0, 0, 0, 0, 0, payload))
        position, dts_90k = position + size, dts_90k + duration_90k
    return packets


def _join(extents: Sequence[Extent]) -> list[Extent]:
    """Joins neighbours: the sound of a fragment lies behind its pictures."""
    joined: list[Extent] = []
    for extent in extents:
        last = joined[-1] if joined else None
        if last and last.segment == extent.segment and last.offset + last.size_bytes == extent.offset:
            joined[-1] = replace(last, size_bytes=last.size_bytes + extent.size_bytes)
        else:
            joined.append(extent)
    return joined


def copy_extents(
    path: Path,
    head: bytes,
    extents: Sequence[Extent],
    opener: Callable[[SegmentRef | None], OpenSegment],
    report: Report,
) -> WrittenFile:
    """Writes a head and stretches of files behind it, with the hash running along."""
    running, size_bytes, block = hashlib.sha256(head), len(head), memoryview(bytearray(BLOCK_BYTES))
    with path.open("xb", buffering=0) as out:
        out.write(head)
        for extent in extents:
            file, position, end = opener(extent.segment), extent.offset, extent.offset + extent.size_bytes
            while position < end:
                count = file.read_into(block[: min(BLOCK_BYTES, end - position)], position)
                if not count:
                    raise FootageChangedError("footage was cut short while it was copied", "Export it again.")
                running.update(block[:count])
                _write_all(out, block[:count])
                position += count
            size_bytes += extent.size_bytes
            report(extent.size_bytes)
    return WrittenFile(size_bytes, running.hexdigest())


def _write_all(out: BinaryIO, data: memoryview) -> None:
    while data:
        data = data[out.write(data) :]
