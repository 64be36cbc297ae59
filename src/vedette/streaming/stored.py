"""Stored fragments as packets again, so that playback, HLS and downloads can re-time and re-mux them. Pure."""

from dataclasses import dataclass
from itertools import accumulate

from vedette.core.footage import FragmentRef
from vedette.core.media import Packet
from vedette.core.time import ticks_to_ns
from vedette.media.fmp4 import ParsedTrack, parse_fragment


@dataclass(frozen=True, slots=True)
class StoredPackets:
    """The packets of one fragment; times are on the line of the run.

    Attributes:
        end_90k: Decoding time at which the last video sample ends.
    """

    video: tuple[Packet, ...]
    audio: tuple[Packet, ...]
    end_90k: int


def unpack_fragment(fragment: FragmentRef, data: bytes) -> StoredPackets:
    """Takes a stored fragment apart.

    Raises:
        MalformedMediaError: the bytes are no fragment of ours.
    """
    parsed = parse_fragment(data)
    video = _packets(fragment, parsed.video, data, is_audio=False) if parsed.video else ()
    audio = _packets(fragment, parsed.audio, data, is_audio=True) if parsed.audio else ()
    return StoredPackets(video, audio, fragment.media_90k + fragment.duration_90k)


def _packets(fragment: FragmentRef, track: ParsedTrack, data: bytes, *, is_audio: bool) -> tuple[Packet, ...]:
    first_90k = track.decode_90k + fragment.segment.start_90k
    starts_90k = accumulate(track.durations_90k[:-1], initial=first_90k)
    offsets = accumulate(track.sizes_bytes[:-1], initial=track.offset)
    columns = zip(starts_90k, offsets, track.sizes_bytes, track.is_key, track.composition_90k, strict=True)
    packets = []
    for dts_90k, offset, size_bytes, is_key, composition_90k in columns:
        captured_at_ns = fragment.start_ns + ticks_to_ns(dts_90k - fragment.media_90k)
        packets.append(
            Packet(
                is_audio=is_audio,
                is_key=is_audio or is_key,
                pts_90k=dts_90k + composition_90k,
                dts_90k=dts_90k,
                captured_at_ns=captured_at_ns,
                received_at_ns=captured_at_ns,
                camera_utc_ns=0,
                sequence=0,
                lost_before=0,
                data=data[offset : offset + size_bytes],
            )
        )
    return tuple(packets)
