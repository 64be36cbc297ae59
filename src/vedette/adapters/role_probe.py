"""Short questions to a role on its UNIX socket, for the supervisor."""

from pathlib import Path
from typing import Any

import httpx

from vedette.adapters.http_clients import open_unix_client
from vedette.core.errors import UnavailableError


async def is_role_answering(socket_path: Path, timeout_s: float = 1.5) -> bool:
    """True when `GET /healthz` on the role's socket answers 200 in time."""
    try:
        async with open_unix_client(socket_path, "role", timeout_s) as client:
            answer = await client.get("/healthz")
    except (httpx.HTTPError, OSError):
        return False
    return answer.status_code == httpx.codes.OK


async def post_to_role(socket_path: Path, path: str, body: dict[str, Any], timeout_s: float) -> None:
    """Posts JSON to a role.

    Raises:
        UnavailableError: no answer, or an answer that says no.
    """
    try:
        async with open_unix_client(socket_path, "role", timeout_s) as client:
            answer = await client.post(path, json=body)
    except (httpx.HTTPError, OSError) as exc:
        raise UnavailableError(f"no answer from {socket_path.name}: {exc}") from exc
    if answer.is_error:
        raise UnavailableError(f"{socket_path.name} refused {path}: {answer.text[:300]}")
