"""Masked copies in a bundle: what is said of them in its list of contents, which the notary signs.

For who may not see the whole picture. The originals stay where they are, the log's entries name them by hash, and the
list says of each masked file which segments it was made of, when it shows and what is hidden. `verify.py` checks that
against the log. Design: docs/design/evidence.md, "Masked bundles".
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from vedette.core.privacy import PrivacyZone
from vedette.evidence.offline_verify import MASKED, OUTLINE_UNIT, masked_path


@dataclass(frozen=True, slots=True)
class MaskedFile:
    """One file of a masked copy.

    Attributes:
        spans_ns: Wall time from and to of what it shows, in order.
        segment_ids: The stored segments that this is in.
    """

    path: Path
    spans_ns: tuple[tuple[int, int], ...]
    segment_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MaskedCopy:
    """What goes into a bundle instead of a camera's stored footage. `zones` are filled in every picture of it."""

    zones: tuple[PrivacyZone, ...]
    files: tuple[MaskedFile, ...]


def clamp_cover(covered_to_ns: int, segment_ends_ns: list[int], masked: MaskedCopy) -> int:
    """Up to when the masked copy shows all that the log covers: recording may have gone on while it was made."""
    shown_to_ns = max((end for file in masked.files for _, end in file.spans_ns), default=covered_to_ns)
    return min(covered_to_ns, shown_to_ns) if max(segment_ends_ns, default=0) > shown_to_ns else covered_to_ns


def write_masked(
    add_file: Callable[[str, Path], None], folder: str, stream: str, masked: MaskedCopy, clean: Callable[[str], str]
) -> dict[str, object]:
    """Adds the files and returns what the list of contents says of them."""
    files: list[dict[str, object]] = []
    for number, file in enumerate(masked.files, 1):
        name = masked_path(folder, stream, file.spans_ns[0][0], number, file.path.suffix)
        add_file(name, file.path)
        spans = [list(span) for span in file.spans_ns]
        files.append({"file": name, "spans": spans, "segments": list(file.segment_ids)})
    zones = [{"name": clean(zone.name), "outline": _outline(zone)} for zone in masked.zones]
    return {MASKED: {"zones": zones, "files": files}}


def _outline(zone: PrivacyZone) -> list[list[int]]:
    """Whole numbers: canonical JSON has no others."""
    return [[round(x * OUTLINE_UNIT), round(y * OUTLINE_UNIT)] for x, y in zone.polygon.points]
