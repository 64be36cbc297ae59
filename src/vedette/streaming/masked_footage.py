"""The pictures of a stored range with hidden parts filled, for files and for parts of playlists.

Decoded, filled and encoded anew in a jailed child of its own. Only what is shown is encoded: the first picture is the
one that stands at the asked time, as a key frame, and none follows the end. Sound passes as it is.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, replace

from vedette.core.errors import StorageError
from vedette.core.media import Packet, StreamFormat, VideoFormat
from vedette.core.privacy import PrivacyZone
from vedette.streaming.download import FormatChangesError, Piece, PieceReader, Selection
from vedette.streaming.mask_worker import Masker, MaskerOpener
from vedette.streaming.ports import FootageReader
from vedette.streaming.sound import EncoderFactory


class NotDecodableError(StorageError):
    """No picture of the range can be decoded, so none can be masked."""

    code = "not_decodable"


@dataclass(frozen=True, slots=True)
class ShownWindow:
    """What of a selection is shown, in presentation time on its media line.

    Attributes:
        first_90k: Time of the picture that stands at `from_90k`: at it or before.
    """

    first_90k: int
    from_90k: int
    to_90k: int


@dataclass(frozen=True, slots=True)
class MaskedPiece:
    """Masked pictures and the sound beside them. `source_bytes`: of the fragment that was read for it."""

    video: tuple[Packet, ...]
    audio: tuple[Packet, ...]
    source_bytes: int


def line_up(piece: MaskedPiece, window: ShownWindow) -> list[Packet]:
    """The packets of a piece in decoding order, counted from the first picture, for files that have no edit list.
    Sound outside of the range is left out.
    """
    audio = [packet for packet in piece.audio if window.first_90k <= packet.dts_90k < window.to_90k]
    packets = sorted((*piece.video, *audio), key=lambda packet: packet.dts_90k)
    return [packet.moved(-window.first_90k) for packet in packets]


def find_window(pieces: PieceReader, selection: Selection) -> ShownWindow:
    """Reads up to the first shown picture. Shown times count from the first picture's presentation."""
    first_90k: int | None = None
    from_90k = to_90k = 0
    for piece in pieces.pieces():
        if not piece.video:
            continue
        if first_90k is None:
            offset_90k = piece.video[0].pts_90k - piece.video[0].dts_90k
            from_90k, to_90k = (shown + offset_90k for shown in selection.shown_90k)
            first_90k = piece.video[0].pts_90k
        elif piece.video[0].dts_90k > from_90k:
            break
        first_90k = max([first_90k, *(packet.pts_90k for packet in piece.video if packet.pts_90k <= from_90k)])
    return ShownWindow(first_90k or 0, from_90k, to_90k)


class MaskedFootage:
    """One pass over one selection. Making it reads the footage up to the first shown picture: do it in a thread."""

    def __init__(
        self,
        reader: FootageReader,
        selection: Selection,
        zones: tuple[PrivacyZone, ...],
        open_encoder: EncoderFactory,
        open_masker: MaskerOpener,
    ) -> None:
        self._pieces = PieceReader(reader, selection, open_encoder)
        self._zones = zones
        self._open_masker = open_masker
        self._video: VideoFormat | None = None
        self.selection = selection
        self.audio = self._pieces.audio_format()
        self.window = find_window(self._pieces, selection)

    @property
    def format(self) -> StreamFormat:
        """What comes out. Known with the first piece."""
        assert self._video is not None, "asked before the first piece"
        return replace(self.selection.format, video=self._video, audio=self.audio)

    async def read(self) -> AsyncGenerator[MaskedPiece]:
        """Yields the pieces in order; the first one has a picture, and the last one is what the decoder held back.

        Raises:
            MaskerLostError: the child ended: what was made so far is not whole.
            NotDecodableError, FormatChangesError, NotFoundError, StorageError
        """
        held_audio: list[Packet] = []
        held_bytes = 0
        async with self._open_masker() as masker:
            await masker.set_up(self.selection.format.video, self._zones)
            source = self._pieces.pieces()
            for fragment in self.selection.fragments:
                piece = await asyncio.to_thread(next, source)
                video = self._cut(masker, await self._mask(masker, piece))
                held_audio += piece.audio
                held_bytes += fragment.size_bytes
                if self._video is not None:
                    yield MaskedPiece(video, tuple(held_audio), held_bytes)
                    held_audio, held_bytes = [], 0
            video = self._cut(masker, await masker.flush())
        if self._video is None:
            raise NotDecodableError("no picture of this footage can be decoded", "Export it unmasked.")
        yield MaskedPiece(video, tuple(held_audio), held_bytes)

    async def _mask(self, masker: Masker, piece: Piece) -> list[Packet]:
        masked: list[Packet] = []
        for packet in piece.video:
            if packet.dts_90k < self.window.to_90k:
                masked += await masker.push(packet, decode_only=packet.pts_90k < self.window.first_90k)
        return masked

    def _cut(self, masker: Masker, masked: Sequence[Packet]) -> tuple[Packet, ...]:
        """Leaves out what follows the end, and notes the format with the first picture."""
        shown = tuple(packet for packet in masked if packet.pts_90k < self.window.to_90k)
        if shown and self._video is None:
            self._video = masker.video
        if shown and masker.video != self._video:
            raise FormatChangesError("the pictures change their size inside a segment", "Export a shorter range.")
        return shown
