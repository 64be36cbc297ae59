"""`vedette doctor` measures this machine and says what to do about what it lacks."""

import json
import socket
import subprocess
import sys
from pathlib import Path

import msgspec

from vedette.core.assignment import AnalyzerAssignment, CameraAnalysis
from vedette.core.media import StreamRole
from vedette.core.time import format_utc
from vedette.node.analyzer_assignment import save_assignment
from vedette.node.analyzer_costs import CostShelf, load_costs
from vedette.node.backup import BackupReport, note_last
from vedette.node.doctor.backups import check_backups
from vedette.node.doctor.detector import check_detector
from vedette.node.doctor.findings import FindingState
from vedette.node.doctor.machine import check_native, check_port, check_python
from vedette.node.doctor.speed import check_inference
from vedette.node.doctor.storage import check_disk
from vedette.runtime.clock import SystemClock
from vedette.runtime.paths import NodePaths
from vedette.runtime.settings import NodeSettings
from vedette.testing.clock import SimulatedClock
from vedette.vision.models.costs import ModelCost
from vedette.vision.models.registry import ModelRegistry


def test_report_is_one_json_object_and_every_fault_has_advice(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "vedette", "doctor", "--json", "--data", str(tmp_path / "new")],
        capture_output=True,
        timeout=120,
        check=False,
    )
    report = json.loads(done.stdout)
    by_check = {finding["check"]: finding for finding in report["findings"]}
    assert {
        "processor",
        "memory",
        "clock",
        "port",
        "disk",
        "backups",
        "jail",
        "decode",
        "inference",
        "detector",
    } <= by_check.keys()
    assert by_check["disk"]["figures"]["write_mbps"] > 0
    assert by_check["decode"]["figures"]["fps_per_core"] > 0
    assert all(finding["advice"] for finding in report["findings"] if finding["state"] != "good")
    assert done.returncode == (0 if report["ok"] else 1)
    assert not list(tmp_path.iterdir())


def test_port_in_use_is_found_and_the_option_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        finding = check_port("127.0.0.1", taken.getsockname()[1])
    assert finding.state is FindingState.WARNING
    assert "--port" in finding.advice


def test_disk_that_cannot_be_written_is_bad() -> None:
    finding = check_disk(Path("/proc/vedette"), SystemClock())
    assert finding.state is FindingState.BAD
    assert "--data" in finding.advice


def test_without_a_download_the_embedded_detector_is_timed_and_the_way_to_a_better_one_said(tmp_path: Path) -> None:
    finding = check_inference(tmp_path, SystemClock())
    assert finding.state is FindingState.GOOD
    assert finding.figures["model"] in {"detector", "detector-int8"}
    assert "vedette models pull standard" in finding.summary


def test_detector_is_told_as_the_analyzer_would_choose_it_and_too_many_streams_are_a_warning(tmp_path: Path) -> None:
    settings, clock = NodeSettings(tmp_path), SystemClock()
    before = check_detector(settings, clock)
    assert before.state is FindingState.GOOD
    assert "unmeasured" in before.summary
    installed = CostShelf(settings.paths.model_costs, ModelRegistry(tmp_path), clock).list_installed()
    costs = [ModelCost(str(one.model), one.release, 40.0) for one in installed]
    costs[-1] = ModelCost(costs[-1].model, costs[-1].release, 30.0)
    measured = load_costs(settings.paths.model_costs).add(1.0, "2026-01-01T00:00:00Z", costs)
    settings.paths.model_costs.parent.mkdir()
    settings.paths.model_costs.write_bytes(msgspec.json.encode(measured))
    assert "(fits)" in check_detector(settings, clock).summary
    cameras = tuple(CameraAnalysis(f"{n}", f"{n}", StreamRole.SUB, fps=15.0) for n in range(64))
    save_assignment(settings.paths.assignment("analyzer"), AnalyzerAssignment(1, cameras))
    finding = check_detector(settings, clock)
    assert finding.state is FindingState.WARNING
    assert f"{costs[-1].model} (cheapest)" in finding.summary
    assert finding.figures[f"cost_ms {costs[0].model}"] == 40.0


def test_python_built_without_optimisation_is_said_and_a_distribution_s_is_not() -> None:
    plain = check_python("/home/ann/.pyenv/versions/3.11.7", "'--enable-shared'")
    assert plain.state is FindingState.WARNING
    assert "/home/ann/.pyenv/versions/3.11.7" in plain.summary
    assert "make setup" in plain.advice
    assert check_python("/opt/python", "'--enable-shared' '--enable-optimizations'").state is FindingState.GOOD
    assert check_python("/usr", "'--enable-shared' '--without-ensurepip'").state is FindingState.GOOD


def test_recorder_that_runs_from_the_sources_is_a_warning_that_names_the_packages() -> None:
    finding = check_native(is_there=False)
    assert finding.state is FindingState.WARNING
    assert "gcc python3-dev" in finding.advice
    assert check_native(is_there=True).state is FindingState.GOOD


async def test_a_house_without_a_backup_is_told_and_one_with_an_old_one(tmp_path: Path) -> None:
    paths, clock = NodePaths(tmp_path), SimulatedClock()
    assert check_backups(paths, clock).state is FindingState.GOOD, "nothing is there that would be lost"
    paths.prepare()
    paths.database.touch()
    assert check_backups(paths, clock).state is FindingState.WARNING
    note_last(paths, BackupReport(format_utc(clock.utc_ns())))
    assert check_backups(paths, clock).state is FindingState.GOOD
    await clock.advance(8 * 86_400)
    old = check_backups(paths, clock)
    assert (old.state, old.figures) == (FindingState.WARNING, {"days": 8})
    paths.last_backup.write_text("{}")
    assert "ever" in check_backups(paths, clock).summary
