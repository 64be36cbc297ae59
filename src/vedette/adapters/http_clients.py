"""HTTP clients that load certificate authorities only where TLS is spoken: it takes 25 to 75 ms a client."""

from pathlib import Path

import httpx


def open_unix_client(
    socket_path: Path, role: str, timeout: httpx.Timeout | float, most_connections: int = 100
) -> httpx.AsyncClient:
    """A client of the role that listens on a UNIX socket; nothing is opened before the first request."""
    limits = httpx.Limits(max_connections=most_connections, max_keepalive_connections=20)
    transport = httpx.AsyncHTTPTransport(uds=str(socket_path), verify=False, limits=limits)
    return httpx.AsyncClient(transport=transport, base_url=f"http://{role}", timeout=timeout, trust_env=False)


def speaks_tls(url: str) -> bool:
    """For `verify`: a client that follows no redirects needs no authorities for any other address."""
    return url.lower().startswith("https:")
