"""Asks a time-stamping authority over HTTP (RFC 3161 section 3.4). What it answers is checked by the caller."""

import asyncio
import ssl

import httpx

from vedette.adapters.http_clients import speaks_tls
from vedette.core.errors import UnavailableError
from vedette.evidence.offline_verify import MOST_STAMP_BYTES

TIMEOUT_S = 20.0
"""For all of it: an authority that sends a byte now and then must not be waited for."""


class AuthoritySilentError(UnavailableError):
    """A time-stamping authority does not answer, or not as one does."""

    code = "time_stamp_authority_silent"


async def request_time_stamp(url: str, request: bytes, authorities_pem: bytes, timeout_s: float = TIMEOUT_S) -> bytes:
    """Returns the answer as it came. Redirects are not followed: only what the settings name is contacted.

    `authorities_pem` is trusted for TLS besides the system's authorities. Raises AuthoritySilentError.
    """
    headers = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
    try:
        tls = _make_context(authorities_pem) if speaks_tls(url) else False
        async with (
            asyncio.timeout(timeout_s),
            httpx.AsyncClient(timeout=timeout_s, trust_env=False, verify=tls) as client,
            client.stream("POST", url, content=request, headers=headers) as answer,
        ):
            if answer.status_code != 200:
                raise AuthoritySilentError(f"it answers {answer.status_code}")
            return await _read(answer)
    except TimeoutError as exc:
        raise AuthoritySilentError(f"it did not answer within {timeout_s:g} s") from exc
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as exc:
        raise AuthoritySilentError(f"it does not answer ({type(exc).__name__})") from exc


async def _read(answer: httpx.Response) -> bytes:
    content = b""
    async for chunk in answer.aiter_raw():
        content += chunk
        if len(content) > MOST_STAMP_BYTES:
            raise AuthoritySilentError(f"its answer has more than {MOST_STAMP_BYTES} bytes")
    return content


def _make_context(authorities_pem: bytes) -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.load_verify_locations(cadata=authorities_pem.decode("ascii", "ignore"))  # comments in such files are not
    return context
