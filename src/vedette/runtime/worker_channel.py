"""The child's end of a worker's socket: framed messages, blocking, no files.

A message is a 5-byte head (`>BI`: kind, size) and its bytes. Blocking reads and writes on one inherited socket
are all that a locked process needs and may do (`vedette.runtime.jail`).

Before a worker is ready, and so before it has seen anything foreign, it may ask its parent for what earlier starts
made, and hand over what it made itself (`StartShelf`). From then on nobody listens to that.
"""

import socket
import struct
import threading
from dataclasses import dataclass

from vedette.core.errors import InvalidInputError

HEAD = struct.Struct(">BI")
READY_KIND = 0
"""The first message of every worker after it has locked itself in. The payload is the worker's own."""
FIND_KIND, KEEP_KIND = 240, 241
"""Before READY: a worker asks for a part, or hands one over. Head: slot, identity, a line each."""
FOUND_KIND, UNKEPT_KIND = 242, 243
"""The answer to FIND: the part, empty when there is none yet; or that nothing is kept here."""
MAX_MESSAGE_BYTES = 64 << 20
"""A 4K key frame is about 2 MB, an uncompressed 4K picture 12 MB; more is a mistake or an attack."""


@dataclass(frozen=True, slots=True)
class WorkerMessage:
    """One message between a worker and its parent. `kind` is defined by the worker's own protocol."""

    kind: int
    payload: bytes


def check_message_size(size_bytes: int) -> None:
    """Raises InvalidInputError when the other side announces more than a message may have."""
    if size_bytes > MAX_MESSAGE_BYTES:
        raise InvalidInputError(f"a worker message of {size_bytes} bytes is over the limit of {MAX_MESSAGE_BYTES}")


class WorkerChannel:
    """Messages over a connected stream socket."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection

    def receive(self) -> WorkerMessage | None:
        """Waits for the next message; None when the parent has closed its end."""
        head = self._read(HEAD.size)
        if head is None:
            return None
        kind, size = HEAD.unpack(head)
        check_message_size(size)
        payload = self._read(size)
        return None if payload is None else WorkerMessage(kind, bytes(payload))

    def send(self, kind: int, payload: bytes) -> None:
        """Sends one message, waiting until the parent has taken it into its buffers."""
        self._socket.sendall(HEAD.pack(kind, len(payload)) + payload)

    def _read(self, size: int) -> bytearray | None:
        data = bytearray(size)
        view, have = memoryview(data), 0
        while have < size:
            count = self._socket.recv_into(view[have:])
            if count == 0:
                return None
            have += count
        return data


class StartShelf:
    """The worker's end of what its parent keeps of starts. Before READY only; asked from several threads."""

    def __init__(self, channel: WorkerChannel) -> None:
        self._channel = channel
        self._turn = threading.Lock()

    def find(self, slot: str, identity: str) -> bytes | None:
        """The part, empty when there is none yet. None: nothing is kept here, or the parent is gone."""
        with self._turn:
            self._channel.send(FIND_KIND, name_part(slot, identity))
            answer = self._channel.receive()
        return answer.payload if answer is not None and answer.kind == FOUND_KIND else None

    def keep(self, slot: str, identity: str, data: bytes) -> None:
        """Hands a part over, to be kept instead of what is in its slot. One that no message can hold is not."""
        payload = name_part(slot, identity) + data
        if len(payload) <= MAX_MESSAGE_BYTES:
            with self._turn:
                self._channel.send(KEEP_KIND, payload)


def name_part(slot: str, identity: str) -> bytes:
    """The head of FIND and KEEP."""
    return f"{slot}\n{identity}\n".encode("ascii")


def open_inherited_channel(handle: int) -> WorkerChannel:
    """Opens the channel on the descriptor number that the parent passed on the command line."""
    return WorkerChannel(socket.socket(fileno=handle))
