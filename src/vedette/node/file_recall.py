"""Answers from a journal what was asked before, and says what a journal must be about to be used."""

import hashlib
from collections import deque
from collections.abc import Sequence
from pathlib import Path

import msgspec

from vedette.core.assignment import Rule
from vedette.core.errors import StorageError
from vedette.node.file_journal import Answer, JournalHead
from vedette.node.file_plan import FilePlan
from vedette.node.file_replies import crop_request, mark_question
from vedette.vision import wire
from vedette.vision.file_jobs import BegunAgain, CannotGoOnError
from vedette.vision.recognize.describer import Ask


class RecalledReplies:
    """The answers to all questions about the pictures of one step, in the order in which they were asked.

    Another question than then means that this release follows objects in another way.
    """

    def __init__(self, answers: Sequence[Answer]) -> None:
        self._answers = deque(answers)

    async def ask_crop(self, pts_90k: int, crop: tuple[float, float, float, float]) -> bytes:
        """As it was answered. Raises CannotGoOnError: it was not asked then."""
        answer = self._recall(crop_request(pts_90k, crop))
        return b"" if answer is None else wire.check_jpeg(answer)

    async def ask_described(self, ask: Ask) -> bytes | None:
        """As it was answered. Raises CannotGoOnError: it was not asked then."""
        return self._recall(ask.request)

    def check_all_asked(self) -> None:
        """Raises CannotGoOnError: more was asked then."""
        if self._answers:
            raise CannotGoOnError(BegunAgain.RELEASE)

    def _recall(self, request: msgspec.Struct) -> bytes | None:
        answer = self._answers.popleft() if self._answers else None
        if answer is None or answer.mark != mark_question(request):
            raise CannotGoOnError(BegunAgain.RELEASE)
        return answer.payload


def make_head(path: Path, sha256: str, plan: FilePlan, rules: Sequence[Rule], ready: wire.Ready) -> JournalHead:
    """What an analysis is about. Classes and rate are left out: they may change while it runs.

    Raises:
        StorageError: the file cannot be read.
    """
    try:
        stat = path.stat()
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror}") from error
    models = [ready.release, *(f"{name}={release}" for name, release in sorted(ready.recognizers.items()))]
    return JournalHead(
        f"{sha256} {stat.st_size} {stat.st_mtime_ns}",
        models,
        _hash(*plan.lists.orders, plan.lists.face_terms),
        _hash(*rules, plan.tiles, plan.motion, *(one.terms for one in plan.sets)),
        plan.lists.at_ns,
    )


def _hash(*parts: object) -> str:
    """Of all that is in them: the words for a list leave out its templates."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(msgspec.msgpack.encode(part))
    return digest.hexdigest()
