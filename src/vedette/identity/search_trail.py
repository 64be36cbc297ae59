"""What the audit trail says of searches, in words that people read and that are read again to find odd use. Pure.

A row's detail is `question; result: purpose`; the result of a search by face or appearance names the nearest objects by
their ids, which say nothing without the permission to search.
"""

import re
from collections.abc import Sequence

from vedette.identity.audit import AuditEntry, Outcome
from vedette.identity.search_watch import AskedSearch

NAMED_NEAREST = 3
_RESULT = re.compile(r"(by (?P<by>\w+), )?(?P<found>\d+) found(, nearest (?P<nearest>[\w ]+))?(?P<near>, just under)?")
_BIOMETRIC = frozenset({"search.face", "search.appearance", "search.picture", "search.person"})
WATCHED = ("search.face", "search.appearance", "search.picture", "search.person", "search.trace")
_MOST_WORDS = 200
"""Of a question: the rest of the row has to be there, whatever was asked."""
_TRACE, _WAYS = "search.trace", frozenset({"face", "appearance"})


def say_result(found: int, nearest: Sequence[str], *, by: str = "", is_near: bool = False) -> str:
    """What a search found, for its row. `by`: of traces."""
    said = f"by {by}, " if by else ""
    named = f", nearest {' '.join(nearest[:NAMED_NEAREST])}" if nearest else ""
    return f"{said}{found} found{named}{', just under' if is_near else ''}"


def say_detail(words: str, result: str, purpose: str) -> str:
    return f"{words[:_MOST_WORDS].replace(';', ',')}; {result}: {purpose}"


def read_searches(rows: Sequence[AuditEntry]) -> list[AskedSearch]:
    """Searches by face or appearance that were answered, or whose picture showed nobody; in the order of the rows."""
    read = (_read(row) for row in rows if row.action in _BIOMETRIC or row.action == _TRACE)
    return [one for one in read if one is not None]


def _read(row: AuditEntry) -> AskedSearch | None:
    result, colon, purpose = row.detail.partition("; ")[2].partition(": ")
    if not colon or row.outcome is Outcome.REFUSED:
        return None
    if (match := _RESULT.fullmatch(result)) is None:
        return AskedSearch(row.at_ns, purpose) if row.action in _BIOMETRIC else None
    if row.action == _TRACE and match["by"] not in _WAYS:
        return None
    nearest = tuple((match["nearest"] or "").split())
    return AskedSearch(row.at_ns, purpose, row.resource, nearest, int(match["found"]), match["near"] is not None)
