"""Has the site log's checkpoint time-stamped (RFC 3161) by the authorities of the settings file, now and then.

Nothing waits for it: an authority that is away, slow or wrong costs a line on the health page. After a failure it is
asked again later and later. An answer that is not right is told at once, silence after three tries, and a clock that
differs from the authority's by more than a minute too. Design: docs/design/evidence.md.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar
from urllib.parse import urlsplit

from vedette.adapters.time_stamp_check import TimeStampRefusedError, check_answer
from vedette.core.errors import UnavailableError, VedetteError
from vedette.core.time import NS_PER_S, format_utc
from vedette.evidence.log import EvidenceLog
from vedette.evidence.offline_verify import STAMP_SLACK_NS, TimeStamp
from vedette.evidence.time_stamps import KeptStamp, Question, find_newest, is_due, keep_stamp, make_question
from vedette.runtime.clock import Clock
from vedette.runtime.settings import TimeStampAuthority

MOST_SILENT = 3
_FIRST_RETRY_S, _LAST_RETRY_S = 60, 3600
_MOST_PEM_BYTES = 1 << 20
_NONCE_BITS = 63
_Found = TypeVar("_Found")
Request = Callable[[str, bytes, bytes], Awaitable[bytes]]


class OnLog(Protocol):
    """Runs something on the open log, in its thread."""

    async def __call__(self, work: Callable[[EvidenceLog], _Found], /) -> _Found: ...


@dataclass(slots=True)
class _Seat:
    """One authority. `kept`: its newest stamp; `off_ns`: our clock less its."""

    asked: TimeStampAuthority
    is_read: bool = False
    kept: KeptStamp | None = None
    failures: int = 0
    reason: str = ""
    is_refused: bool = False
    retry_at_ns: int = 0
    off_ns: int = 0

    @property
    def host(self) -> str:
        return urlsplit(self.asked.url).hostname or "?"


class NotaryStamps:
    """The time-stamping authorities of one log. `evidence` is the folder of the log."""

    def __init__(
        self, asked: Sequence[TimeStampAuthority], every_s: int, evidence: Path, request: Request, clock: Clock
    ) -> None:
        self._seats = [_Seat(one) for one in asked]
        self._every_ns = every_s * NS_PER_S
        self._evidence = evidence
        self._request = request
        self._clock = clock

    @property
    def is_empty(self) -> bool:
        return not self._seats

    @property
    def problems(self) -> list[str]:
        """What the health page must say."""
        told = [
            f"no time stamp from {seat.host} ({seat.failures} tries): {seat.reason}"
            for seat in self._seats
            if seat.is_refused or seat.failures >= MOST_SILENT
        ]
        return told + [
            f"the clock differs from that of {seat.host} by {seat.off_ns // NS_PER_S:+} s"
            for seat in self._seats
            if abs(seat.off_ns) > STAMP_SLACK_NS
        ]

    def describe(self) -> list[str]:
        """One line each, for `GET /evidence`."""
        return [f"{seat.host}: {_describe(seat.kept)}" for seat in self._seats]

    async def stamp(self, on_log: OnLog) -> None:
        """Asks those whose time it is, all at once: a slow one holds up no other."""
        async with asyncio.TaskGroup() as tasks:
            for seat in self._seats:
                tasks.create_task(self._try(seat, on_log))

    async def _try(self, seat: _Seat, on_log: OnLog) -> None:
        if not seat.is_read:
            seat.kept = await asyncio.to_thread(find_newest, self._evidence, seat.asked.url)
            seat.is_read = True
        if not self._is_time(seat):
            return
        try:
            question = await on_log(partial(_ask, seat=seat))
        except VedetteError:
            return  # the log itself does not hold: that is told where it is found
        if question is None:
            return
        try:
            await self._stamp(seat, question)
        except (VedetteError, OSError) as error:
            seat.failures, seat.reason = seat.failures + 1, str(error)[:200]
            seat.is_refused = isinstance(error, TimeStampRefusedError)
            wait_s = min(_LAST_RETRY_S, _FIRST_RETRY_S << min(seat.failures - 1, 10))
            seat.retry_at_ns = self._clock.mono_ns() + wait_s * NS_PER_S

    def _is_time(self, seat: _Seat) -> bool:
        if self._clock.mono_ns() < seat.retry_at_ns:
            return False
        return seat.kept is None or is_due(self._clock.utc_ns(), seat.kept.asked_at_ns, self._every_ns)

    async def _stamp(self, seat: _Seat, question: Question) -> None:
        pinned = await asyncio.to_thread(_read_pinned, seat.asked.certificates)
        asked_at_ns = self._clock.utc_ns()
        response = await self._request(seat.asked.url, question.body, pinned)
        taken = partial(check_answer, response, question, pinned, seat.asked.policy)
        stamp: TimeStamp = await asyncio.to_thread(taken)
        await asyncio.to_thread(keep_stamp, self._evidence, seat.asked.url, question, response, asked_at_ns)
        seat.kept = KeptStamp(question.size, asked_at_ns, stamp)
        seat.off_ns = asked_at_ns - stamp.at_ns
        seat.failures, seat.reason, seat.is_refused, seat.retry_at_ns = 0, "", False, 0


def _ask(log: EvidenceLog, seat: _Seat) -> Question | None:
    """The next question; None when everything that there is was stamped."""
    if log.size == 0 or (seat.kept is not None and seat.kept.size == log.size):
        return None
    nonce = secrets.randbits(_NONCE_BITS)
    return make_question(log.size, log.format_site_head(log.size), nonce, seat.asked.policy)


def _read_pinned(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_MOST_PEM_BYTES)
    except OSError as exc:
        raise UnavailableError(f"the certificates in {path} cannot be read: {exc.strerror}") from exc


def _describe(kept: KeptStamp | None) -> str:
    if kept is None:
        return "nothing stamped yet"
    stamp = kept.stamp
    told = f"{kept.size} entries stamped at {format_utc(stamp.at_ns)} by {stamp.name}"
    return f"{told}, certificate {stamp.fingerprint}"
