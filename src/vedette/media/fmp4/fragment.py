"""Fragments: `moof` + `mdat` of one or many samples, and moving them on the media line.

A fragment is returned as its head and the payloads as the packets hold them, so that the recorder hands them
to one `writev` and no byte of video is copied in Python. Each `tfdt` is version 1 (64 bit); the first track's
value lies at a fixed place, the others are found by walking the `moof` in `shift_fragment`.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from operator import sub

from vedette.core.media import Packet
from vedette.core.time import NS_PER_S
from vedette.media.errors import MalformedMediaError
from vedette.media.fmp4.boxes import iter_boxes, read_box
from vedette.media.fmp4.init_segment import AUDIO_TRACK_ID, KEY_FLAGS, NON_KEY_FLAGS, VIDEO_TRACK_ID

NTP_EPOCH_S = 2_208_988_800
"""Seconds from 1900 (NTP, RFC 5905) to 1970."""

_U32 = 0xFFFFFFFF
_PRFT_SIZE = 32
_TRUN_VIDEO = 0x000F01  # data offset; per sample: duration, size, flags, composition offset
_TRUN_VIDEO_FLAT = 0x000701  # the same without composition offsets
_TRUN_AUDIO = 0x000301


@dataclass(frozen=True, slots=True)
class TrackFragment:
    """The samples of one track in one fragment.

    Attributes:
        packets: At least one, in decoding order, all audio or all video.
        end_90k: Decoding time at which the last sample ends, on the packets' own line.
    """

    packets: Sequence[Packet]
    end_90k: int


def make_fragment(
    sequence: int, tracks: Sequence[TrackFragment], start_90k: int = 0, wall_ns: int | None = None
) -> list[bytes]:
    """Makes a fragment, as a list of buffers: first the head, then the payloads in order.

    Args:
        sequence: For `mfhd`; must grow within a file or a live stream.
        tracks: One or two; the video track first.
        start_90k: Media time that becomes 0: it is subtracted from every decoding time.
        wall_ns: `captured_at` of the first sample; written as `prft` (section 8.16.5) before the `moof`.

    A decoding time before `start_90k` becomes 0: the format has no negative times.
    """
    payloads = [[packet.data for packet in track.packets] for track in tracks]
    sizes = [list(map(len, payload)) for payload in payloads]
    truns = [_trun(track, size) for track, size in zip(tracks, sizes, strict=True)]
    traf_sizes = [8 + 16 + 20 + len(trun) for trun in truns]
    moof_size = 8 + 16 + sum(traf_sizes)
    head = bytearray()
    if wall_ns is not None:
        head += _prft(tracks[0], start_90k, wall_ns)
    head += struct.pack(">I4sI4sII", moof_size, b"moof", 16, b"mfhd", 0, sequence & _U32)
    buffers: list[bytes] = [b""]
    payload_size = 0
    for number, track in enumerate(tracks):
        first, trun = track.packets[0], truns[number]
        track_id = AUDIO_TRACK_ID if first.is_audio else VIDEO_TRACK_ID
        head += struct.pack(">I4sI4sII", traf_sizes[number], b"traf", 16, b"tfhd", 0x020000, track_id)
        head += struct.pack(">I4sIQ", 20, b"tfdt", 0x01000000, max(0, first.dts_90k - start_90k))
        trun[16:20] = (moof_size + 8 + payload_size).to_bytes(4, "big")
        head += trun
        payload_size += sum(sizes[number])
        buffers += payloads[number]
    head += struct.pack(">I4s", 8 + payload_size, b"mdat")
    buffers[0] = bytes(head)
    return buffers


def _trun(track: TrackFragment, sizes_bytes: list[int]) -> bytearray:
    """Makes the run of samples with an empty data offset at byte 16. Column by column: it is a hot place."""
    packets = track.packets
    count = len(packets)
    times = [packet.dts_90k for packet in packets]
    durations = list(map(sub, [*times[1:], track.end_90k], times))
    if min(durations) < 0:
        durations = [max(0, duration) for duration in durations]
    columns = [durations, sizes_bytes]
    flags = _TRUN_AUDIO
    if not packets[0].is_audio:
        flags = _TRUN_VIDEO_FLAT
        columns.append([KEY_FLAGS if packet.is_key else NON_KEY_FLAGS for packet in packets])
        offsets = [packet.pts_90k - packet.dts_90k & _U32 for packet in packets]  # signed in version 1
        if any(offsets):
            flags = _TRUN_VIDEO
            columns.append(offsets)
    width = len(columns)
    fields = [0] * (width * count)
    for place, column in enumerate(columns):
        fields[place::width] = column
    head = struct.pack(">I4sIII", 20 + 4 * len(fields), b"trun", 0x01000000 | flags, count, 0)
    return bytearray(head) + struct.pack(f">{len(fields)}I", *fields)


def _prft(track: TrackFragment, start_90k: int, wall_ns: int) -> bytes:
    first = track.packets[0]
    track_id = AUDIO_TRACK_ID if first.is_audio else VIDEO_TRACK_ID
    return struct.pack(
        ">I4sIIQQ",
        _PRFT_SIZE,
        b"prft",
        0x01000018,  # version 1; flags 24: the time the sample was captured, as well as we know it
        track_id,
        ns_to_ntp(wall_ns),
        max(0, first.dts_90k - start_90k),
    )


def ns_to_ntp(at_ns: int) -> int:
    """Converts UTC nanoseconds to the 64-bit NTP form (32.32 fixed point since 1900)."""
    seconds, rest_ns = divmod(at_ns, NS_PER_S)
    return (seconds + NTP_EPOCH_S & _U32) << 32 | ((rest_ns << 32) + NS_PER_S - 1) // NS_PER_S


def ntp_to_ns(ntp: int) -> int:
    """Converts the 64-bit NTP form to UTC nanoseconds; gives back what `ns_to_ntp` was given."""
    return ((ntp >> 32) - NTP_EPOCH_S) * NS_PER_S + ((ntp & _U32) * NS_PER_S >> 32)


def shift_fragment(fragment: bytearray, delta_90k: int) -> None:
    """Moves a fragment on the media line, in place: adds to every `tfdt` and to `prft`'s media time.

    `fragment` begins with the fragment's head; the payload may be missing. A time that would become negative
    becomes 0.

    Raises:
        MalformedMediaError: this is no fragment, or its times are not the 64-bit ones that we write.
    """
    start = 0
    while (top := read_box(fragment, start, len(fragment))) is not None and top.end <= len(fragment):
        if top.kind == b"prft":
            _add(fragment, top.body, 16, delta_90k)
        elif top.kind == b"moof":
            for traf in iter_boxes(fragment, top.body, top.end):
                if traf.kind == b"traf":
                    for ref in iter_boxes(fragment, traf.body, traf.end):
                        if ref.kind == b"tfdt":
                            _add(fragment, ref.body, 4, delta_90k)
            return
        start = top.end
    raise MalformedMediaError("a fragment without a whole moof")


def _add(fragment: bytearray, body: int, offset: int, delta_90k: int) -> None:
    if fragment[body] != 1:
        raise MalformedMediaError("a fragment with 32-bit times")
    place = slice(body + offset, body + offset + 8)
    moved = max(0, int.from_bytes(fragment[place], "big") + delta_90k)
    fragment[place] = moved.to_bytes(8, "big")
