"""Nobody takes out more footage on a day than he may, whichever way it leaves and however many ways at once."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from vedette.adapters.database import Database
from vedette.adapters.database_storage import SqlExportUsage
from vedette.core.errors import VedetteError
from vedette.identity.export_limits import (
    ExportAllowance,
    ExportLimitError,
    ExportLimits,
    PurposeRequiredError,
    check_purpose,
)
from vedette.identity.permissions import Caller, Credential, Role, local_administrator
from vedette.testing.clock import SimulatedClock

ANNA = Caller("u1", "anna", Role.MONITOR, "en", frozenset(), Credential.SESSION, "192.0.2.7")
BERT = replace(ANNA, user_id="u2", name="bert")
TWO = ExportAllowance(jobs=2, size_bytes=100)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with Database(tmp_path / "v.db") as opened:
        yield opened


def make(database: Database) -> tuple[ExportLimits, SimulatedClock]:
    clock = SimulatedClock()
    return ExportLimits(SqlExportUsage(database), clock, TWO), clock


async def test_jobs_of_a_day_are_counted_per_user_over_all_credentials(database: Database) -> None:
    limits, _ = make(database)
    await limits.check_and_count(ANNA)
    await limits.check_and_count(replace(ANNA, credential=Credential.TOKEN, key="k"))
    with pytest.raises(ExportLimitError, match="2 exports a day"):
        await limits.check_and_count(ANNA)
    await limits.check_and_count(BERT)
    await limits.check_and_count(local_administrator("local"))


async def test_refused_export_counts_nothing_and_bytes_run_out_on_their_own(database: Database) -> None:
    limits, _ = make(database)
    with pytest.raises(ExportLimitError):
        await limits.check_and_count(ANNA, size_bytes=101)
    await limits.check_and_count(ANNA, size_bytes=90)
    with pytest.raises(ExportLimitError):
        await limits.check_and_count(ANNA, jobs=0, size_bytes=11)
    await limits.check_and_count(ANNA, jobs=0, size_bytes=10)


async def test_next_day_begins_anew_and_a_restart_does_not(database: Database) -> None:
    limits, clock = make(database)
    await limits.check_and_count(ANNA, jobs=2)
    with pytest.raises(ExportLimitError) as refused:
        await make(database)[0].check_and_count(ANNA)
    assert 0 < refused.value.retry_after_s <= 86_400
    await clock.advance(refused.value.retry_after_s + 1)
    await limits.check_and_count(ANNA)


async def test_many_exports_at_once_share_one_allowance(database: Database) -> None:
    limits, _ = make(database)
    results = await asyncio.gather(*(limits.check_and_count(ANNA) for _ in range(20)), return_exceptions=True)
    assert sum(isinstance(result, VedetteError) for result in results) == 18


def test_people_give_a_purpose_and_programs_may() -> None:
    assert check_purpose(ANNA, "  theft ") == "theft"
    for caller in (ANNA, local_administrator("local")):
        with pytest.raises(PurposeRequiredError):
            check_purpose(caller, " \t")
    assert check_purpose(replace(ANNA, credential=Credential.TOKEN), "") == ""
