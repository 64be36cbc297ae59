"""The sockets that are open now, so that the end of a login is the end of what it sees."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from vedette.identity.permissions import Caller, Permission

CLOSE_GOING_AWAY = 1001
CLOSE_TRY_AGAIN = 1013
CLOSE_UNAUTHENTICATED = 4401
CLOSE_FORBIDDEN = 4403
CLOSE_LIMITED = 4429


@dataclass(eq=False, slots=True)
class OpenSocket:
    """One open socket. `ended` is set to make the guard close it with `code`.

    `cameras`: whose pictures it has shown, or is about to.
    """

    caller: Caller
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    code: int = CLOSE_UNAUTHENTICATED
    reason: str = "session_ended"
    cameras: set[str] = field(default_factory=set)

    def end(self, code: int, reason: str = "session_ended") -> None:
        self.code = code
        self.reason = reason
        self.ended.set()


class OpenSockets:
    """See `vedette.identity.ports.OpenConnections`. Used on the event loop only."""

    def __init__(self) -> None:
        self._open: set[OpenSocket] = set()

    @contextmanager
    def hold(self, caller: Caller) -> Iterator[OpenSocket]:
        """Keeps a socket in the table while it is open."""
        socket = OpenSocket(caller)
        self._open.add(socket)
        try:
            yield socket
        finally:
            self._open.discard(socket)

    def __len__(self) -> int:
        return len(self._open)

    def close_user(self, user_id: str) -> None:
        for socket in self._open:
            if user_id and socket.caller.user_id == user_id:
                socket.end(CLOSE_UNAUTHENTICATED)

    def close_key(self, key: str) -> None:
        for socket in self._open:
            if key and socket.caller.key == key:
                socket.end(CLOSE_UNAUTHENTICATED)

    def close_masked(self, camera_id: str) -> None:
        """Ends what shows a camera to those who may not unmask it: its zones changed. They come back at once."""
        for socket in self._open:
            if camera_id in socket.cameras and not socket.caller.may(Permission.PRIVACY_UNMASK):
                socket.end(CLOSE_TRY_AGAIN, "privacy_changed")

    def close_all(self) -> None:
        """Says goodbye to everybody: the gateway stops."""
        for socket in self._open:
            socket.end(CLOSE_GOING_AWAY)
