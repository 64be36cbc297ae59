"""Waits for something that another thread or process does, with a limit."""

import asyncio
from collections.abc import Awaitable, Callable

LIMIT_S = 20.0


async def wait_until(is_true: Callable[[], Awaitable[bool]], limit_s: float = LIMIT_S) -> None:
    """Asks every 10 ms until the answer is yes."""
    async with asyncio.timeout(limit_s):
        while not await is_true():
            await asyncio.sleep(0.01)
