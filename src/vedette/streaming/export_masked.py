"""Writes one selection into one file with hidden parts filled: the counterpart of `export_mp4` for those who may not
see the whole picture.

What comes out is no original: it is encoded anew, and its metadata says so. Memory holds one fragment and the sample
tables; the pictures of an MP4 lie in an unlinked file until its head can be written. One file, one child.
"""

import asyncio
import hashlib
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from vedette.core.media import Packet
from vedette.core.privacy import PrivacyZone
from vedette.core.time import NS_PER_S
from vedette.media.audio_samples import packet_duration_90k
from vedette.media.mp4_file import Chunk, plan_mp4
from vedette.streaming.download import PieceReader, Selection
from vedette.streaming.export_marks import Notes
from vedette.streaming.export_mp4 import BLOCK_BYTES, Extent, Spool, WrittenFile, copy_extents
from vedette.streaming.export_ports import Report
from vedette.streaming.mask_worker import MaskerOpener
from vedette.streaming.masked_footage import MaskedFootage, MaskedPiece, find_window
from vedette.streaming.mkv_download import FileWriterFactory
from vedette.streaming.mp4_download import close_audio_holes, packets_chunk
from vedette.streaming.ports import FootageReader
from vedette.streaming.sound import EncoderFactory


class MaskedWriter:
    """One file. Synchronous, for a thread: the child is spoken to on an event loop of the thread's own, so that live
    pictures do not wait for it.
    """

    def __init__(
        self,
        files: FootageReader,
        selection: Selection,
        zones: tuple[PrivacyZone, ...],
        open_encoder: EncoderFactory,
        open_masker: MaskerOpener,
    ) -> None:
        pieces = PieceReader(files, selection, open_encoder)
        self._selection = selection
        self._audio = pieces.audio_format()
        self._window = find_window(pieces, selection)
        self._footage = MaskedFootage(pieces, selection, self._window, zones, open_masker)

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
                self._footage.video,
                self._audio,
                close_audio_holes(chunks),
                show_from_90k=self._window.from_90k,
                show_to_90k=self._window.to_90k,
                created_s=self._selection.first_ns // NS_PER_S,
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
                    found = replace(self._selection.format, video=self._footage.video, audio=self._audio)
                    writer = open_writer(path, found, notes)
                writer.write(line_up(piece, self._window.first_90k, self._window.to_90k))
                report(piece.source_bytes)
        assert writer is not None, "there is a piece, or an error"
        writer.finish()


def line_up(piece: MaskedPiece, from_90k: int, to_90k: int) -> list[Packet]:
    """The packets of a piece in decoding order, counted from `from_90k`; sound outside of the range is left out."""
    audio = [packet for packet in piece.audio if from_90k <= packet.dts_90k < to_90k]
    return [packet.moved(-from_90k) for packet in sorted((*piece.video, *audio), key=lambda packet: packet.dts_90k)]


def hash_file(path: Path) -> WrittenFile:
    """Reads a finished file once more for its hash: what libav writes goes back to earlier places."""
    running = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            running.update(block)
    return WrittenFile(path.stat().st_size, running.hexdigest())
