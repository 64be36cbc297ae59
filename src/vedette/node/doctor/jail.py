"""Which layers of the jail this machine gives, found by locking a child in."""

import json
import subprocess
import sys
from dataclasses import asdict

from vedette.node.doctor.findings import Finding, bad, good, warning
from vedette.runtime.jail import Jail

_TIMEOUT_S = 20.0


def check_jail() -> Finding:
    """Starts a child that locks itself in as a vision worker does, and reads what held."""
    try:
        child = subprocess.run(
            [sys.executable, "-m", "vedette.node.doctor.jail"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
        report = json.loads(child.stdout)
    except (OSError, subprocess.TimeoutExpired, ValueError) as exc:
        return bad("jail", f"a child could not be locked in: {exc}", "Decoders would run without a jail here.")
    figures = {"landlock_abi": report["landlock_abi"], **report["layers"]}
    if report["state"] == "holds":
        return good("jail", report["detail"], **figures)
    advice = "Use a kernel with Landlock and seccomp (Linux 5.13 or newer; containers must not block the system calls)."
    make = bad if report["state"] == "absent" else warning
    return make("jail", report["detail"], advice, **figures)


def _lock_in_and_report() -> None:
    jail = Jail()
    jail.confine_files()
    report = jail.lock()
    document = {**asdict(report), "state": report.state, "detail": report.detail}
    sys.stdout.write(json.dumps(document))
    sys.stdout.flush()


if __name__ == "__main__":
    _lock_in_and_report()
