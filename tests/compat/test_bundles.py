"""Bundles of 28 November 2026 must be valid for ever: by the program of now, and by the one inside.

`1.zip` has stored footage of two cameras, `2-masked.zip` one of them as a masked copy (contents of version 2).
"""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from vedette.evidence.offline_verify import INVALID, VALID, verify

FOLDER = Path(__file__).parent / "bundles"
BUNDLES = {
    "1.zip": "3250dfe3363683abb853dae236a8f324cf2b1bd1ae3a760ff06f83ae53d93254",
    "2-masked.zip": "7f4e0e730088aceb505982d47513d11eb92d2d51f009f06849cd92b7a4865da9",
}


@pytest.mark.parametrize("name", BUNDLES)
def test_old_bundle_is_valid_by_the_program_of_now(name: str) -> None:
    verifier = verify(str(FOLDER / name), [BUNDLES[name]])
    assert (verifier.verdict, verifier.faults) == (VALID, [])
    assert len(verifier.segments) + len(verifier.originals) == 7
    assert len(verifier.masked) == (2 if "masked" in name else 0)


@pytest.mark.parametrize("name", BUNDLES)
def test_old_bundle_is_valid_by_the_program_inside(name: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(FOLDER / name) as archive:
        archive.extractall(tmp_path)
    command = [
        sys.executable,
        "-I",
        str(tmp_path / "verify.py"),
        str(FOLDER / name),
        "--trust",
        BUNDLES[name],
        "--json",
    ]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout
    assert json.loads(told.stdout)["verdict"] == "valid"


def test_one_changed_byte_of_an_old_bundle_is_found(tmp_path: Path) -> None:
    for name, fingerprint in BUNDLES.items():
        data = bytearray((FOLDER / name).read_bytes())
        data[data.index(b"proofs/") + 200] ^= 1
        (tmp_path / name).write_bytes(data)
        assert verify(str(tmp_path / name), [fingerprint]).verdict == INVALID
