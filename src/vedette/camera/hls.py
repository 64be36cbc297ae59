"""Reads HLS playlists (RFC 8216): which segments come next. Pure; everything is bounded."""

import re
from dataclasses import dataclass

from vedette.core.errors import InvalidInputError

MAX_PLAYLIST_BYTES = 512 * 1024
MAX_SEGMENTS = 5000


class MalformedPlaylistError(InvalidInputError):
    """A playlist is none, or uses something that is not supported (encryption)."""

    code = "malformed_playlist"


@dataclass(frozen=True, slots=True)
class Variant:
    """One quality of a master playlist."""

    uri: str
    bandwidth_bps: int


@dataclass(frozen=True, slots=True)
class Playlist:
    """A playlist. With `variants` it is a master playlist and has no segments.

    Attributes:
        first_sequence: Media sequence number of the first segment.
        init_uri: Initialisation segment of fMP4, empty for MPEG-TS.
        is_ended: Nothing will be added: not a live stream.
    """

    variants: tuple[Variant, ...]
    segments: tuple[str, ...]
    first_sequence: int
    target_s: float
    init_uri: str
    is_ended: bool


def parse_playlist(data: bytes) -> Playlist:
    """Parses a playlist.

    Raises:
        MalformedPlaylistError: see there.
    """
    lines = [line.strip() for line in data[:MAX_PLAYLIST_BYTES].decode("utf-8", "replace").splitlines()]
    if not lines or not lines[0].lstrip("\ufeff").startswith("#EXTM3U"):
        raise MalformedPlaylistError("this is no HLS playlist")
    variants: list[Variant] = []
    segments: list[str] = []
    tags: dict[str, str] = {}
    bandwidth_bps: int | None = None
    for line in lines[1:]:
        name, _, value = line.partition(":")
        if name == "#EXT-X-KEY" and "METHOD=NONE" not in value.upper():
            raise MalformedPlaylistError("the stream is encrypted")
        if name == "#EXT-X-STREAM-INF":
            bandwidth_bps = _number(r"(?:^|,)BANDWIDTH=(\d{1,10})", value)
        elif line.startswith("#"):
            tags[name] = value
        elif line and bandwidth_bps is not None:
            variants.append(Variant(line, bandwidth_bps))
            bandwidth_bps = None
        elif line and len(segments) < MAX_SEGMENTS:
            segments.append(line)
    init = re.search(r'URI="([^"]*)"', tags.get("#EXT-X-MAP", ""))
    return Playlist(
        variants=tuple(variants),
        segments=tuple(segments),
        first_sequence=_number(r"^(\d{1,15})$", tags.get("#EXT-X-MEDIA-SEQUENCE", "")),
        target_s=float(min(max(_number(r"^(\d{1,4})", tags.get("#EXT-X-TARGETDURATION", "")), 1), 60)),
        init_uri=init[1] if init else "",
        is_ended="#EXT-X-ENDLIST" in tags,
    )


def _number(pattern: str, text: str) -> int:
    found = re.search(pattern, text.strip())
    return int(found[1]) if found else 0


def plan_segments(playlist: Playlist, next_sequence: int | None) -> tuple[int, tuple[str, ...]]:
    """Chooses which segments to fetch: returns the sequence number of the first one, and their URIs.

    A live stream is joined three segments before its end (RFC 8216 section 6.3.3); a stream that was left behind
    continues at the oldest segment that is still there.
    """
    first, count = playlist.first_sequence, len(playlist.segments)
    if next_sequence is None:
        next_sequence = first if playlist.is_ended else max(first, first + count - 3)
    start = max(next_sequence, first)
    return start, playlist.segments[min(start - first, count) :]
