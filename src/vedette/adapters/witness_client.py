"""Asks a witness over HTTP to sign a checkpoint (C2SP tlog-witness). What it answers is checked by the caller."""

import httpx

from vedette.adapters.http_clients import speaks_tls
from vedette.core.errors import UnavailableError

_TIMEOUT_S = 10.0
_MOST_ANSWER_BYTES = 4096


class WitnessSilentError(UnavailableError):
    """A witness does not answer, or not as one does."""

    code = "witness_silent"


async def add_checkpoint(url: str, body: bytes) -> tuple[int, str]:
    """Returns status and answer. Raises WitnessSilentError."""
    try:
        async with (
            httpx.AsyncClient(timeout=_TIMEOUT_S, trust_env=False, verify=speaks_tls(url)) as client,
            client.stream("POST", f"{url.rstrip('/')}/add-checkpoint", content=body) as answer,
        ):
            content = b""
            async for chunk in answer.aiter_bytes():
                content += chunk
                if len(content) > _MOST_ANSWER_BYTES:
                    raise WitnessSilentError("the witness's answer is too long")
            return answer.status_code, content.decode("utf-8", "replace")
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as exc:
        raise WitnessSilentError(f"the witness does not answer ({type(exc).__name__})") from exc
