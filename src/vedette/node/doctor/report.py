"""Runs all checks and prints them."""

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict

from vedette.node.doctor.backups import check_backups
from vedette.node.doctor.detector import check_detector
from vedette.node.doctor.findings import Finding, FindingState
from vedette.node.doctor.jail import check_jail
from vedette.node.doctor.machine import check_clock, check_memory, check_parts, check_port, check_processor
from vedette.node.doctor.speed import check_decode, check_inference
from vedette.node.doctor.storage import check_disk
from vedette.runtime.clock import SystemClock
from vedette.runtime.settings import NodeSettings

_MARKS = {FindingState.GOOD: "ok  ", FindingState.WARNING: "warn", FindingState.BAD: "BAD "}


def examine(settings: NodeSettings) -> Iterator[Finding]:
    """Yields the findings one by one, so that a person sees progress."""
    clock = SystemClock()
    checks: tuple[Callable[[], Finding], ...] = (
        check_processor,
        check_memory,
        check_clock,
        lambda: check_port(settings.host, settings.port),
        lambda: check_disk(settings.data, clock),
        lambda: check_backups(settings.paths, clock),
        check_jail,
        lambda: check_decode(clock),
        lambda: check_inference(settings.paths.models, clock),
        lambda: check_detector(settings, clock),
    )
    yield from check_parts()
    for check in checks:
        yield check()


def run(settings: NodeSettings, *, as_json: bool) -> int:
    """Prints the report. Returns 1 when something is bad, else 0."""
    findings = []
    for finding in examine(settings):
        findings.append(finding)
        if not as_json:
            advice = f"\n       -> {finding.advice}" if finding.advice else ""
            sys.stdout.write(f"{_MARKS[finding.state]} {finding.check:10} {finding.summary}{advice}\n")
            sys.stdout.flush()
    worst_is_bad = any(finding.state is FindingState.BAD for finding in findings)
    if as_json:
        document = {"ok": not worst_is_bad, "findings": [asdict(finding) for finding in findings]}
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
    return int(worst_is_bad)
