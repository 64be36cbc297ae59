"""Reads bits and Exp-Golomb numbers from parameter sets (ITU-T H.264 section 9.1, H.265 section 9.2)."""

from vedette.media.errors import MalformedMediaError


def unescape(nal_unit: bytes) -> bytes:
    """Removes emulation prevention bytes (00 00 03 -> 00 00), H.264 section 7.4.1."""
    pieces: list[bytes] = []
    begin = 0
    while (found := nal_unit.find(b"\x00\x00\x03", begin)) >= 0:
        pieces.append(nal_unit[begin : found + 2])
        begin = found + 3
    pieces.append(nal_unit[begin:])
    return b"".join(pieces)


class BitReader:
    """Reads most significant bit first; raises MalformedMediaError past the end."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "big")
        self._left = len(data) * 8

    def read(self, count: int) -> int:
        if count > self._left:
            raise MalformedMediaError("a parameter set ends too early")
        self._left -= count
        return self._value >> self._left & ((1 << count) - 1)

    def read_ue(self) -> int:
        """Reads an unsigned Exp-Golomb number of at most 32 bits."""
        zeros = 0
        while self.read(1) == 0:
            zeros += 1
            if zeros > 32:
                raise MalformedMediaError("a parameter set holds a number beyond 32 bits")
        return (1 << zeros) - 1 + self.read(zeros)
