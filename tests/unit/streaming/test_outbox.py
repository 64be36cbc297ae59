"""A slow viewer: bounded memory, decodable remains, and the truth about what is missing."""

import asyncio
import json

from vedette.streaming.outbox import Outbox, OutboxLimits

LIMITS = OutboxLimits(max_bytes=1000, max_messages=5)


def put(outbox: Outbox, name: str, *, is_key=False, is_audio=False, size=10) -> None:
    outbox.put_media(name.encode().ljust(size, b"."), is_key=is_key, is_audio=is_audio, frames=1)


async def drain(outbox: Outbox) -> list[str]:
    found = []
    while len(outbox):
        message = await outbox.get()
        found.append(message if isinstance(message, str) else message.decode().rstrip("."))
    return found


async def test_keeps_order() -> None:
    outbox = Outbox(LIMITS)
    outbox.put_control("text")
    put(outbox, "k", is_key=True)
    put(outbox, "a")
    assert await drain(outbox) == ["text", "k", "a"]


async def test_overflow_drops_to_the_next_key_frame_and_says_how_many() -> None:
    outbox = Outbox(LIMITS)
    put(outbox, "k0", is_key=True)
    for index in range(6):
        put(outbox, f"p{index}")  # the sixth does not fit: all 5 queued and it are lost
    put(outbox, "p6")
    put(outbox, "sound", is_key=True, is_audio=True)
    put(outbox, "k1", is_key=True)
    put(outbox, "p7")
    said, *media = await drain(outbox)
    assert json.loads(said) == {"type": "dropped", "frames": 8}
    assert media == ["k1", "p7"]


async def test_control_messages_survive_an_overflow() -> None:
    outbox = Outbox(LIMITS)
    put(outbox, "k0", is_key=True)
    outbox.put_control("state")
    for index in range(8):
        put(outbox, f"p{index}")
    assert await drain(outbox) == ["state"]


async def test_bytes_are_bounded_too() -> None:
    outbox = Outbox(LIMITS)
    put(outbox, "k0", is_key=True, size=600)
    put(outbox, "p0", size=600)
    assert len(outbox) == 0


async def test_one_message_larger_than_the_limit_is_let_through() -> None:
    outbox = Outbox(LIMITS)
    put(outbox, "cache", is_key=True, size=5000)
    assert await drain(outbox) == ["cache"]


async def test_restart_forgets_media_without_calling_it_dropped() -> None:
    outbox = Outbox(LIMITS)
    put(outbox, "k0", is_key=True)
    outbox.restart_media()
    put(outbox, "p-of-new-stream", is_key=True)
    assert await drain(outbox) == ["p-of-new-stream"]


async def test_get_waits_for_the_next_message() -> None:
    outbox = Outbox(LIMITS)
    waiting = asyncio.create_task(outbox.get())
    await asyncio.sleep(0)
    assert not waiting.done()
    outbox.put_control("x")
    assert await asyncio.wait_for(waiting, 5) == "x"


async def test_repeated_overflows_are_told_as_one_sum() -> None:
    outbox = Outbox(LIMITS)
    for _ in range(3):
        put(outbox, "k", is_key=True)
        for index in range(6):
            put(outbox, f"p{index}")
    put(outbox, "last", is_key=True)
    said, media = await drain(outbox)
    assert json.loads(said) == {"type": "dropped", "frames": 21}
    assert media == "last"


async def test_control_messages_are_bounded_for_a_viewer_who_never_reads() -> None:
    outbox = Outbox(OutboxLimits(max_controls=3))
    for index in range(10):
        outbox.put_control(str(index))
    assert await drain(outbox) == ["7", "8", "9"]
