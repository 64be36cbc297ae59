"""The lists of the settings file: each wrong entry is refused, all at once, before anything starts."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from vedette.cli.settings_file import read_settings_file
from vedette.cli.verify import command as verify
from vedette.core.errors import InvalidInputError
from vedette.runtime.settings import NodeSettings, TimeStampAuthority
from vedette.testing.small_bundles import DAY_S, SmallSite
from vedette.testing.time_stamp_authority import SimulatedAuthority

GOOD = {"url": "https://tsa.example.org/tsr", "certificates": "/etc/tsa.pem"}


def read(tmp_path: Path, **content: object) -> NodeSettings:
    """What the role would be started with."""
    path = tmp_path / "settings.yaml"
    path.write_text(json.dumps(content))
    return NodeSettings(**{"data": tmp_path} | read_settings_file(path))


def test_authorities_are_read_and_nobody_is_named_by_default(tmp_path) -> None:
    assert read(tmp_path) == NodeSettings(tmp_path)
    settings = read(tmp_path, time_stamps=[GOOD, GOOD | {"policy": "1.2.3"}], time_stamp_minutes=5)
    first, second = settings.time_stamps
    assert settings.time_stamp_every_s == 300
    assert first == TimeStampAuthority("https://tsa.example.org/tsr", Path("/etc/tsa.pem"))
    assert second.policy == "1.2.3"


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("https://tsa.example.org", "has url, certificates and perhaps policy"),
        ({"url": "https://tsa.example.org"}, "has url, certificates and perhaps policy"),
        (GOOD | {"polcy": "1.2.3"}, "has url, certificates and perhaps policy"),
        (GOOD | {"policy": 1.2}, "has url, certificates and perhaps policy"),
        (GOOD | {"policy": "1.2.x"}, "no object identifier"),
        (GOOD | {"url": "ftp://tsa"}, "http or https"),
        (GOOD | {"url": "file:///etc/passwd"}, "http or https"),
    ],
)
def test_wrong_authority_is_refused_in_words(tmp_path, entry, words) -> None:
    with pytest.raises(InvalidInputError, match=words):
        read(tmp_path, time_stamps=[entry])


@pytest.mark.parametrize("minutes", [0, -1, 1441, True, "60"])
def test_wrong_minutes_are_refused(tmp_path, minutes) -> None:
    with pytest.raises(InvalidInputError, match="time_stamp_minutes"):
        read(tmp_path, time_stamp_minutes=minutes)


def test_command_line_takes_the_fingerprint_of_an_authority(tmp_path) -> None:
    site, authority = SmallSite(tmp_path / "site"), SimulatedAuthority()
    camera = site.add_camera("Gate")
    site.tell([site.make_segment(camera, 0)], 60)
    site.stamp(authority, DAY_S)
    site.export(tmp_path / "b", [camera], 0, 60)
    trust = ["--trust", site.log.ring.present.fingerprint]
    site.close()
    asked = [str(tmp_path / "b"), *trust, "--tsa"]
    assert CliRunner().invoke(verify, [*asked, authority.fingerprint.upper()]).exit_code == 0
    assert CliRunner().invoke(verify, [*asked, "0" * 64]).exit_code == 3
    assert CliRunner().invoke(verify, [*asked, "abc"]).exit_code == 2


@pytest.mark.parametrize("days", [-1, 1, 6, 3651])
def test_age_of_keys_that_makes_no_sense_is_refused(tmp_path, days) -> None:
    with pytest.raises(InvalidInputError, match="key_change_days must be 7 to 3650"):
        read(tmp_path, key_change_days=days)


@pytest.mark.parametrize("days", [0, 7, 90, 3650])
def test_age_of_keys_is_taken(tmp_path, days) -> None:
    assert read(tmp_path, key_change_days=days).key_change_days == days


def test_all_faults_are_told_at_once(tmp_path) -> None:
    with pytest.raises(InvalidInputError) as error:
        read(tmp_path, port=0, file_jobs=65, seal="maybe", witnesses=["x"], prot=1)
    for word in ("port", "file_jobs", "seal", "a witness is `URL KEY`", "unknown key 'prot'"):
        assert word in error.value.message


@pytest.mark.parametrize("name", ["auto", "detector", "detector-int8", "detector@384x224", "pvb-2004-int8"])
def test_detector_that_this_release_knows_is_taken(tmp_path, name) -> None:
    assert read(tmp_path, detector=name).detector == ("" if name == "auto" else name)


@pytest.mark.parametrize(
    ("name", "fault"),
    [("detector@100x100", "Detectors: detector, detector-int8"), ("yolox-nano", "no detector"), ("a@b", "NAME@WIDTH")],
)
def test_detector_that_nobody_knows_is_refused_and_those_there_are_named(tmp_path, name, fault) -> None:
    with pytest.raises(InvalidInputError, match=fault):
        read(tmp_path, detector=name)
