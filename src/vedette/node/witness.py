"""The witness: a small process for another host or another account. It holds one key and a size and hash per log.

It needs no camera, no database and no part of a node. Design: docs/design/evidence.md.
"""

import asyncio
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from vedette.core.errors import ConflictError, StorageError, VedetteError
from vedette.core.time import NS_PER_S
from vedette.evidence.witness import MOST_REQUEST_BYTES, Cosigner, Witness, parse_log_key
from vedette.runtime.clock import Clock, SystemClock
from vedette.runtime.files import replace_file
from vedette.runtime.log import configure_logging, get_logger

_SEED_BYTES = 32


@contextmanager
def hold_state(folder: Path) -> Iterator[None]:
    """Takes the state for this process: two witnesses on it would each sign what the other never saw.

    Raises:
        ConflictError: another witness has it.
        StorageError: it cannot be written.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(folder / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError as exc:
        raise StorageError(f"the folder {folder} of the witness cannot be written: {exc.strerror}") from exc
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as exc:
        os.close(descriptor)
        raise ConflictError(
            f"another witness runs on {folder}", "Stop it first, or give this one a folder of its own with --state."
        ) from exc
    try:
        yield
    finally:
        os.close(descriptor)


def open_cosigner(folder: Path, name: str) -> Cosigner:
    """Reads the witness's key, `FOLDER/witness.key` (0600); makes it on the first start."""
    path = folder / "witness.key"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            if any(folder.glob("*.json")):
                raise StorageError(f"{path} is gone, but what it signed is here", "Restore it from a backup.")
            replace_file(path, os.urandom(_SEED_BYTES), 0o600)
        seed = path.read_bytes()
    except OSError as exc:
        raise StorageError(f"the witness's key {path} cannot be used: {exc.strerror}") from exc
    if len(seed) != _SEED_BYTES:
        raise StorageError(f"the witness's key {path} is not whole", "Restore it from a backup.")
    return Cosigner(name, seed)


def make_witness_app(witness: Witness, clock: Clock) -> Starlette:
    """The routes. Requests are answered one after the other, so that no two see the same old state."""
    one_at_a_time = asyncio.Lock()
    logger = get_logger("witness")

    async def add_checkpoint(request: Request) -> Response:
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > MOST_REQUEST_BYTES:
                return PlainTextResponse("the request is too long\n", status_code=413)
        async with one_at_a_time:
            try:
                answer = await asyncio.to_thread(witness.add_checkpoint, bytes(body), clock.utc_ns() // NS_PER_S)
            except (VedetteError, OSError) as error:
                logger.error("state cannot be used", reason=str(error))  # noqa: TRY400 -- told in full
                return PlainTextResponse("the witness cannot use its state\n", status_code=500)
        media_type = "text/x.tlog.size" if answer.status == 409 else "text/plain"
        return Response(answer.body, answer.status, media_type=media_type)

    return Starlette(routes=[Route("/add-checkpoint", add_checkpoint, methods=["POST"])])


def run(folder: Path, name: str, logs: tuple[str, ...], host: str, port: int) -> int:
    """Serves until SIGINT or SIGTERM. Returns the exit code."""
    configure_logging("witness")
    with hold_state(folder):
        cosigner = open_cosigner(folder, name)
        app = make_witness_app(Witness(folder, cosigner, [parse_log_key(one) for one in logs]), SystemClock())
        get_logger("witness").info("witness serves", key=cosigner.verifier_key, host=host, port=port)
        uvicorn.run(app, host=host, port=port, log_level="warning", access_log=False)
    return 0
