"""Depacketises AAC (RFC 3640, mode AAC-hbr), G.711 (RFC 3551) and Opus (RFC 7587) into audio packets.

Audio never costs us video: whatever is wrong with it is counted and dropped.
"""

from typing_extensions import override

from vedette.camera.counters import StreamCounters
from vedette.camera.rtp import RtpReceiver, UnitReceiver

AAC_FRAME_SAMPLES = 1024
MAX_AAC_BYTES = 8192
"""Longest AAC access unit taken (the standard's limit is 768 bytes a channel)."""
MAX_AAC_UNITS = 64


class PlainReceiver(RtpReceiver):
    """The payload is the sound: A-law or mu-law, one octet a sample, or one Opus packet (RFC 7587)."""

    @override
    def _payload(self, view: memoryview, start: int, end: int, rtp: int, marker: bool) -> None:
        self._out.on_unit(rtp, True, bytes(view[start:end]), self._take_lost())


class AacReceiver(RtpReceiver):
    """AAC-hbr: a section of headers with the sizes, then the access units; a long unit may be fragmented."""

    def __init__(
        self,
        payload_type: int,
        counters: StreamCounters,
        out: UnitReceiver,
        size_bits: int = 13,
        index_bits: int = 3,
    ) -> None:
        super().__init__(payload_type, counters, out)
        self._size_bits = size_bits
        self._header_bits = size_bits + index_bits
        self._fragment = b""
        self._fragment_size = 0

    @override
    def _payload(self, view: memoryview, start: int, end: int, rtp: int, marker: bool) -> None:
        if end - start < 2:
            self._counters.damaged += 1
            return
        header_bits = int.from_bytes(view[start : start + 2], "big")
        body = start + 2 + (header_bits + 7) // 8
        count = header_bits // self._header_bits
        if body > end or not 1 <= count <= MAX_AAC_UNITS:
            self._counters.damaged += 1
            return
        headers = int.from_bytes(view[start + 2 : body], "big") >> (-header_bits % 8)
        for index in range(count):
            shift = header_bits - index * self._header_bits - self._size_bits
            size = (headers >> shift) & ((1 << self._size_bits) - 1)
            if body + size > end:
                self._take_fragment(view[body:end], size, rtp, marker=marker)
                return
            if size:
                unit_rtp = (rtp + index * AAC_FRAME_SAMPLES) & 0xFFFFFFFF
                self._out.on_unit(unit_rtp, True, bytes(view[body : body + size]), self._take_lost())
            body += size

    def _take_fragment(self, part: memoryview, size: int, rtp: int, *, marker: bool) -> None:
        """RFC 3640 section 3.2.3: every fragment repeats the whole size; the marker ends the unit."""
        if size > MAX_AAC_BYTES:
            self._counters.damaged += 1
            return
        if size != self._fragment_size:
            self._fragment, self._fragment_size = b"", size
        self._fragment += part
        if marker or len(self._fragment) >= size:
            whole, self._fragment, self._fragment_size = self._fragment, b"", 0
            if len(whole) == size:
                self._out.on_unit(rtp, True, whole, self._take_lost())
            else:
                self._counters.damaged += 1

    @override
    def _broken(self) -> None:
        self._fragment, self._fragment_size = b"", 0
