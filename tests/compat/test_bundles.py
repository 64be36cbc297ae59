"""Bundles of 28 and 29 November 2026 must be valid for ever: by the program of now, and by the one inside.

`1.zip` has stored footage of two cameras, `2-masked.zip` one of them as a masked copy (contents of version 2); both
are signed with Ed25519 alone. The log of `3-signed-twice.zip` was, before its key was changed to one with ML-DSA-44.
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
    "3-signed-twice.zip": "f6aff082484c8ba9fcc5c5dd06f60694bdc2c9ba347c64eaeb332e15a8d7fbd9",
}


@pytest.mark.parametrize("name", BUNDLES)
def test_old_bundle_is_valid_by_the_program_of_now(name: str) -> None:
    verifier = verify(str(FOLDER / name), [BUNDLES[name]])
    assert (verifier.verdict, verifier.faults) == (VALID, [])
    assert len(verifier.segments) + len(verifier.originals) == 7
    assert len(verifier.masked) == (2 if "masked" in name else 0)
    assert len(verifier.signatures) == (2 if "twice" in name else 1)


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


def test_older_fingerprint_is_good_for_a_log_that_signs_twice_since() -> None:
    fingerprint = "797f4ba02768783555023b6fa4abd058af7cca8a898fdd24ece5530c8ebe4ee2"
    assert verify(str(FOLDER / "3-signed-twice.zip"), [fingerprint]).verdict == VALID


def test_one_changed_byte_of_an_old_bundle_is_found(tmp_path: Path) -> None:
    for name, fingerprint in BUNDLES.items():
        data = bytearray((FOLDER / name).read_bytes())
        data[data.index(b"proofs/") + 200] ^= 1
        (tmp_path / name).write_bytes(data)
        assert verify(str(tmp_path / name), [fingerprint]).verdict == INVALID
