"""Reads a catalogue: JSON (a list of items) or CSV with a head line (`id`, `name`, `tags`, `text`). Pure."""

import csv
import io

import msgspec

from vedette.core.errors import InvalidInputError
from vedette.vision.profile.ports import Item

MAX_BYTES = 32 << 20
MAX_ITEMS = 100_000
_COLUMNS = ("id", "name", "tags", "text")
_HINT = 'JSON: [{"name": "Guitar strings", "tags": ["music"], "text": "...", "id": "..."}]; CSV: id,name,tags,text.'


def read_catalogue(data: bytes, file_name: str) -> list[Item]:
    """Reads a catalogue by its name's end. In CSV tags are divided by `;` or `|`.

    Raises:
        InvalidInputError: it is none, too large, or an item has no name.
    """
    if len(data) > MAX_BYTES:
        raise InvalidInputError(f"the catalogue is larger than {MAX_BYTES >> 20} MB")
    items = _read_csv(data) if file_name.lower().endswith(".csv") else _read_json(data)
    nameless = [str(place) for place, item in enumerate(items, 1) if not item.name.strip()]
    if nameless:
        raise InvalidInputError(f"items {', '.join(nameless[:5])} of the catalogue have no name", _HINT)
    if not 0 < len(items) <= MAX_ITEMS:
        raise InvalidInputError(f"a catalogue has 1 to {MAX_ITEMS:,} items, not {len(items)}", _HINT)
    return items


def _read_json(data: bytes) -> list[Item]:
    try:
        return msgspec.json.decode(data, type=list[Item])
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise InvalidInputError(f"the catalogue is not valid: {error}", _HINT) from error


def _read_csv(data: bytes) -> list[Item]:
    try:
        reader = csv.DictReader(io.StringIO(data.decode("utf-8-sig")), strict=True)
        columns = reader.fieldnames or []
        unknown = sorted(set(columns) - set(_COLUMNS))
        if unknown or "name" not in columns:
            raise InvalidInputError(f"the catalogue's columns are {', '.join(columns)}", _HINT)
        rows = list(reader)
    except (UnicodeDecodeError, csv.Error) as error:
        raise InvalidInputError(f"the catalogue is not valid: {error}", _HINT) from error
    return [_to_item(row) for row in rows]


def _to_item(row: dict[str, str]) -> Item:
    if None in row:
        raise InvalidInputError("a line of the catalogue has more cells than its head", _HINT)
    tags = [tag.strip() for tag in (row.get("tags") or "").replace("|", ";").split(";") if tag.strip()]
    return Item(row.get("name") or "", row.get("id") or "", tags, row.get("text") or "")
