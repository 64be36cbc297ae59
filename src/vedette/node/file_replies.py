"""Talks to the worker of one file: a few pictures asked for ahead, and questions about them in between."""

import asyncio
import zlib
from collections import deque
from typing import TYPE_CHECKING

import msgspec

from vedette.core.errors import InvalidInputError
from vedette.node.file_journal import Answer
from vedette.runtime.worker import WorkerLostError, WorkerProcess
from vedette.runtime.worker_channel import WorkerMessage
from vedette.vision import wire
from vedette.vision.wire import Kind, PacketReply

if TYPE_CHECKING:
    from vedette.vision.recognize.describer import Ask  # the gateway, which enhances, looks at no picture itself

REPLY_TIMEOUT_S = 600.0
"""Sixteen 8K pictures, behind other work, take minutes."""


class FileReplies:
    """Keeps requests for pictures ahead, and answers to them apart from the crops asked in between.

    What was answered about pictures is kept for a journal until it is taken.
    """

    def __init__(self, worker: WorkerProcess) -> None:
        self._worker = worker
        self._pending: deque[bool] = deque()
        self._pictures: deque[PacketReply] = deque()
        self._answers: list[Answer] = []

    async def ask_next(self) -> None:
        await self._worker.send(Kind.FILE_NEXT, b"")
        self._pending.append(True)

    async def take_next(self) -> PacketReply:
        while not self._pictures:
            await self._receive()
        return self._pictures.popleft()

    async def ask_crop(self, pts_90k: int, crop: tuple[float, float, float, float]) -> bytes:
        """A part of a recent picture as JPEG, empty when it is gone already."""
        answer = await self._ask_about(Kind.SNAPSHOT, crop_request(pts_90k, crop))
        return b"" if answer is None else wire.check_jpeg(answer)

    async def ask_described(self, ask: "Ask") -> bytes | None:
        """The answer to a describe question, None when the picture is gone already."""
        return await self._ask_about(Kind.DESCRIBE, ask.request)

    def take_answers(self) -> list[Answer]:
        """What was answered about pictures since the last call."""
        answers, self._answers = self._answers, []
        return answers

    async def _ask_about(self, kind: Kind, request: msgspec.Struct) -> bytes | None:
        payload = await self._ask(kind, request)
        self._answers.append(Answer(mark_question(request), payload))
        return payload

    async def _ask(self, kind: Kind, request: msgspec.Struct) -> bytes | None:
        await self._worker.send(kind, wire.encode(request))
        self._pending.append(False)
        while True:
            answered, payload, is_picture = await self._receive()
            if not is_picture:
                return None if answered == Kind.FAILED else payload

    async def set_terms(self, terms: wire.FileTerms) -> None:
        """Other classes and rate from the next picture on."""
        await self._ask(Kind.FILE_TERMS, terms)

    async def drain(self) -> None:
        while self._pending:
            await self._receive()

    async def _receive(self) -> tuple[int, bytes, bool]:
        message = await receive_reply(self._worker)
        if not self._pending:
            raise WorkerLostError("the worker spoke without being asked")
        is_picture = self._pending.popleft()
        if is_picture:
            if message.kind == Kind.FAILED:
                raise InvalidInputError(message.payload[:300].decode("utf-8", "replace"))
            self._pictures.append(wire.decode_reply(message.payload))
        return message.kind, message.payload, is_picture


def crop_request(pts_90k: int, crop: tuple[float, float, float, float]) -> wire.SnapshotRequest:
    """Asks for a part of a picture."""
    return wire.SnapshotRequest(0, pts_90k, 4096, [], crop)


def mark_question(request: msgspec.Struct) -> int:
    """A checksum of a question; places are rounded, so that another processor's last digit makes no other question."""
    return zlib.crc32(repr(_round(msgspec.to_builtins(request))).encode())


def _round(value: object) -> object:
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {name: _round(item) for name, item in value.items()}
    return [_round(item) for item in value] if isinstance(value, list | tuple) else value


async def receive_reply(worker: WorkerProcess, timeout_s: float = REPLY_TIMEOUT_S) -> WorkerMessage:
    """Waits for the next reply, but not for ever: a file can make a decoder spin.

    Raises:
        WorkerLostError: the worker ended, or was silent for too long and was killed.
    """
    try:
        async with asyncio.timeout(timeout_s):
            return await worker.receive()
    except TimeoutError as error:
        worker.kill()
        raise WorkerLostError(f"this file kept its worker busy for {timeout_s:g} s without a result") from error


async def ask_worker(worker: WorkerProcess, kind: int, payload: bytes) -> bytes:
    """One question and its answer, while nothing else is asked.

    Raises:
        InvalidInputError: what the file does not give; WorkerLostError.
    """
    await worker.send(kind, payload)
    message = await receive_reply(worker)
    if message.kind == Kind.FAILED:
        raise InvalidInputError(message.payload[:300].decode("utf-8", "replace"))
    return message.payload
