"""Submits each new checkpoint to the witnesses of the settings file. Logging and signing never wait for it.

A witness answers 409 with the size it knows: the next request begins there. A size that this log never had means
that the log was put back to an older copy, or that another log runs under its name; that is told on the health page
at once, silence after five rounds. Design: docs/design/evidence.md.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeVar

from vedette.adapters.witness_client import WitnessSilentError
from vedette.core.errors import VedetteError
from vedette.evidence.log import EvidenceLog
from vedette.evidence.offline_verify import WrongForm, parse_witness_key
from vedette.evidence.witnessing import find_witnessed_size, keep_cosignature, make_submission

MOST_SILENT = 5
_MOST_TRIES = 2
_Found = TypeVar("_Found")
_Request = tuple[int, str, bytes]
Send = Callable[[str, bytes], Awaitable[tuple[int, str]]]


class OnLog(Protocol):
    """Runs something on the open log, in its thread."""

    async def __call__(self, work: Callable[[EvidenceLog], _Found], /) -> _Found: ...


@dataclass(slots=True)
class _Seat:
    """One witness. `size`: what it signed last, as far as is known; `refused`: why it will not sign, else empty."""

    url: str
    key: tuple[str, bytes]
    size: int = -1
    silent: int = 0
    reason: str = ""
    refused: str = ""


class NotaryWitnesses:
    """The witnesses of one log."""

    def __init__(self, named: Sequence[tuple[str, str]], send: Send) -> None:
        # One key is one witness: two seats for it would write the same file, and count its silence twice.
        self._seats = [_Seat(url, key) for key, url in {parse_witness_key(key): url for url, key in named}.items()]
        self._send = send

    @property
    def problems(self) -> list[str]:
        """What the health page must say."""
        told = [f"witness {seat.key[0]}: {seat.refused}" for seat in self._seats if seat.refused]
        return told + [
            f"witness {seat.key[0]} signed nothing for {seat.silent} rounds: {seat.reason}"
            for seat in self._seats
            if seat.silent > MOST_SILENT and not seat.refused
        ]

    def describe(self) -> list[str]:
        """One line each, for `GET /evidence`."""
        return [f"{seat.key[0]}: {max(seat.size, 0)} entries signed" for seat in self._seats]

    @property
    def is_empty(self) -> bool:
        return not self._seats

    async def submit(self, on_log: OnLog) -> None:
        """One round, all witnesses at once: a silent one holds up no other."""
        async with asyncio.TaskGroup() as tasks:
            for seat in self._seats:
                tasks.create_task(self._try(seat, on_log))

    async def _try(self, seat: _Seat, on_log: OnLog) -> None:
        try:
            await self._submit(seat, on_log)
        except (VedetteError, WrongForm) as error:
            seat.silent, seat.reason = seat.silent + 1, str(error)[:200]

    async def _submit(self, seat: _Seat, on_log: OnLog) -> None:
        for _ in range(_MOST_TRIES):
            found: _Request | None = await on_log(lambda log: _prepare(log, seat))
            if found is None:
                return
            size, text, body = found
            status, answer = await self._send(seat.url, body)
            if status == 200:
                await on_log(partial(_keep, seat=seat, text=text, answer=answer))
                seat.size, seat.silent, seat.reason, seat.refused = size, 0, "", ""
                return
            known = re.fullmatch(r"(0|[1-9][0-9]{0,17})\n?", answer)
            if status == 422:
                seat.refused = f"it signed another log than this one (with {seat.size} entries)"
                raise WitnessSilentError(seat.refused)
            if status == 403:
                raise WitnessSilentError("it does not know the present key of this log (`vedette status --json`)")
            if status != 409 or known is None:
                raise WitnessSilentError(f"it answers {status}")
            if int(known[1]) > size or int(known[1]) == seat.size:
                seat.refused = f"it knows another log than this one ({known[1]} entries, here {size})"
                raise WitnessSilentError(seat.refused)
            seat.size = int(known[1])
        raise WitnessSilentError("the size that it knows changes at every question")


def _prepare(log: EvidenceLog, seat: _Seat) -> _Request | None:
    """The next request; None when it has signed everything that there is."""
    kept = find_witnessed_size(log, seat.key)
    if seat.size < 0:
        seat.size = kept
    if log.size in {0, kept}:
        return None
    made = make_submission(log, seat.size)
    return made.size, made.text, made.body


def _keep(log: EvidenceLog, seat: _Seat, text: str, answer: str) -> None:
    keep_cosignature(log, seat.key, text, answer)
