"""One at a time, some wait, more are refused: for work that takes a processor for seconds."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from vedette.core.errors import TooManyRequestsError


class Turns:
    """The line before one piece of work.

    Args:
        most: Those who may be in the line, the one whose turn it is counted.
        refuse: Makes the error for whoever comes then.
    """

    def __init__(self, most: int, refuse: Callable[[], TooManyRequestsError]) -> None:
        self._most, self._refuse = most, refuse
        self._turn = asyncio.Lock()
        self._waiting = 0

    @asynccontextmanager
    async def take(self) -> AsyncIterator[None]:
        """Waits for the turn and has it inside.

        Raises:
            TooManyRequestsError: too many wait.
        """
        if self._waiting >= self._most:
            raise self._refuse()
        self._waiting += 1
        try:
            async with self._turn:
                yield
        finally:
            self._waiting -= 1

    @asynccontextmanager
    async def have(self) -> AsyncIterator[None]:
        """The same for the house itself, which nobody refuses."""
        async with self._turn:
            yield
