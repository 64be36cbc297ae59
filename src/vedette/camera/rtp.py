"""RTP reception shared by all payload formats (RFC 3550): header, sequence numbers, what is lost.

Depacketisers get views into the receive buffer, valid only until the read is over: `settle` copies what must
outlive it. One list append per packet and one join per access unit is all the copying there is.
"""

import struct
from typing import Protocol

from vedette.camera.counters import StreamCounters

MAX_DROPOUT = 3000
"""A larger step in the sequence is a restart of the sender, not a loss (RFC 3550 appendix A.1)."""

_RTP = struct.Struct(">III")
_FRAME = struct.Struct(">HH")


class UnitReceiver(Protocol):
    """Takes complete access units of one media track."""

    def on_unit(self, rtp: int, is_key: bool, data: bytes, lost: int) -> None:  # noqa: FBT001 -- hot path
        """One access unit: RTP timestamp, key frame, payload, RTP packets lost since the unit before."""
        ...

    def on_parameter_set(self, nal: bytes) -> None:
        """A parameter set that came in-band; it is valid from the next unit on."""
        ...


class RtpReceiver:
    """Takes RTP packets of one media track in order. Subclasses know the payload format."""

    def __init__(self, payload_type: int, counters: StreamCounters, out: UnitReceiver) -> None:
        self._payload_type = payload_type
        self._counters = counters
        self._out = out
        self._frame_head = -1
        self._ssrc: int | None = None
        self._next_sequence = -1
        self._cycles = 0
        self._lost = 0
        self._lost_total = 0
        self._received = 0

    def bind(self, channel: int) -> None:
        """Tells the interleaved channel (RFC 2326 section 10.12) that `consume` takes."""
        self._frame_head = 0x2400 | channel

    @property
    def ssrc(self) -> int | None:
        return self._ssrc

    @property
    def lost_total(self) -> int:
        return self._lost_total

    @property
    def received(self) -> int:
        return self._received

    @property
    def highest_sequence(self) -> int:
        """Extended highest sequence number received."""
        return self._cycles + ((self._next_sequence - 1) & 0xFFFF) if self._next_sequence >= 0 else 0

    def consume(self, view: memoryview, pos: int, end: int) -> int:
        """Takes all complete interleaved frames of this channel that lie at `pos`; returns where they end."""
        while end - pos >= 4:
            head, size = _FRAME.unpack_from(view, pos)
            stop = pos + 4 + size
            if head != self._frame_head or stop > end:
                break
            self.push(view, pos + 4, stop)
            pos = stop
        return pos

    def push(self, view: memoryview, start: int, end: int) -> None:
        """Takes one RTP packet. Packets that are not valid or not of this track are dropped and counted."""
        if end - start < 12:
            self._counters.damaged += 1
            return
        word, rtp, ssrc = _RTP.unpack_from(view, start)
        if word >> 30 != 2:
            self._counters.damaged += 1
            return
        if (word >> 16) & 0x7F != self._payload_type:
            return
        if not self._accept(word & 0xFFFF, ssrc):
            return
        start += 12 + 4 * ((word >> 24) & 15)
        if word & 0x10000000 and start + 4 <= end:
            start += 4 + 4 * int.from_bytes(view[start + 2 : start + 4], "big")
        if word & 0x20000000 and start < end:
            end -= view[end - 1]
        if start < end:
            self._payload(view, start, end, rtp, bool(word & 0x800000))
        elif word & 0x800000:
            self._close()

    def settle(self) -> None:
        """Copies what refers to the receive buffer. Called when a read is over."""

    def note_gap(self, count: int) -> None:
        """Tells packets lost that no sequence number shows (a reorder buffer gave up on them)."""

    def _accept(self, sequence: int, ssrc: int) -> bool:
        """Follows the sequence numbers. False for a duplicate."""
        self._counters.packets += 1
        self._received += 1
        if ssrc != self._ssrc:
            # A new sender (camera restarted its encoder): nothing is known to be lost.
            self._broken() if self._ssrc is not None else None
            self._ssrc = ssrc
            self._next_sequence = sequence
        step = (sequence - self._next_sequence) & 0xFFFF
        if step:
            if step >= 0x10000 - MAX_DROPOUT:
                self._counters.duplicates += 1
                return False
            lost = step if step < MAX_DROPOUT else 1
            self._lost += lost
            self._lost_total += lost
            self._counters.lost += lost
            self._broken()
        following = (sequence + 1) & 0xFFFF
        if following < self._next_sequence:
            self._cycles += 0x10000
        self._next_sequence = following
        return True

    def _take_lost(self) -> int:
        lost, self._lost = self._lost, 0
        return lost

    def _payload(self, view: memoryview, start: int, end: int, rtp: int, marker: bool) -> None:  # noqa: FBT001 -- hot path
        raise NotImplementedError

    def _broken(self) -> None:
        """A packet is missing before the one that comes now."""

    def _close(self) -> None:
        """A marker came without payload."""
