"""Depacketises H.264 (RFC 6184) and H.265 (RFC 7798) into access units of the house's framing.

Both formats are one shape: single NAL units, aggregation (STAP-A, AP) and fragments (FU-A, FU); `NalRules` holds
what differs. Not supported because no camera uses them: the interleaved modes (STAP-B, MTAP, FU-B, DON).

This is the hottest code of the recorder: at 60 cameras of 4 Mb/s it sees 21,000 packets a second. Nearly all of
them are middle fragments, so `consume` takes those in one tight loop with one `unpack_from` and one append each;
everything else goes the long way through `push`. Measured: docs/design/ingest.md.

An access unit ends at the marker bit: no frame of delay, unlike parsers that wait for the next one. Cameras that
set the marker on every slice are noticed (the next slice of the same picture follows) and from then on read by
the change of timestamp. A NAL unit that lost a fragment is not stored: a decoder would show grey blocks and a
court would ask what they are. `lost` on the next unit says that something is missing.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass

from typing_extensions import override

from vedette.camera.counters import StreamCounters
from vedette.camera.errors import GarbageError
from vedette.camera.rtp import RtpReceiver, UnitReceiver
from vedette.core.media import Codec

MAX_UNIT_BYTES = 16 * 1024 * 1024
"""Longest access unit taken. An 8K key frame at the highest quality has about 8 MiB."""
MAX_UNIT_PARTS = 20_000

_FRAME = struct.Struct(">HH")
_MARKER = 0x800000


@dataclass(frozen=True, slots=True)
class NalRules:
    """What differs between the two payload formats.

    Attributes:
        layout: Interleaved head (4), RTP header (12) and the two octets that tell a fragment.
        fragment_mask, fragment_value: How the first payload octet says "fragment".
        header_bytes: Length of the NAL unit header.
        rebuild: Makes that header from the first payload octet, the fragment octet and the second payload octet.
        out_of_band: NAL types that samples do not carry and that are no parameter sets.
    """

    codec: Codec
    layout: struct.Struct
    fragment_mask: int
    fragment_value: int
    header_bytes: int
    rebuild: Callable[[int, int, int], bytes]
    aggregation: int
    fragment: int
    highest_single: int
    key_types: frozenset[int]
    set_types: frozenset[int]
    out_of_band: frozenset[int]
    highest_slice: int


RULES = {
    Codec.H264: NalRules(
        codec=Codec.H264,
        layout=struct.Struct(">HHII4xBB"),
        fragment_mask=0x1F,
        fragment_value=28,
        header_bytes=1,
        rebuild=lambda nal, fragment, _: bytes((nal & 0xE0 | fragment & 0x1F,)),
        aggregation=24,
        fragment=28,
        highest_single=23,
        key_types=frozenset({5}),
        set_types=frozenset({7, 8}),
        out_of_band=frozenset({0, 9, 10, 11, 12, 13, 15}),
        highest_slice=5,
    ),
    Codec.H265: NalRules(
        codec=Codec.H265,
        layout=struct.Struct(">HHII4xBxB"),
        fragment_mask=0x7E,
        fragment_value=49 << 1,
        header_bytes=2,
        rebuild=lambda nal, fragment, second: bytes((nal & 0x81 | (fragment & 0x3F) << 1, second)),
        aggregation=48,
        fragment=49,
        highest_single=47,
        key_types=frozenset(range(16, 24)),
        set_types=frozenset({32, 33, 34}),
        out_of_band=frozenset({35, 36, 37, 38}),
        highest_slice=31,
    ),
}


class VideoReceiver(RtpReceiver):
    """One video track."""

    def __init__(
        self, codec: Codec, payload_type: int, counters: StreamCounters, out: UnitReceiver, where: str
    ) -> None:
        super().__init__(payload_type, counters, out)
        self._rules = RULES[codec]
        self._where = where
        self._plain = (0x8000 | payload_type) << 16
        self._rtp: int | None = None
        self._parts: list[bytes | memoryview] = []
        self._parts_kept = 0
        self._fragments: list[bytes | memoryview] = []
        self._fragments_kept = 0
        self._open_bytes = 0
        self._kept_bytes = 0
        self._is_key = False
        self._closed_rtp: int | None = None
        self._trusts_marker = True

    @override
    def consume(self, view: memoryview, pos: int, end: int) -> int:
        while end - pos >= 4:
            after = self._consume_fragments(view, pos, end)
            if after == pos:
                head, size = _FRAME.unpack_from(view, pos)
                after = pos + 4 + size
                if head != self._frame_head or after > end:
                    break
                self.push(view, pos + 4, after)
            pos = after
        return pos

    def _consume_fragments(self, view: memoryview, pos: int, end: int) -> int:
        """Takes the fragments of one NAL unit that follow each other without gap, from where it stands to its last.

        Whatever is not plain (padding, extensions, a loss, another channel, a picture to be ended) is left to `push`.
        """
        rules = self._rules
        unpack, mask, value = rules.layout.unpack_from, rules.fragment_mask, rules.fragment_value
        head_wanted, rtp_wanted, skip = self._frame_head, self._rtp, 17 + rules.header_bytes
        word_wanted = self._plain | self._next_sequence
        fragments, from_pos, taken, is_over = self._fragments, pos, 0, False
        while end - pos >= 20 and not is_over:
            head, size, word, rtp, nal, fragment = unpack(view, pos)
            stop = pos + 4 + size
            if nal & mask != value or head != head_wanted or stop > end or size < 16:
                break
            if word != word_wanted or rtp != rtp_wanted or fragment & 0xC0:
                place = fragment & 0xC0
                if word & ~_MARKER != word_wanted:
                    break
                if place == 0x40 and rtp == rtp_wanted and fragments:
                    is_over = True
                elif place == 0x80 and word == word_wanted and not fragments and self._opens(rtp):
                    rtp_wanted, self._open_bytes = rtp, rules.header_bytes
                    fragments = self._fragments = [rules.rebuild(nal, fragment, view[pos + 17])]
                else:
                    break
            elif not fragments:
                break
            fragments.append(view[pos + skip : stop])
            pos = stop
            taken += 1
            word_wanted = self._plain | (word + 1 & 0xFFFF)
        if taken:
            self._open_bytes += pos - from_pos - taken * skip
            self._note_taken(taken)
        if is_over:
            self._end_fragments()
            if word & _MARKER and self._trusts_marker:
                self._finish()
        return pos

    def _opens(self, rtp: int) -> bool:
        """Whether a NAL unit of this time begins without ending a picture first; `rtp` is then the picture's time."""
        if rtp != self._rtp:
            if self._parts:
                return False
            self._rtp = rtp
        return True

    def _note_taken(self, packets: int) -> None:
        self._counters.packets += packets
        self._received += packets
        following = self._next_sequence + packets
        self._cycles += following & 0x10000
        self._next_sequence = following & 0xFFFF

    @override
    def settle(self) -> None:
        fragments, parts = self._fragments, self._parts
        if len(fragments) > self._fragments_kept:
            self._kept_bytes += _collapse(fragments, self._fragments_kept)
            self._fragments_kept = len(fragments)
        if len(parts) > self._parts_kept:
            self._kept_bytes += _collapse(parts, self._parts_kept)
            self._parts_kept = len(parts)
        if self._kept_bytes > MAX_UNIT_BYTES or len(fragments) + len(parts) > MAX_UNIT_PARTS:
            raise GarbageError(self._where, "one picture is longer than 16 MiB")

    @override
    def _payload(self, view: memoryview, start: int, end: int, rtp: int, marker: bool) -> None:
        if rtp != self._rtp:
            if self._parts or self._fragments:
                self._finish()  # the marker was lost, or this camera does not set it
            self._rtp = rtp
        self._split(view, start, end)
        if marker and self._trusts_marker:
            self._finish()

    def _split(self, view: memoryview, start: int, end: int) -> None:
        rules = self._rules
        kind = view[start] & 0x1F if rules.header_bytes == 1 else (view[start] >> 1) & 0x3F
        if kind == rules.fragment:
            self._fragment(view, start, end)
        elif kind <= rules.highest_single:
            self._drop_fragments()
            self._nal(kind, view[start:end])
        elif kind == rules.aggregation:
            self._drop_fragments()
            self._aggregate(view, start + rules.header_bytes, end)
        else:
            self._counters.damaged += 1

    def _aggregate(self, view: memoryview, pos: int, end: int) -> None:
        header = self._rules.header_bytes
        while pos + 2 < end:
            stop = pos + 2 + int.from_bytes(view[pos : pos + 2], "big")
            if stop > end or stop - pos - 2 < header:
                self._counters.damaged += 1
                return
            first = view[pos + 2]
            self._nal(first & 0x1F if header == 1 else (first >> 1) & 0x3F, view[pos + 2 : stop])
            pos = stop

    def _fragment(self, view: memoryview, start: int, end: int) -> None:
        header = self._rules.header_bytes
        if end - start < header + 2:
            self._counters.damaged += 1
            return
        fragment = view[start + header]
        body = view[start + header + 1 : end]
        if fragment & 0x80:
            self._drop_fragments()
            self._fragments = [self._rules.rebuild(view[start], fragment, view[start + 1]), body]
            self._open_bytes = header + len(body)
        elif self._fragments:
            self._fragments.append(body)
            self._open_bytes += len(body)
        else:
            self._counters.damaged += 1  # its beginning is lost
            return
        if fragment & 0x40:
            self._end_fragments()

    def _end_fragments(self) -> None:
        fragments, rules = self._fragments, self._rules
        header, first = rules.header_bytes, fragments[0]
        kind = first[0] & 0x1F if header == 1 else (first[0] >> 1) & 0x3F
        self._fragments = []
        self._fragments_kept = 0
        if kind in rules.set_types or kind in rules.out_of_band:
            self._nal(kind, memoryview(b"".join(fragments)))
            return
        self._note_slice(kind, first[header] if len(first) > header else fragments[1][0])
        self._parts.append(self._open_bytes.to_bytes(4, "big"))
        self._parts += fragments

    def _nal(self, kind: int, nal: memoryview) -> None:
        rules = self._rules
        if kind in rules.set_types:
            self._out.on_parameter_set(bytes(nal))
        elif kind not in rules.out_of_band and len(nal) > rules.header_bytes:
            self._note_slice(kind, nal[rules.header_bytes])
            self._parts.append(len(nal).to_bytes(4, "big"))
            self._parts.append(nal)

    def _note_slice(self, kind: int, first_octet: int) -> None:
        """Learns from a NAL unit: key frame or not, and whether the marker came too early.

        The first bit after the header is 1 for the first slice of a picture in both codecs (first_mb_in_slice
        is 0 as Exp-Golomb code "1"; first_slice_segment_in_pic_flag).
        """
        if kind in self._rules.key_types:
            self._is_key = True
        if (
            self._closed_rtp == self._rtp
            and kind <= self._rules.highest_slice
            and not first_octet & 0x80
            and not self._lost
            and not self._parts
        ):
            self._trusts_marker = False

    def _finish(self) -> None:
        self._drop_fragments()
        parts, self._parts = self._parts, []
        self._parts_kept = self._kept_bytes = 0
        is_key, self._is_key = self._is_key, False
        self._closed_rtp = self._rtp
        if parts and self._rtp is not None:
            self._out.on_unit(self._rtp, is_key, b"".join(parts), self._take_lost())

    def _drop_fragments(self) -> None:
        if self._fragments:
            self._fragments = []
            self._fragments_kept = 0
            self._counters.damaged += 1

    @override
    def _broken(self) -> None:
        self._drop_fragments()

    @override
    def _close(self) -> None:
        if self._trusts_marker:
            self._finish()


def _collapse(parts: list[bytes | memoryview], kept: int) -> int:
    """Copies the views from `kept` on into one bytes object; returns how many bytes that was."""
    joined = b"".join(parts[kept:])
    parts[kept:] = [joined]
    return len(joined)
