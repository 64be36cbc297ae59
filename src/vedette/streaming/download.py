"""Downloads of a time range for foreign players: plans the file, then streams it. Packet copy.

The picture starts exactly at the asked time (an edit list hides the frames since the key frame before) and the
file closes up over gaps in the recording: a player shows footage, not minutes of a frozen frame. The gaps are
told beside the file (`DownloadPlan.gaps`). Two passes over the footage, none of them holding it in memory: sizes
first, because `moov` stands before the media and the length is announced. Design: docs/design/streaming.md.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from vedette.core.errors import ConflictError, InvalidInputError, NotFoundError
from vedette.core.footage import FragmentRef
from vedette.core.media import AudioFormat, Packet, StreamFormat, StreamRole
from vedette.core.time import NS_PER_S, format_utc, ns_to_ticks
from vedette.streaming.footage_walk import find_start
from vedette.streaming.media_line import MediaLine
from vedette.streaming.ports import FootageReader
from vedette.streaming.sound import EncoderFactory, open_if_needed
from vedette.streaming.stored import unpack_fragment

MAX_RANGE_S = 6 * 3600
MAX_BYTES = 64 << 30
_LIMIT = 1_000_000


class RangeTooLongError(InvalidInputError):
    """More than one file should hold."""

    code = "range_too_long"


class FormatChangesError(ConflictError):
    """The camera's codec or picture size changes inside the range: one file cannot say that to most players."""

    code = "format_changes"


class NoFootageError(NotFoundError):
    """Nothing is recorded in the range."""

    code = "no_footage"


@dataclass(frozen=True, slots=True)
class Piece:
    """The packets of one fragment on the file's media line.

    `end_90k` is where its last video sample ends.
    """

    video: tuple[Packet, ...]
    audio: tuple[Packet, ...]
    end_90k: int


@dataclass(frozen=True, slots=True)
class Selection:
    """What goes into a file, before anything is read.

    Attributes:
        shown_90k: First and last shown time on the media line.
        first_ns: `captured_at` of the first shown picture.
        gaps: Wall time from and to.
    """

    fragments: tuple[FragmentRef, ...]
    placements_90k: tuple[tuple[int, int], ...]
    format: StreamFormat
    shown_90k: tuple[int, int]
    first_ns: int
    gaps: tuple[tuple[int, int], ...]


def select(reader: FootageReader, camera_id: str, role: StreamRole, from_ns: int, to_ns: int) -> Selection:
    """Chooses the fragments of a range for one file, from the key frame before its start.

    Raises:
        RangeTooLongError, FormatChangesError, NoFootageError
    """
    if to_ns - from_ns > MAX_RANGE_S * NS_PER_S:
        raise RangeTooLongError("the range is longer than six hours", "Download it in several files.")
    first, *more = select_files(reader, camera_id, role, from_ns, to_ns)
    if more:
        at = format_utc(more[0].first_ns)
        raise FormatChangesError(
            f"the camera's format changes at {at}", f"Download two files: one until {at}, one from there on."
        )
    if sum(fragment.size_bytes for fragment in first.fragments) > MAX_BYTES:
        raise RangeTooLongError("the range holds more than 64 GiB", "Download it in several files.")
    return first


def select_files(
    reader: FootageReader, camera_id: str, role: StreamRole, from_ns: int, to_ns: int
) -> tuple[Selection, ...]:
    """Chooses the fragments of a range for as many files as it takes.

    A file ends where the format changes, and at the key frame after six hours: the tables of a longer one would
    hold up the process that makes them.

    Raises:
        NoFootageError
    """
    start = find_start(reader, camera_id, role, from_ns)
    if start is None or start.first.start_ns >= to_ns:
        raise NoFootageError(
            f"nothing is recorded on the {role} stream between {format_utc(from_ns)} and {format_utc(to_ns)}",
            "Look at the timeline for recorded times, or ask for the other stream.",
        )
    found = reader.find_fragments(camera_id, role, start.first.start_ns, to_ns, _LIMIT)
    fragments = [fragment for fragment in found if fragment.start_ns >= start.first.start_ns]
    return tuple(_lay_out(group, shared, from_ns, to_ns) for group, shared in _group(reader, fragments))


def _lay_out(fragments: Sequence[FragmentRef], stream_format: StreamFormat, from_ns: int, to_ns: int) -> Selection:
    line, placed, gaps = MediaLine(), [], []
    for fragment in fragments:
        placement = line.place(fragment, fragment.duration_90k)
        placed.append((placement.shift_90k, placement.fill_90k))
        if placement.gap_ns is not None:
            gaps.append(placement.gap_ns)
    first_ns = max(from_ns, fragments[0].start_ns)
    cut_90k = ns_to_ticks(max(0, fragments[-1].end_ns - to_ns))
    shown_90k = (ns_to_ticks(first_ns - fragments[0].start_ns), line.end_90k - cut_90k)
    return Selection(tuple(fragments), tuple(placed), stream_format, shown_90k, first_ns, tuple(gaps))


def _group(reader: FootageReader, fragments: Sequence[FragmentRef]) -> Iterator[tuple[list[FragmentRef], StreamFormat]]:
    """Yields the fragments of each file with their format."""
    group: list[FragmentRef] = []
    current = reader.read_init(fragments[0].segment).format
    last_id = fragments[0].segment.segment_id
    for fragment in fragments:
        found = current
        if fragment.segment.segment_id != last_id:
            last_id = fragment.segment.segment_id
            found = reader.read_init(fragment.segment).format
        is_other = found.video != current.video or found.audio != current.audio
        is_long = fragment.is_key and group and fragment.start_ns - group[0].start_ns >= MAX_RANGE_S * NS_PER_S
        if is_other or is_long:
            yield group, current
            group, current = [], found
        group.append(fragment)
    yield group, current


class PieceReader:
    """Reads the pieces of a selection, in order, as often as wanted. Sound becomes AAC on the way."""

    def __init__(self, reader: FootageReader, selection: Selection, open_encoder: EncoderFactory) -> None:
        self._reader = reader
        self._selection = selection
        self._open_encoder = open_encoder

    def audio_format(self) -> AudioFormat | None:
        """The format of the sound as it comes out."""
        source = self._selection.format.audio
        encoder = open_if_needed(source, self._open_encoder)
        return source if encoder is None else encoder.format

    def pieces(self) -> Iterator[Piece]:
        """Yields the pieces. G.711 is encoded anew each time, with the same result: the encoder has no chance."""
        encoder = open_if_needed(self._selection.format.audio, self._open_encoder)
        encode = _passing if encoder is None else encoder.push
        for fragment, (shift_90k, fill_90k) in zip(
            self._selection.fragments, self._selection.placements_90k, strict=True
        ):
            stored = unpack_fragment(fragment, self._reader.read_fragment(fragment))
            video = [_move(packet, shift_90k) for packet in stored.video]
            if fill_90k and video:
                video[0] = _move(video[0], -fill_90k)
            audio = [ready for packet in stored.audio for ready in encode(_move(packet, shift_90k))]
            yield Piece(tuple(video), tuple(audio), stored.end_90k + shift_90k)


def _passing(packet: Packet) -> list[Packet]:
    return [packet]


def _move(packet: Packet, shift_90k: int) -> Packet:
    return Packet(
        packet.is_audio,
        packet.is_key,
        packet.pts_90k + shift_90k,
        packet.dts_90k + shift_90k,
        packet.captured_at_ns,
        packet.received_at_ns,
        packet.camera_utc_ns,
        packet.sequence,
        packet.lost_before,
        packet.data,
    )
