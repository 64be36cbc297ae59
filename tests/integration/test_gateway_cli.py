"""The commands against a running gateway: what they print, where they keep a token, how they end."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.gateway_process import GatewayProcess, running_gateway

ADDRESS = "rtsp://127.0.0.1:9/1"


def vedette(tmp_path: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("VEDETTE_")}
    return subprocess.run(
        [sys.executable, "-m", "vedette", *arguments],
        env={**kept, "XDG_CONFIG_HOME": str(tmp_path / "config"), **environment},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def _check_cameras(tmp_path: Path, gateway: GatewayProcess) -> None:
    refused = vedette(tmp_path, "camera", "add", "Gate", "--main", ADDRESS)
    assert refused.returncode == 1
    assert "refuses the connection" in refused.stderr
    added = vedette(tmp_path, "camera", "add", "Gate", "--main", ADDRESS, "--no-test", "--json")
    assert added.returncode == 0, added.stderr
    assert json.loads(added.stdout)["name"] == "Gate"
    listed = json.loads(vedette(tmp_path, "camera", "list", "--json").stdout)
    assert [camera["name"] for camera in listed["cameras"]] == ["Gate"]
    tested = vedette(tmp_path, "camera", "test", "gate", "--json")
    assert tested.returncode == 1
    assert json.loads(tested.stdout)["error"]["code"] == "connection_refused"
    sheet = tmp_path / "cameras.xlsx"
    assert vedette(tmp_path, "camera", "export", str(sheet)).returncode == 0
    imported = vedette(tmp_path, "camera", "import", str(sheet), "--json")
    assert json.loads(imported.stdout)["imported"] is True
    recordings = json.loads(vedette(tmp_path, "recordings", "--camera", "Gate", "--json").stdout)
    assert recordings == {"runs": [], "gaps": [], "signing": []}
    assert vedette(tmp_path, "recordings", "--camera", "Gone").returncode == 1
    _check_plan(tmp_path)
    _check_privacy(tmp_path)
    _check_motion(tmp_path)
    _check_holds(tmp_path)
    _check_erase(tmp_path)
    _check_watchlists(tmp_path)
    assert vedette(tmp_path, "camera", "remove", "Gate").returncode == 0


def _check_plan(tmp_path: Path) -> None:
    shown = vedette(tmp_path, "camera", "plan", "gate", "--json")
    assert json.loads(shown.stdout)["mode"] == "continuous"
    spans = ("--span", "mon-fri,sun 08:00-18:00 continuous", "--timezone", "Asia/Ho_Chi_Minh")
    terms = ("--retention", "motion:30:90", "--retention", "continuous:7:30", "--volume", "main")
    done = vedette(tmp_path, "camera", "plan", "Gate", "--mode", "motion", *spans, *terms, "--pre", "8", "--json")
    assert done.returncode == 0, done.stderr
    plan = json.loads(done.stdout)
    assert (plan["mode"], plan["pre_s"], plan["post_s"], plan["volumes"]) == ("motion", 8, 10, ["main"])
    assert plan["calendar"] == [{"days": [0, 1, 2, 3, 4, 6], "from": "08:00", "to": "18:00", "mode": "continuous"}]
    kept = json.loads(vedette(tmp_path, "camera", "plan", "Gate", "--retention", "motion:0:0", "--json").stdout)
    assert kept["retention"] == [{"mode": "continuous", "min_days": 7, "max_days": 30}]
    assert kept["calendar"] == plan["calendar"]
    table = vedette(tmp_path, "camera", "plan", "Gate").stdout
    assert "mon,tue,wed,thu,fri,sun 08:00-18:00 continuous" in table
    for wrong in (("--retention", "motion"), ("--mode", "sometimes"), ("--span", "mondays 8-9 motion")):
        assert vedette(tmp_path, "camera", "plan", "Gate", *wrong).returncode == 2, wrong
    mars = vedette(tmp_path, "camera", "plan", "Gate", "--timezone", "Mars/Olympus")
    assert mars.returncode == 1
    assert "IANA" in mars.stderr


def _check_watchlists(tmp_path: Path) -> None:
    kind = ("--kind", "permitted", "--purpose", "residents", "--camera", "gate", "--alarm-unlisted")
    made = vedette(tmp_path, "watchlist", "add", "Yard", *kind, "--json")
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)["alarm_unlisted"] is True
    entry = ("--plate", "51F-123.45", "--colour", "red", "--reason", "flat 3", "--to", "2030-01-01T00:00:00Z")
    added = vedette(tmp_path, "watchlist", "add", "yard", *entry, "--json")
    assert json.loads(added.stdout)["plate"] == "51F12345", added.stderr
    for wrong in ((), ("--kind", "wanted", "--plate", "51F1"), ("--plate", "51F1", "--from", "yesterday")):
        assert vedette(tmp_path, "watchlist", "add", "Yard", *wrong).returncode == 2, wrong
    assert vedette(tmp_path, "watchlist", "add", "Yard", "--plate", "##", "--reason", "x").returncode == 1
    sheet = tmp_path / "yard.csv"
    assert vedette(tmp_path, "watchlist", "export", "Yard", str(sheet)).returncode == 0
    sheet.write_text(sheet.read_text("utf-8") + "30A*,,,2026-12-01,2026-12-31,guests,,\n", "utf-8")
    zone = ("--timezone", "Asia/Ho_Chi_Minh", "--json")
    done = json.loads(vedette(tmp_path, "watchlist", "import", "Yard", str(sheet), *zone).stdout)
    assert done == {"added": 1, "changed": 0, "removed": 0, "unchanged": 1}
    entries = json.loads(vedette(tmp_path, "watchlist", "list", "Yard", "--json").stdout)["entries"]
    assert [item["plate"] for item in entries] == ["30A*", "51F12345"]
    assert entries[0]["to"] == "2026-12-31T17:00:00.000000Z"
    sheet.write_text("plate,reason\n##,x\n", "utf-8")
    refused = vedette(tmp_path, "watchlist", "import", "Yard", str(sheet))
    assert refused.returncode == 1
    assert "rows.2.plate" in refused.stderr
    assert vedette(tmp_path, "watchlist", "remove", "Yard", "--plate", "51f 123.45").returncode == 0
    assert "30A*" in vedette(tmp_path, "watchlist", "list", "Yard").stdout
    assert vedette(tmp_path, "watchlist", "remove", "Yard").returncode == 0
    assert json.loads(vedette(tmp_path, "watchlist", "list", "--json").stdout) == {"watchlists": []}
    assert vedette(tmp_path, "watchlist", "list", "Yard").returncode == 1


def _check_privacy(tmp_path: Path) -> None:
    assert json.loads(vedette(tmp_path, "camera", "privacy", "Gate", "--json").stdout) == {"zones": []}
    file = tmp_path / "zones.json"
    file.write_text('{"zones": [{"name": "Window", "polygon": [[0.1, 0.1], [0.5, 0.1], [0.5, 0.5]]}]}')
    done = vedette(tmp_path, "camera", "privacy", "gate", "--zones", str(file), "--json")
    assert done.returncode == 0, done.stderr
    file.write_text(done.stdout)  # what --json prints can be sent back
    assert "Window  0.100,0.100 0.500,0.100" in vedette(tmp_path, "camera", "privacy", "Gate", "--zones", file).stdout
    file.write_text('{"zones": [{"name": "Window", "polygon": [[0.1, 0.1], [0.5, 2]]}]}')
    wrong = vedette(tmp_path, "camera", "privacy", "Gate", "--zones", str(file))
    assert wrong.returncode == 1
    assert "points" in wrong.stderr
    file.write_text("Window")
    assert vedette(tmp_path, "camera", "privacy", "Gate", "--zones", str(file)).returncode == 2


def _check_motion(tmp_path: Path) -> None:
    drawn = ("--exclude", "Trees=0,0 0.4,0 0.4,0.3", "--exclude", "0.9,0.9 1,0.9 1,1", "--sensitivity", "high")
    done = vedette(tmp_path, "camera", "motion", "gate", *drawn, "--json")
    assert done.returncode == 0, done.stderr
    shown = json.loads(done.stdout)
    assert [(zone["name"], zone["kind"]) for zone in shown["zones"]] == [("Trees", "exclude"), ("exclude 2", "exclude")]
    table = vedette(tmp_path, "camera", "motion", "Gate", "--sensitivity", "low").stdout
    assert "Trees" in table
    assert "low" in table
    assert json.loads(vedette(tmp_path, "camera", "motion", "Gate", "--json").stdout)["zones"] == shown["zones"]
    for wrong in (("--exclude", "0,0 1"), ("--exclude", "here"), ("--no-zones", *drawn), ("--sensitivity", "0.5")):
        assert vedette(tmp_path, "camera", "motion", "Gate", *wrong).returncode == 2, wrong
    everything = vedette(tmp_path, "camera", "motion", "Gate", "--exclude", "0,0 1,0 1,1 0,1")
    assert everything.returncode == 1
    assert "in which motion counts" in everything.stderr
    cleared = json.loads(vedette(tmp_path, "camera", "motion", "Gate", "--no-zones", "--json").stdout)
    assert cleared == {"sensitivity": "low", "zones": []}


def _check_erase(tmp_path: Path) -> None:
    """No recorder runs here: an order is kept and waits for its volume."""
    span = ("--camera", "Gate", "--day", "2026-01-02")
    assert vedette(tmp_path, "erase", *span).returncode == 2
    assert vedette(tmp_path, "erase", *span, "--all-cameras", "--reason", "why").returncode == 2
    assert vedette(tmp_path, "erase", *span, "--from", "2026-01-02T00:00:00Z", "--dry-run").returncode == 2
    shown = vedette(tmp_path, "erase", *span, "--dry-run", "--json")
    assert shown.returncode == 0, shown.stderr
    plan = json.loads(shown.stdout)
    assert (plan["from"][:10], plan["to"][:10], plan["segments"]) == ("2026-01-02", "2026-01-03", 0)
    refused = vedette(tmp_path, "erase", *span, "--reason", "a request")  # nobody there to say yes
    assert refused.returncode == 1
    ordered = vedette(tmp_path, "erase", *span, "--reason", "a request", "--yes", "--json")
    assert ordered.returncode == 0, ordered.stderr
    assert (json.loads(ordered.stdout)["state"], json.loads(ordered.stdout)["waits_for"]) == ("waits", "main")


def _check_holds(tmp_path: Path) -> None:
    span = ("--from", "2026-01-01T00:00:00Z", "--to", "2026-01-02T00:00:00+07:00")
    made = vedette(tmp_path, "hold", "add", "--camera", "Gate", *span, "--reason", "theft", "--json")
    assert made.returncode == 0, made.stderr
    hold = json.loads(made.stdout)
    listed = json.loads(vedette(tmp_path, "hold", "list", "--camera", "gate", "--json").stdout)["holds"]
    assert [one["id"] for one in listed] == [hold["id"]]
    assert vedette(tmp_path, "hold", "release", hold["id"]).returncode == 2
    assert vedette(tmp_path, "hold", "release", hold["id"], "--reason", "closed").returncode == 0
    assert vedette(tmp_path, "hold", "release", hold["id"], "--reason", "closed").returncode == 1
    assert json.loads(vedette(tmp_path, "hold", "list", "--json").stdout) == {"holds": []}
    assert "released by admin: closed" in vedette(tmp_path, "hold", "list", "--released").stdout
    ledger = vedette(tmp_path, "ledger", "--camera", "Gate", *span, "--json")
    assert ledger.returncode == 0, ledger.stderr
    assert json.loads(ledger.stdout)["cameras"] == []
    assert vedette(tmp_path, "ledger", "--camera", "Gate").returncode == 2


def _check_others(tmp_path: Path, gateway: GatewayProcess) -> None:
    weakened = json.loads(vedette(tmp_path, "events", "--json").stdout)["events"]
    assert {event["kind"] for event in weakened} == {"protection_reduced"}
    assert vedette(tmp_path, "events", "--from", "yesterday").returncode == 2
    nonsense = vedette(tmp_path, "events", "--kind", "nonsense")
    assert (nonsense.returncode, "volume_full" in nonsense.stderr) == (1, True)
    assert vedette(tmp_path, "events", "--kind", "nonsense", "--follow").returncode == 1
    assert json.loads(vedette(tmp_path, "events", "--kind", "volume_full", "--json").stdout) == {"events": []}
    added = vedette(tmp_path, "volumes", "add", "archive", str(tmp_path / "archive"), "--max-gb", "1.5", "--json")
    assert json.loads(added.stdout)["max_bytes"] == 1_500_000_000
    assert vedette(tmp_path, "volumes", "add", "Archive", "/srv/other").returncode == 1
    volumes = json.loads(vedette(tmp_path, "volumes", "list", "--json").stdout)["volumes"]
    assert [(one["name"], one["state"]) for one in volumes] == [("main", "unknown"), ("archive", "unknown")]
    assert vedette(tmp_path, "volumes", "remove", "archive").returncode == 0
    assert "main" in vedette(tmp_path, "volumes", "list").stdout
    status = json.loads(vedette(tmp_path, "status", "--json").stdout)
    assert {one["role"] for one in status["processes"]} >= {"gateway", "recorder", "analyzer"}
    assert [(one["name"], one["held_bytes"], one["days_left"]) for one in status["volumes"]] == [("main", 0, None)]
    made = vedette(tmp_path, "user", "add", "anna", "--role", "guard")
    assert made.returncode == 0
    assert len(made.stdout.strip()) >= 20
    taken = vedette(tmp_path, "user", "add", "Anna", "--role", "guard")
    assert taken.returncode == 1
    assert "already" in taken.stderr
    users = json.loads(vedette(tmp_path, "user", "list", "--json").stdout)["users"]
    assert [user["name"] for user in users] == ["admin", "anna"]
    audit = vedette(tmp_path, "audit", "export", "--action", "user.").stdout.splitlines()
    assert audit[0].startswith("id,at,user,action")
    assert len(audit) == 3


async def test_commands_with_a_kept_login(tmp_path: Path) -> None:
    import asyncio

    password = tmp_path / "pw"
    async with running_gateway(tmp_path / "d", "--first-password-file", str(password)) as gateway:
        login = ("login", "--url", gateway.url, "--user", "admin", "--password-file")
        (tmp_path / "wrong").write_text("wrong password\n")
        wrong = await asyncio.to_thread(vedette, tmp_path, *login, str(tmp_path / "wrong"))
        assert wrong.returncode == 1
        assert "wrong" in wrong.stderr
        done = await asyncio.to_thread(vedette, tmp_path, *login, str(password))
        assert done.returncode == 0, done.stderr
        kept = tmp_path / "config" / "vedette" / "login.json"
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
        assert password.read_text().strip() not in kept.read_text()
        await asyncio.to_thread(_check_cameras, tmp_path, gateway)
        await asyncio.to_thread(_check_others, tmp_path, gateway)
        saved = json.loads(kept.read_text())
        kept.unlink()
        by_environment = await asyncio.to_thread(
            vedette, tmp_path, "user", "list", VEDETTE_URL=saved["url"], VEDETTE_TOKEN=saved["token"]
        )
        assert by_environment.returncode == 0, by_environment.stderr
        by_socket = await asyncio.to_thread(vedette, tmp_path, "user", "list", "--data", str(gateway.data))
        assert by_socket.returncode == 0, by_socket.stderr


@pytest.mark.parametrize(
    ("arguments", "code"), [(("status",), 3), (("camera", "list"), 1), (("events", "--follow"), 1)]
)
def test_without_a_system_commands_say_what_to_do(tmp_path: Path, arguments: tuple[str, ...], code: int) -> None:
    done = vedette(tmp_path, *arguments)
    assert done.returncode == code
    assert "vedette serve" in done.stderr
    assert done.stdout == ""


def test_address_that_is_no_vedette_is_said_so(tmp_path: Path) -> None:
    done = vedette(tmp_path, "camera", "list", VEDETTE_URL="http://127.0.0.1:9", VEDETTE_TOKEN="vdt_x")
    assert done.returncode == 1
    assert "does not answer" in done.stderr
    nonsense = vedette(tmp_path, "login", "--url", "10.0.0.5", "--user", "x", "--password-file", __file__)
    assert nonsense.returncode == 1
    assert "http://" in nonsense.stderr
