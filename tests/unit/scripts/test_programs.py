"""Every benchmark and evaluation can be loaded: one that is rarely run must not rot."""

import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PROGRAMS = sorted(
    f"{folder}.{path.stem}" for folder in ("benchmarks", "evals") for path in (ROOT / folder).glob("*.py")
)
_NEED_THE_LAB = ("keras", "tensorflow", "nncf", "faiss")


@pytest.mark.parametrize("name", PROGRAMS)
def test_program_can_be_loaded(name: str) -> None:
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name not in _NEED_THE_LAB:
            raise
        pytest.skip(f"{error.name} comes with an extra that is not installed")
