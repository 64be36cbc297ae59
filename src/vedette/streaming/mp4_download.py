"""An MP4 file of a time range: its plan, and any byte range of it."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from vedette.core.errors import StorageError
from vedette.core.media import AudioFormat, Packet
from vedette.core.time import NS_PER_S
from vedette.media.audio_samples import packet_duration_90k
from vedette.media.mp4_file import Chunk, Mp4Plan, plan_mp4
from vedette.streaming.download import Piece, PieceReader, Selection
from vedette.streaming.export_marks import Notes
from vedette.streaming.ports import FootageReader
from vedette.streaming.sound import EncoderFactory


class FootageChangedError(StorageError):
    """Between planning and sending, footage of the range was deleted or damaged."""

    code = "footage_changed"


class Mp4Download:
    """Made by `plan_download`; `stream` may be called once per request."""

    def __init__(self, plan: Mp4Plan, pieces: PieceReader) -> None:
        self._plan = plan
        self._pieces = pieces

    @property
    def size_bytes(self) -> int:
        return self._plan.size_bytes

    def stream(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Yields the bytes of a half-open range.

        Raises:
            FootageChangedError: the footage is not what was planned any more; the file must not be completed.
        """
        end = self.size_bytes if end is None else end
        position = 0
        for block in self._blocks():
            following = position + len(block)
            if following > start and position < end:
                yield block[max(0, start - position) : end - position]
            position = following
            if position >= end:
                return

    def _blocks(self) -> Iterator[bytes]:
        yield self._plan.head
        planned = iter(self._plan.chunks)
        for piece in self._pieces.pieces():
            for packets in (piece.video, piece.audio):
                if not packets:
                    continue
                payload = b"".join(packet.data for packet in packets)
                chunk = next(planned, None)
                if chunk is None or chunk.size_bytes != len(payload):
                    raise FootageChangedError("footage changed while it was sent", "Download it again.")
                yield payload


def plan_download(
    reader: FootageReader, selection: Selection, open_encoder: EncoderFactory, notes: Notes | None = None
) -> Mp4Download:
    """Reads the range once to learn every sample's size and time."""
    pieces = PieceReader(reader, selection, open_encoder)
    audio = pieces.audio_format()
    chunks = [chunk for piece in pieces.pieces() for chunk in _chunks(piece, audio)]
    # Shown times count from the first picture's presentation, which B-frames put after its decoding.
    first_90k = next(chunk.composition_90k[0] for chunk in chunks if not chunk.is_audio)
    plan = plan_mp4(
        selection.format.video,
        audio,
        close_audio_holes(chunks),
        show_from_90k=selection.shown_90k[0] + first_90k,
        show_to_90k=selection.shown_90k[1] + first_90k,
        created_s=selection.first_ns // NS_PER_S,
        notes=notes,
    )
    return Mp4Download(plan, pieces)


def _chunks(piece: Piece, audio: AudioFormat | None) -> Iterator[Chunk]:
    if piece.video:
        yield packets_chunk(piece.video, piece.end_90k)
    if piece.audio and audio is not None:
        yield packets_chunk(piece.audio, piece.audio[-1].dts_90k + packet_duration_90k(audio, piece.audio[-1].data))


def packets_chunk(packets: Sequence[Packet], end_90k: int) -> Chunk:
    """Describes packets of one track that lie together; the last one ends at `end_90k`."""
    starts = [packet.dts_90k for packet in packets] + [end_90k]
    return Chunk(
        is_audio=packets[0].is_audio,
        dts_90k=packets[0].dts_90k,
        durations_90k=tuple(max(0, after - before) for before, after in pairwise(starts)),
        sizes_bytes=tuple(len(packet.data) for packet in packets),
        composition_90k=tuple(packet.pts_90k - packet.dts_90k for packet in packets),
        is_key=tuple(packet.is_key for packet in packets),
    )


def close_audio_holes(chunks: Sequence[Chunk]) -> list[Chunk]:
    """The last sample of each chunk lasts until the next chunk of its track: sample tables know no holes."""
    result = list(chunks)
    last: dict[bool, int] = {}
    for index, chunk in enumerate(chunks):
        before = last.get(chunk.is_audio)
        if before is not None:
            result[before] = _ending_at(result[before], chunk.dts_90k)
        last[chunk.is_audio] = index
    return result


def _ending_at(chunk: Chunk, end_90k: int) -> Chunk:
    *first, _ = chunk.durations_90k
    rest_90k = max(0, end_90k - chunk.dts_90k - sum(first))
    return Chunk(
        chunk.is_audio, chunk.dts_90k, (*first, rest_90k), chunk.sizes_bytes, chunk.composition_90k, chunk.is_key
    )
