"""Real media kept outside the repository. Tests that need it skip with a reason when it is absent."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("VEDETTE_SHARED", ROOT.parent / "shared"))


def shared_file(relative: str) -> Path:
    """Returns a file of the shared media folder, or skips the test."""
    path = SHARED / relative
    if not path.exists():
        pytest.skip(f"real media {relative} is absent (set VEDETTE_SHARED to a folder that has it)")
    return path
