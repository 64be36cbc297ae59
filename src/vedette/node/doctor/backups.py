"""Backups: whether the house could be made again elsewhere, by what was written down when one was made."""

from vedette.core.time import NS_PER_S
from vedette.node.backup import read_last
from vedette.node.doctor.findings import Finding, good, warning
from vedette.runtime.clock import Clock
from vedette.runtime.paths import NodePaths

_OLD_DAYS = 7
_DAY_NS = 86_400 * NS_PER_S
_ADVICE = "See docs/guide/backup.md: another machine can fetch one every night."


def check_backups(paths: NodePaths, clock: Clock) -> Finding:
    """When the last backup was made. A house that is not there yet has nothing to lose."""
    if not paths.database.exists():
        return good("backups", "nothing is there yet that would be lost")
    at_ns = read_last(paths)
    if at_ns is None:
        return warning("backups", "no backup was ever made: configuration, keys and evidence are on this disk", _ADVICE)
    days = max(0, (clock.utc_ns() - at_ns) // _DAY_NS)
    said = f"the last backup was made {f'{days} days ago' if days else 'within a day'}"
    return good("backups", said, days=days) if days < _OLD_DAYS else warning("backups", said, _ADVICE, days=days)
