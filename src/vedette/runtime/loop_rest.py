"""Lets an event loop rest between its turns, so that each turn finds more to do.

A recorder of 60 cameras is woken 1,500 times a second, once a picture, and a third of its processor time goes into
waking up. While nobody waits for a picture the loop therefore rests for an eighth of a second, as network drivers let
packets gather (Mogul and Ramakrishnan, "Eliminating receive livelock", 1997): the kernel keeps what comes in. Whoever
needs to be answered at once holds it `awake`. Design: docs/design/ingest.md.
"""

import asyncio
import select
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from socket import socket

REST_S = 0.127
"""No multiple of a usual distance between pictures (20 to 100 ms): now and then one is read as it comes."""
LINGER_S = 0.1
PROMPT_EVERY_S = 30.0
PROMPT_S = 1.0


class LoopRest:
    """The rest of one event loop. Until `start`, and after `stop`, it never rests.

    Attributes:
        is_prompt: What is read now came just now. While the loop rests now and then it may be `REST_S` old; for
            `PROMPT_S` of every `PROMPT_EVERY_S` it is prompt all the same, so that arrival times can be learned from.
    """

    def __init__(self, rest_s: float = REST_S) -> None:
        self.is_prompt = True
        self._rest_s = rest_s
        self._loop: asyncio.AbstractEventLoop | None = None
        self._door = select.poll()
        self._before_rest: Callable[[], None] = lambda: None
        self._handle: asyncio.Handle | None = None
        self._holders = 0
        self._awake_until_s = 0.0
        self._prompt_due_s = 0.0

    def start(self, door: socket, before_rest: Callable[[], None]) -> None:
        """Begins to rest in the running loop.

        Args:
            door: Who connects to this listening socket ends a rest.
            before_rest: Called before each one: hand over what has gathered.
        """
        self._loop = asyncio.get_running_loop()
        self._door.register(door, select.POLLIN)
        self._before_rest = before_rest
        self._prompt_due_s = self._loop.time() + PROMPT_EVERY_S
        self._handle = self._loop.call_soon(self._turn)

    def stop(self) -> None:
        self.is_prompt = True
        self._loop = None
        if self._handle is not None:
            self._handle.cancel()

    @property
    def is_held(self) -> bool:
        """Somebody needs to be served at once."""
        return self._holders > 0

    @contextmanager
    def awake(self) -> Iterator[None]:
        """No rest while this context is open."""
        self._holders += 1
        try:
            yield
        finally:
            self._holders -= 1

    def stay_awake(self, for_s: float) -> None:
        """No rest for some seconds from now."""
        if self._loop is not None:
            self._awake_until_s = max(self._awake_until_s, self._loop.time() + for_s)

    def _turn(self) -> None:
        loop = self._loop
        if loop is None:
            return
        now_s = loop.time()
        if now_s >= self._prompt_due_s:
            self._prompt_due_s = now_s + PROMPT_EVERY_S
            self.stay_awake(PROMPT_S)
        self.is_prompt = self.is_held or now_s < self._awake_until_s
        if self.is_prompt:
            self._handle = loop.call_later(LINGER_S, self._turn)
            return
        self._before_rest()
        if self._door.poll(self._rest_s * 1000):
            self.stay_awake(LINGER_S)
        self._handle = loop.call_soon(self._turn)
