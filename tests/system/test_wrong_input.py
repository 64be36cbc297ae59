"""Wrong input of every kind to a running system: each is answered by what is wrong and what to do, without secrets."""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.box import Api, ApiError, Box, running_box, vedette, wait_for
from tests.support.clips import make_clip
from tests.support.wrong_sources import wrong_sources

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]

SECRET = "s3cr3t-pa:ss@word"


@dataclass(frozen=True)
class Wrong:
    """A kind of wrong camera, the code that its error has, and a word that its hint must hold."""

    kind: str
    code: str
    advice: str


WRONG_CAMERAS = (
    Wrong("refused", "connection_refused", "port"),
    Wrong("silent", "no_answer", "firewall"),
    Wrong("locked", "wrong_password", "login"),
    Wrong("foreign", "unsupported_codec", "H.264"),
    Wrong("untrusted", "tls_untrusted", "update-ca-certificates"),
    Wrong("page", "not_rtsp", "554"),
    Wrong("garbage", "bad_stream", "firmware"),
)
KINDS = pytest.mark.parametrize("wrong", WRONG_CAMERAS, ids=lambda wrong: wrong.kind)


@pytest.fixture(scope="module")
def addresses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    with wrong_sources(tmp_path_factory.mktemp("sources"), ("viewer", "right")) as served:
        yield {**served, "refused": "rtsp://127.0.0.1:9/live"}


@pytest.fixture(scope="module")
def box(addresses: Mapping[str, str]) -> Iterator[Box]:
    with running_box() as box:
        api = box.api()
        for wrong in WRONG_CAMERAS:  # all at once: what they do is looked at one by one below
            api.post("/cameras?test=0", camera(wrong.kind, addresses[wrong.kind]))
        yield box
        assert SECRET not in box.log()


@pytest.fixture(scope="module")
def api(box: Box) -> Api:
    return box.api()


def camera(name: str, url: str) -> dict[str, Any]:
    return {"name": name, "main": {"url": url}, "user": "viewer", "password": SECRET, "record": "main"}


