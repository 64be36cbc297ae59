"""Hazards of `make bench` and `make evals`: a script that is left out without a word, a module that is run as one."""

import runpy
from pathlib import Path

import pytest

SCRIPT = runpy.run_path(str(Path(__file__).parents[3] / "scripts" / "measure.py"))
EVALS = {"colors", "detect", "faces", "plates", "reid", "search", "super_resolution", "track"}
BENCHMARKS = {"analyze", "enhance", "evidence", "kill", "live", "record", "search", "seek"}


@pytest.mark.parametrize(("package", "wanted"), [("evals", EVALS), ("benchmarks", BENCHMARKS)])
def test_every_script_with_figures_is_run_and_no_shared_module(package: str, wanted: set[str]) -> None:
    found = set(SCRIPT["find_scripts"](package))
    assert wanted <= found
    shared = {"__init__", "common", "simulate", "stepping", "search_data", "face_pairs", "plain_loop", "reid_protocol"}
    assert not found & shared


def test_a_section_is_replaced_and_the_rest_stays() -> None:
    page = SCRIPT["replace_section"]("# Page\n\nwords\n", "evals.x", "old\n")
    again = SCRIPT["replace_section"](page, "evals.x", "new\n")
    assert again == page.replace("old", "new")
    assert "words" in again
