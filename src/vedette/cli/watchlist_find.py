"""Finds lists by the names that people give them."""

from typing import Any

from vedette.adapters.api_client import ApiClient
from vedette.core.errors import NotFoundError


class NoSuchListError(NotFoundError):
    """No list has this name, or no entry this plate or person."""

    code = "no_such_watchlist"


def find_list(client: ApiClient, name: str) -> dict[str, Any]:
    """Finds a list by name (capital letters do not count) or id.

    Raises:
        NoSuchListError: none has it.
    """
    for item in client.get("/watchlists")["items"]:
        if name.casefold() == item["name"].casefold() or name == item["id"]:
            return dict(item)
    raise NoSuchListError(f"there is no list {name!r}", "`vedette watchlist list` shows all.")
