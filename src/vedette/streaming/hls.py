"""HLS (RFC 8216) over stored fragments: the playlist and what its addresses deliver. Pure.

For foreign players; our own console speaks messages. Parts are some fragments each, begin with a key frame and
carry times on the line of their run, so a part is a function of its address alone. A gap, a restart or a new
format is a discontinuity, and each part says its wall time. Sound: `vedette.streaming.hls_sound`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from vedette.core.footage import FragmentRef
from vedette.core.media import StreamFormat
from vedette.core.time import NS_PER_S, TICKS_PER_S, format_utc
from vedette.media.audio_samples import packet_duration_90k
from vedette.media.fmp4 import TrackFragment, make_fragment
from vedette.streaming.media_line import GAP_FROM_NS
from vedette.streaming.stored import StoredPackets

PART_TARGET_90K = 4 * TICKS_PER_S
"""Short enough to seek by, long enough that an hour is 900 requests."""


@dataclass(frozen=True, slots=True)
class HlsPart:
    """Consecutive fragments that are one media segment of the playlist."""

    fragments: tuple[FragmentRef, ...]
    is_discontinuity: bool

    @property
    def start_ns(self) -> int:
        return self.fragments[0].start_ns

    @property
    def end_ns(self) -> int:
        """Start of the last fragment plus one: the half-open range that finds exactly these fragments."""
        return self.fragments[-1].start_ns + 1

    @property
    def duration_s(self) -> float:
        return sum(fragment.duration_90k for fragment in self.fragments) / TICKS_PER_S


def cut_parts(fragments: Sequence[FragmentRef]) -> list[HlsPart]:
    """Groups fragments, in order of start and beginning with a key frame, into parts."""
    parts: list[HlsPart] = []
    group: list[FragmentRef] = []
    is_new = False
    for fragment in fragments:
        breaks = bool(group) and not continues(group[-1], fragment)
        is_full = sum(part.duration_90k for part in group) >= PART_TARGET_90K
        if group and fragment.is_key and (breaks or is_full):
            parts.append(HlsPart(tuple(group), is_new))
            group, is_new = [], breaks
        elif breaks:
            continue  # no key frame after a hole: nothing decodes it
        group.append(fragment)
    return [*parts, HlsPart(tuple(group), is_new)] if group else parts


def continues(before: FragmentRef, after: FragmentRef) -> bool:
    """True when no footage is missing between two fragments: the second belongs to the same line."""
    return before.segment.run_id == after.segment.run_id and after.start_ns - before.end_ns < GAP_FROM_NS


def make_playlist(parts: Sequence[HlsPart], formats: Sequence[StreamFormat], role: str, start_ns: int) -> str:
    """Makes the VOD playlist.

    Args:
        parts: At least one.
        formats: Of each part; a change gets its own init segment.
        role: Of the stream, for the addresses, which are relative to the camera's.
        start_ns: Where a player should begin: inside the first part.
    """
    target_s = max(1, round(max(part.duration_s for part in parts) + 0.5))
    offset_s = max(0.0, (start_ns - parts[0].start_ns) / NS_PER_S)
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        "#EXT-X-PLAYLIST-TYPE:VOD",
        "#EXT-X-INDEPENDENT-SEGMENTS",
        f"#EXT-X-TARGETDURATION:{target_s}",
        "#EXT-X-MEDIA-SEQUENCE:0",
        f"#EXT-X-START:TIME-OFFSET={offset_s:.3f},PRECISE=YES",
    ]
    for part, before, now in zip(parts, [None, *formats], formats, strict=False):
        lines += _part_lines(part, role, before, now)
    return "\n".join([*lines, "#EXT-X-ENDLIST", ""])


def _part_lines(part: HlsPart, role: str, before: StreamFormat | None, now: StreamFormat) -> Iterator[str]:
    has_new_format = before is None or (before.video, before.audio) != (now.video, now.audio)
    if part.is_discontinuity or (has_new_format and before is not None):
        yield "#EXT-X-DISCONTINUITY"
    if has_new_format:
        yield f'#EXT-X-MAP:URI="footage/{role}/{part.start_ns}/init.mp4"'
    yield f"#EXT-X-PROGRAM-DATE-TIME:{format_utc(part.start_ns)[:-4]}Z"
    yield f"#EXTINF:{part.duration_s:.5f},"
    yield f"footage/{role}/{part.start_ns}-{part.end_ns}.m4s"


def make_part(number: int, packets: Sequence[StoredPackets], found: StreamFormat) -> bytes:
    """Makes the bytes of a part: one fragment of all its packets, times on the run's line.

    Args:
        number: For `mfhd`.
        packets: With the sound as it goes out.
        found: Its format, with that of the sound that goes out.
    """
    video = [packet for stored in packets for packet in stored.video]
    tracks = [TrackFragment(video, packets[-1].end_90k)]
    audio = [packet for stored in packets for packet in stored.audio]
    if audio and found.audio is not None:
        end_90k = audio[-1].dts_90k + packet_duration_90k(found.audio, audio[-1].data)
        tracks.append(TrackFragment(audio, end_90k))
    return b"".join(make_fragment(number, tracks, wall_ns=video[0].captured_at_ns))
