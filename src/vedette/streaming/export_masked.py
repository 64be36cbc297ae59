"""Writes one selection into one file with hidden parts filled: the counterpart of `export_mp4` for those who may not
see the whole picture.

What comes out is no original: it is encoded anew, and its metadata says so. Memory holds one fragment and the sample
tables; the pictures of an MP4 lie in an unlinked file until its head can be written. One file, one child.
"""

import asyncio
import hashlib
from contextlib import aclosing
from pathlib import Path
from typing import BinaryIO

from vedette.core.time import NS_PER_S
from vedette.media.audio_samples import packet_duration_90k
from vedette.media.mp4_file import Chunk, plan_mp4
from vedette.streaming.export_marks import Notes
from vedette.streaming.export_mp4 import BLOCK_BYTES, Extent, Spool, WrittenFile, copy_extents
from vedette.streaming.export_ports import Report
from vedette.streaming.masked_footage import MaskedFootage, line_up
from vedette.streaming.mkv_download import FileWriterFactory
from vedette.streaming.mp4_download import close_audio_holes, packets_chunk


class MaskedWriter:
    """One file. Synchronous, for a thread: the child is spoken to on an event loop of the thread's own, so that live
    pictures do not wait for it.
    """

    def __init__(self, footage: MaskedFootage) -> None:
        self._footage = footage
        self._window = footage.window
        self._audio = footage.audio

    def write_mp4(self, path: Path, notes: Notes, report: Report) -> WrittenFile:
        """Writes the file. It shows exactly from the asked time on.

        Raises:
            MaskerLostError: the child ended; the file is not complete.
            NotDecodableError, FormatChangesError, NotFoundError, StorageError
        """
        spool_path = path.with_name(f"{path.name}.pictures")
        with spool_path.open("w+b") as spool:
            spool_path.unlink()
            chunks = asyncio.run(self._spool(spool, report))
            spool.flush()
            head = plan_mp4(
                self._footage.format.video,
                self._audio,
                close_audio_holes(chunks),
                show_from_90k=self._window.from_90k,
                show_to_90k=self._window.to_90k,
                created_s=self._footage.selection.first_ns // NS_PER_S,
                notes=notes,
            ).head
            extent = Extent(None, 0, spool.tell())
            return copy_extents(path, head, [extent], lambda _: Spool(spool.fileno()), lambda _: report(0))

    async def _spool(self, spool: BinaryIO, report: Report) -> list[Chunk]:
        """Writes all payloads one after another and describes them."""
        chunks: list[Chunk] = []
        async with aclosing(self._footage.read()) as pieces:
            async for piece in pieces:
                if piece.video:
                    chunks.append(packets_chunk(piece.video, self._window.to_90k))
                if piece.audio and self._audio is not None:
                    last = piece.audio[-1]
                    end_90k = last.dts_90k + packet_duration_90k(self._audio, last.data)
                    chunks.append(packets_chunk(piece.audio, end_90k))
                spool.writelines(packet.data for packet in (*piece.video, *piece.audio))
                report(piece.source_bytes)
        return chunks

    def write_mkv(self, path: Path, open_writer: FileWriterFactory, notes: Notes, report: Report) -> WrittenFile:
        """Writes the file. It begins with the picture that stands at the asked time. Raises as `write_mp4`."""
        asyncio.run(self._write_mkv(path, open_writer, notes, report))
        return hash_file(path)

    async def _write_mkv(self, path: Path, open_writer: FileWriterFactory, notes: Notes, report: Report) -> None:
        writer = None
        async with aclosing(self._footage.read()) as pieces:
            async for piece in pieces:
                if writer is None:
                    writer = open_writer(path, self._footage.format, notes)
                writer.write(line_up(piece, self._window))
                report(piece.source_bytes)
        assert writer is not None, "there is a piece, or an error"
        writer.finish()


def hash_file(path: Path) -> WrittenFile:
    """Reads a finished file once more for its hash: what libav writes goes back to earlier places."""
    running = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            running.update(block)
    return WrittenFile(path.stat().st_size, running.hexdigest())
