"""Walks the frames of an encrypted file by their heads, without any key; passes over what is damaged.

Nothing is raised for what a file holds: a recorder that was killed leaves a torn last frame, and everything before it
stays usable, as with fragments in the clear (`vedette.media.fmp4.scan_fragments`).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from vedette.media.fmp4 import ReadAt
from vedette.recording.cipher_format import (
    CRC,
    FRAME_HEAD,
    FRAME_MAGIC,
    HEAD_START_BYTES,
    CipherHead,
    FrameHead,
    find_text_size,
    parse_file_head,
    parse_frame_head,
    sum_frame,
)

_SEARCH_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame and where it begins in the file."""

    head: FrameHead
    start: int

    @property
    def end(self) -> int:
        return self.start + self.head.stored_bytes

    @property
    def plain_end(self) -> int:
        return self.head.offset + self.head.size_bytes


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with the file, and at which byte."""

    message: str
    at: int


def read_file_head(read: ReadAt) -> CipherHead:
    """Reads the head of an encrypted file. Raises DamagedFootageError."""
    text_size = find_text_size(read(HEAD_START_BYTES, 0))
    return parse_file_head(read(HEAD_START_BYTES + text_size, 0))


def walk_frames(read: ReadAt, start: int, plain_offset: int, end: int) -> Iterator[Frame | Fault]:
    """Yields the frames that lie whole before `end`, judged by their heads.

    `plain_offset` is where the plaintext of the first one should begin. After a damaged head, or a frame that belongs
    elsewhere, the walk goes on at the next frame behind whose CRC is right; one that is cut short ends it.
    """
    while start < end:
        head = parse_frame_head(read(min(FRAME_HEAD.size, end - start), start))
        if head is not None and head.offset == plain_offset and start + head.stored_bytes <= end:
            frame = Frame(head, start)
            yield frame
            start, plain_offset = frame.end, frame.plain_end
            continue
        yield Fault("a frame is damaged or cut short", start)
        resumed = _find_next(read, start, plain_offset, end)
        if resumed is None:
            return
        start, plain_offset = resumed.start, resumed.head.offset


def is_whole(read: ReadAt, frame: Frame) -> bool:
    """Tells whether the frame is in the file as it was written, up to an error that CRC-32 does not see."""
    data = read(frame.head.stored_bytes, frame.start)
    if len(data) < frame.head.stored_bytes:
        return False
    return (sum_frame([memoryview(data)[: -CRC.size]]),) == CRC.unpack(data[-CRC.size :])


def _find_next(read: ReadAt, start: int, plain_offset: int, end: int) -> Frame | None:
    while start < end:
        chunk = read(min(_SEARCH_BYTES, end - start), start)
        at = chunk.find(FRAME_MAGIC)
        while at >= 0:
            head = parse_frame_head(read(FRAME_HEAD.size, start + at))
            if head is not None and head.offset >= plain_offset and start + at + head.stored_bytes <= end:
                frame = Frame(head, start + at)
                if is_whole(read, frame):
                    return frame
            at = chunk.find(FRAME_MAGIC, at + 1)
        if len(chunk) < _SEARCH_BYTES:
            return None
        start += len(chunk) - len(FRAME_MAGIC) + 1
    return None
