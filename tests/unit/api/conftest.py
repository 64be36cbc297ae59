"""A gateway per test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.gateway import Harness, open_gateway


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Harness]:
    async with open_gateway(tmp_path / "data") as harness:
        yield harness
