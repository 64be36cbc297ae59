"""A Matroska file of a time range, streamed while it is made."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from vedette.core.media import Packet, StreamFormat
from vedette.streaming.download import PieceReader, Selection
from vedette.streaming.export_marks import Notes
from vedette.streaming.ports import FootageReader
from vedette.streaming.sound import EncoderFactory


class ByteCollector:
    """Takes what the writer writes until it is sent."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes, /) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)


class ClipWriter(Protocol):
    """`vedette.media.clip_mkv.MkvWriter`."""

    def write(self, packets: Sequence[Packet]) -> None: ...
    def finish(self) -> None: ...


WriterFactory = Callable[[ByteCollector, StreamFormat, Notes], ClipWriter]
FileWriterFactory = Callable[[Path, StreamFormat, Notes], ClipWriter]


def stream_mkv(
    reader: FootageReader,
    selection: Selection,
    open_encoder: EncoderFactory,
    open_writer: WriterFactory,
    notes: Notes | None = None,
) -> Iterator[bytes]:
    """Yields the file. It starts at the key frame before the asked time: Matroska cannot hide pictures."""
    pieces = PieceReader(reader, selection, open_encoder)
    collector = ByteCollector()
    writer = open_writer(collector, replace(selection.format, audio=pieces.audio_format()), notes or {})
    for piece in pieces.pieces():
        writer.write(sorted((*piece.video, *piece.audio), key=lambda packet: packet.dts_90k))
        yield collector.take()
    writer.finish()
    yield collector.take()
