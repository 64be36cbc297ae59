"""Finds what must never be profiled: footage of cameras, wherever it lies. Names and bytes alone are looked at.

A profile is made of a gallery that somebody gives of himself. So what lies in a data directory, a volume or a bundle is
refused by its place, and what left a system by the marks that all its ways out leave. A picture that was saved anew by
another program has lost them, and nobody can tell it then. Design: docs/design/profile.md.
"""

from pathlib import Path

from vedette.core.errors import ForbiddenError
from vedette.evidence.offline_verify import MANIFEST, MANIFEST_NOTE
from vedette.media.mp4_file import NOTE_DOMAIN
from vedette.recording.cipher_format import FILE_MAGIC
from vedette.recording.stamp import STAMP_TYPE
from vedette.recording.volume import INDEX_NAME
from vedette.runtime.paths import NodePaths
from vedette.streaming.export_marks import EXPORT_MARK
from vedette.vision.drawing import PICTURE_MARK
from vedette.vision.enhance.marks import ENHANCED_MARK

_CHUNK_BYTES = 1 << 20
_MARKS: tuple[tuple[bytes, str], ...] = (
    (EXPORT_MARK.encode(), "it was exported from Vedette"),
    (NOTE_DOMAIN, "it was exported from Vedette"),
    (STAMP_TYPE, "it is a stored recording"),
    (FILE_MAGIC, "it is a stored, encrypted recording"),
    (PICTURE_MARK.encode(), "it is a picture that Vedette made of a recording or a file"),
    (ENHANCED_MARK.encode(), "it was enlarged by Vedette, and nothing tells of what"),
)
_OVERLAP_BYTES = max(len(mark) for mark, _ in _MARKS) - 1


class SurveillanceFootageError(ForbiddenError):
    """What was given is footage of cameras, or may be."""

    code = "surveillance_footage"


class PlaceJudge:
    """Says of folders whether they belong to a system. Each is looked at once."""

    def __init__(self) -> None:
        self._known: dict[Path, str] = {}

    def judge(self, path: Path) -> str:
        """Why a file's place is refused, empty for any other. Links are followed."""
        return self._judge_folder(path.resolve().parent)

    def _judge_folder(self, folder: Path) -> str:
        if folder not in self._known:
            reason = _judge_place(folder)
            is_top = folder.parent == folder
            self._known[folder] = reason or ("" if is_top else self._judge_folder(folder.parent))
        return self._known[folder]


def _judge_place(folder: Path) -> str:
    paths = NodePaths(folder)
    has_role = paths.assignment("recorder").exists() or paths.assignment("analyzer").exists()
    if paths.database.exists() or paths.node_key.exists() or has_role:
        return f"{folder} is the data directory of a Vedette"
    if (folder / "volume.json").exists() and ((folder / INDEX_NAME).exists() or (folder / "segments").exists()):
        return f"{folder} is a volume with recordings"
    if (folder / MANIFEST).exists() and (folder / MANIFEST_NOTE).exists():
        return f"{folder} is a bundle of footage"
    return ""


def find_mark(path: Path) -> str:
    """Which mark of a system a file carries, empty for none. Reads all of it, a piece at a time.

    Raises:
        OSError: it cannot be read.
    """
    tail = b""
    with path.open("rb") as file:
        while piece := file.read(_CHUNK_BYTES):
            data = tail + piece
            for mark, reason in _MARKS:
                if mark in data:
                    return reason
            tail = data[-_OVERLAP_BYTES:]
    return ""


def check_places(paths: list[Path], judge: PlaceJudge) -> None:
    """Raises SurveillanceFootageError when what was named itself lies where footage lies."""
    for path in paths:
        reason = judge.judge(path / "any") if path.is_dir() else judge.judge(path)
        if reason:
            raise SurveillanceFootageError(
                f"{path} is not looked at: {reason}",
                "A profile is made of pictures that somebody gives of himself, never of what cameras saw.",
            )
