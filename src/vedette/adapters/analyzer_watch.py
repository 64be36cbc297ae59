"""Asks the analyzer's socket how many pictures of each camera it has analysed, with the standard library alone.

The recorder may import no HTTP client (tests/integration/test_recorder_imports.py), and one question every two
seconds needs none: HTTP/1.0, one answer, the connection ends.
"""

import asyncio
from pathlib import Path

import msgspec

from vedette.core.errors import UnavailableError

_MOST_BYTES = 4 << 20
_TIMEOUT_S = 5.0
_REQUEST = b"GET /status HTTP/1.0\r\nHost: analyzer\r\nConnection: close\r\n\r\n"


class _Camera(msgspec.Struct):
    camera_id: str
    analysed: int


class _Status(msgspec.Struct):
    cameras: list[_Camera]


async def read_analysed(socket: Path) -> dict[str, int]:
    """Returns the number of analysed pictures by camera.

    Raises:
        UnavailableError: it is not there, or does not answer as it should.
    """
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            answer = await _ask(socket)
        status = msgspec.json.decode(answer, type=_Status)
    except (OSError, TimeoutError, ValueError) as exc:
        raise UnavailableError(f"the analyzer does not answer: {exc}") from exc
    return {camera.camera_id: camera.analysed for camera in status.cameras}


async def _ask(socket: Path) -> bytes:
    reader, writer = await asyncio.open_unix_connection(str(socket))
    try:
        writer.write(_REQUEST)
        await writer.drain()
        answer = bytearray()
        while part := await reader.read(65_536):
            answer += part
            if len(answer) > _MOST_BYTES:
                raise ValueError("its answer is too long")
    finally:
        writer.close()
    head, _, body = bytes(answer).partition(b"\r\n\r\n")
    if not head.split(b"\r\n", 1)[0].endswith(b" 200 OK"):
        raise ValueError("its answer is no status")
    return body
