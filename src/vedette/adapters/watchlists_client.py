"""Takes lists to the analyzer over its socket."""

import asyncio

import msgspec

from vedette.adapters.role_client import RoleClient, RoleRefusedError
from vedette.core.watchlists import WatchlistOrder

_PUT_TIMEOUT_S = 30.0
"""A hundred thousand entries are 20 MB."""


class AnalyzerWatchlists:
    """See `vedette.watchlists.ports.OrderTaker`."""

    def __init__(self, analyzer: RoleClient) -> None:
        self._analyzer = analyzer

    async def find_version(self) -> str:
        answer = await self._analyzer.get("/watchlists")
        try:
            return msgspec.json.decode(answer, type=dict[str, str])["version"]
        except (msgspec.DecodeError, KeyError) as exc:
            raise RoleRefusedError(f"the analyzer does not say which lists it has: {exc}") from exc

    async def put_order(self, order: WatchlistOrder) -> None:
        await self._analyzer.put("/watchlists", await asyncio.to_thread(msgspec.json.encode, order), _PUT_TIMEOUT_S)