def command(box: Box, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return vedette(*arguments, env={**os.environ, "VEDETTE_DATA": str(box.data)})


def check_advice(done: "subprocess.CompletedProcess[str]", code: int, *words: str) -> None:
    """The exit code is right, nothing is on stdout, and stderr says these words and no traceback."""
    assert done.returncode == code, done.stderr
    assert not done.stdout
    assert "Traceback" not in done.stderr
    assert SECRET not in done.stderr
    for word in words:
        assert word in done.stderr


@KINDS
def test_wrong_camera_is_explained_by_the_live_test(api: Api, addresses: Mapping[str, str], wrong: Wrong) -> None:
    asked = {"url": addresses[wrong.kind], "user": "viewer", "password": SECRET}
    report = api.post("/cameras/test", asked)
    assert not report["ok"]
    assert report["error"]["code"] == wrong.code
    assert report["error"]["message"]
    assert wrong.advice in report["error"]["hint"]
    assert SECRET not in json.dumps(report)


@KINDS
def test_wrong_camera_shows_its_reason_in_its_live_state(api: Api, wrong: Wrong) -> None:
    def state() -> Any:
        found = api.get(f"/cameras?search={wrong.kind}")["items"][0]
        assert SECRET not in json.dumps(found)
        return found["live"]["main"] if found["live"]["main"]["code"] else None

    live = wait_for(f"the reason of {wrong.kind}", state)
    assert live["state"] == "offline"
    assert live["code"] == wrong.code
    assert live["reason"]
    assert wrong.advice in live["hint"]


def test_wrong_camera_is_not_added_when_it_is_tested_first(box: Box, api: Api, addresses: Mapping[str, str]) -> None:
    with pytest.raises(ApiError) as refused:
        api.post("/cameras?test=1", camera("untested", addresses["locked"]))
    assert refused.value.problem["code"] == "camera_test_failed"
    assert refused.value.problem["hint"]
    assert not api.get("/cameras?search=untested")["items"]
    check_advice(command(box, "camera", "add", "untested", "--main", addresses["page"]), 1, "instead of RTSP", "554")


def test_login_within_an_address_is_shown_nowhere(box: Box, api: Api) -> None:
    url = f"rtsp://viewer:{SECRET.replace('@', '%40')}@127.0.0.1:9/inside"
    added = api.post("/cameras?test=0", {"name": "inside", "main": {"url": url}, "record": "none"})
    assert added["main"]["url"] == "rtsp://127.0.0.1:9/inside"
    assert added["has_login"]
    told = command(box, "camera", "list", "--json").stdout + command(box, "status", "--json").stdout
    assert "s3cr3t" not in told
    assert "s3cr3t" not in vedette("probe", url, "--json").stdout
    assert b"s3cr3t" not in b"".join(
        path.read_bytes() for path in box.data.rglob("*") if path.is_file() and not path.is_symlink()
    )


def test_probe_tells_scripts_by_exit_code_and_one_object(addresses: Mapping[str, str]) -> None:
    done = vedette("probe", addresses["garbage"], "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["error"]["code"] == "bad_stream"
    unusable = vedette("probe", "nonsense", "--json")
    assert unusable.returncode == 2
    assert json.loads(unusable.stdout)["error"]["hint"]


def test_unknown_camera_name_says_which_there_are(box: Box) -> None:
    check_advice(command(box, "recordings", "--camera", "Nobody", "--json"), 1, "Nobody", "There are: foreign, garbage")


@pytest.mark.parametrize("name", ["recordings", "export"])
def test_time_without_offset_is_wrong_usage(box: Box, name: str) -> None:
    more = ("--to", "2026-11-21T11:00:00Z", "--out", "x.mp4", "--purpose", "test") if name == "export" else ()
    done = command(box, name, "--camera", "page", "--from", "2026-11-21T10:00:00", *more)
    check_advice(done, 2, "2026-11-21T10:15:39Z", "+07:00")


def test_time_without_offset_is_refused_by_the_api(api: Api) -> None:
    found = api.get("/cameras?search=page")["items"][0]["id"]
    with pytest.raises(ApiError) as refused:
        api.get(f"/cameras/{found}/recordings?from=2026-11-21T10:00:00")
    assert refused.value.status == 422
    assert refused.value.problem["errors"][0]["field"] == "from"


def test_file_that_is_no_sheet_says_where_to_get_one(box: Box, tmp_path: Path) -> None:
    sheet = tmp_path / "cameras.xlsx"
    sheet.write_bytes(b"PK\x03\x04 not really")
    before = command(box, "camera", "list", "--json").stdout
    check_advice(command(box, "camera", "import", str(sheet)), 1, "no .xlsx sheet", "Export the inventory")
    names = [entry["name"] for entry in json.loads(before)["cameras"]]
    assert [e["name"] for e in json.loads(command(box, "camera", "list", "--json").stdout)["cameras"]] == names


def test_better_models_are_named_with_the_command_that_gets_them(box: Box, tmp_path: Path) -> None:
    empty = {**os.environ, "VEDETTE_DATA": str(tmp_path), "VEDETTE_MODELS": ""}
    verified = vedette("models", "verify", env=empty)
    assert verified.returncode == 3
    assert "absent" in verified.stdout
    clip = make_clip(tmp_path, frames=10)
    analyzed = vedette("analyze", str(clip), "--out", str(tmp_path / "out"), "--json", env=empty)
    assert analyzed.returncode == 0, analyzed.stderr
    assert "vedette models pull standard" in analyzed.stderr
    assert json.loads(analyzed.stdout)["inputs"][0]["state"] == "done"
    control = next(one for one in box.api().get("/system")["controls"] if one["name"] == "model")
    assert control["state"] == "holds"
    assert "vedette models pull standard" in control["detail"]


def test_classes_that_the_chosen_detector_does_not_know_are_refused(tmp_path: Path) -> None:
    empty = {**os.environ, "VEDETTE_DATA": str(tmp_path), "VEDETTE_MODELS": ""}
    clip = make_clip(tmp_path, frames=10)
    asked = ("analyze", str(clip), "--out", str(tmp_path / "out"), "--classes", "person", "--detector", "motion")
    check_advice(vedette(*asked, env=empty), 1, "person", "--detector motion names nothing")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (
            b"version: 1\ncameras:\n  '*':\n    rules: [{id: a, kind: zone_enterd, zone: [[0, 0], [1, 0], [1, 1]]}]\n",
            ["zone_enterd"],
        ),
        (b"version: 1\nkameras: {}\n", ["kameras"]),
        (b"version: 1\ncameras: [\n", ["not valid"]),
        (b"\xff\xfe\x00binary", ["not valid"]),
    ],
    ids=["unknown kind", "unknown key", "no YAML", "no text"],
)
def test_bad_rules_file_is_refused_before_any_work(tmp_path: Path, content: bytes, words: list[str]) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_bytes(content)
    out = tmp_path / "out"
    done = vedette("analyze", str(make_clip(tmp_path, frames=5)), "--out", str(out), "--rules", str(rules))
    check_advice(done, 1, "rules.yaml", "docs/reference/rules.md", *words)
    assert not out.exists()
