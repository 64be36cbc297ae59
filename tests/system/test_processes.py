"""The roles as real processes: killed one by one they come back, and one Ctrl-C ends all."""

import json
import os
import signal
import socket
from pathlib import Path
from typing import Any

import pytest

from tests.support.box import Api, ApiError, free_port, running_box, vedette, wait_for

pytestmark = pytest.mark.system


def roles(api: Api) -> dict[str, dict[str, Any]]:
    return {process["role"]: process for process in api.get("/system")["processes"]}


def comes_back(api: Api, role: str, old_pid: int) -> bool:
    try:
        now = roles(api).get(role, {})
    except (ApiError, OSError):  # the gateway itself is the one that was killed
        return False
    return now.get("state") == "running" and now.get("pid") not in {0, None, old_pid}


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_every_role_comes_back_after_sigkill_and_one_sigint_ends_all() -> None:
    with running_box() as box:
        api = box.api()
        wait_for("all roles", lambda: {"recorder", "gateway", "analyzer"} <= roles(api).keys())
        for role in ("recorder", "analyzer", "gateway"):
            pid = roles(api)[role]["pid"]
            os.kill(pid, signal.SIGKILL)
            wait_for(f"{role} to come back", lambda role=role, pid=pid: comes_back(api, role, pid))
        pids = [process["pid"] for process in roles(api).values()]
        log = box.log
    assert box.process.returncode == 0, log()
    assert not [pid for pid in pids if is_alive(pid)]


def test_sigkill_of_the_supervisor_leaves_no_process_behind() -> None:
    with running_box() as box:
        api = box.api()
        pids = [process["pid"] for process in roles(api).values()]
        assert len(pids) >= 3
        box.process.kill()
        wait_for("the roles to end", lambda: not [pid for pid in pids if is_alive(pid)])


def test_second_start_on_the_same_data_is_refused_with_what_to_do() -> None:
    with running_box() as box:
        done = vedette("serve", "--data", str(box.data), "--port", str(free_port()))
    assert done.returncode == 1
    assert "another Vedette is running" in done.stderr
    assert "--data" in done.stderr


def test_port_in_use_is_said_with_what_to_do(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = vedette("serve", "--data", str(tmp_path), "--port", str(port))
    assert done.returncode == 1
    assert f"port {port}" in done.stderr
    assert "--port" in done.stderr


def test_unknown_key_in_the_settings_file_is_refused(tmp_path: Path) -> None:
    settings = tmp_path / "vedette.yaml"
    settings.write_text("prot: 8600\nhost: 127.0.0.1\n", encoding="utf-8")
    done = vedette("serve", "--config", str(settings), "--data", str(tmp_path / "var"))
    assert done.returncode == 1
    assert "unknown key 'prot'" in done.stderr


def test_first_password_is_written_for_the_owner_alone_and_not_printed() -> None:
    with running_box() as box:
        file = box.data / "first-password"
        assert file.stat().st_mode & 0o777 == 0o600
        assert box.first_password not in box.log()


def test_status_command_tells_the_same_as_the_api() -> None:
    with running_box() as box:
        done = vedette("status", "--json", env={**os.environ, "VEDETTE_DATA": str(box.data)})
        assert done.returncode == 0, done.stderr
        told = {process["role"] for process in json.loads(done.stdout)["processes"]}
        assert {"recorder", "gateway", "analyzer"} <= told
