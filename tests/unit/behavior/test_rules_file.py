"""Hazards of rules files: typos must not switch protection off; the published schema must be the real one."""

import json
from pathlib import Path

import pytest

from vedette.behavior.rules import RULE_KINDS
from vedette.behavior.rules_file import make_json_schema, parse_rules, parse_rules_file, to_entry
from vedette.core.errors import InvalidInputError

DOCS = Path(__file__).resolve().parents[3] / "docs" / "reference"
GOOD = """
version: 1
cameras:
  Gate:
    rules:
      - id: door
        kind: zone_entered
        zone: [[0.1, 0.1], [0.9, 0.1], [0.5, 1]]
        classes: [person]
        parameters: {min_s: 2}
      - {id: line, kind: line_crossed, line: [[0, 0.5], [1, 0.5]], parameters: {direction: -1}}
  "*":
    rules:
      - {id: anyone, kind: person_present}
"""


def test_named_camera_has_its_own_rules_and_others_the_star() -> None:
    file = parse_rules_file(GOOD, "rules.yaml")
    assert [rule.rule_id for rule in file.rules_for("Gate")] == ["door", "line"]
    assert [rule.rule_id for rule in file.rules_for("Yard")] == ["anyone"]
    assert file.rules_for("Gate")[0].parameters == {"min_s": 2.0}


def test_without_star_others_have_none() -> None:
    file = parse_rules_file("version: 1\ncameras: {Gate: {rules: []}}", "rules.yaml")
    assert file.rules_for("Yard") == ()


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("kind: zone_entered", "kind: zone_enter", "zone_enter"),
        ("zone:", "zones:", "zones"),
        ("[0.5, 1]", "[0.5, 1.5]", "outside the picture"),
        ("[[0, 0.5], [1, 0.5]]", "[[0, 0.5], [0, 0.5]]", "two different points"),
        ("id: line", "id: door", "twice"),
        ("[person]", "[persons]", "persons"),
        ("min_s: 2", "min_seconds: 2", "min_seconds"),
        ("version: 1", "version: 2", "version 2"),
        ("cameras:", "camera:", "camera"),
        ("{min_s: 2}", "[2]", "parameters"),
        ("classes: [person]", "calendar: nights", "calendar"),
    ],
)
def test_typo_is_refused_and_named(old: str, new: str, says: str) -> None:
    with pytest.raises(InvalidInputError, match=says):
        parse_rules_file(GOOD.replace(old, new, 1), "rules.yaml")


@pytest.mark.parametrize("text", ["", "[]", "a: [", "version: 1", "!!python/object:os.system {}"])
def test_no_rules_file_at_all(text: str) -> None:
    with pytest.raises(InvalidInputError):
        parse_rules_file(text, "rules.yaml")


def test_all_faults_come_at_once() -> None:
    entries = [{"id": "a", "kind": "nope"}, {"id": "b", "kind": "line_crossed"}]
    with pytest.raises(InvalidInputError) as caught:
        parse_rules(entries)
    assert "rule a" in str(caught.value)
    assert "rule b" in str(caught.value)


def test_rules_come_back_as_they_were_written() -> None:
    rules = parse_rules_file(GOOD, "rules.yaml").rules_for("Gate")
    assert parse_rules([to_entry(rule) for rule in rules]) == rules


def test_published_schema_is_made_from_the_code() -> None:
    assert json.loads((DOCS / "rules.schema.json").read_text()) == make_json_schema()


def test_every_kind_and_parameter_is_documented() -> None:
    text = (DOCS / "rules.md").read_text()
    for name, kind in RULE_KINDS.items():
        assert f"`{name}`" in text
        for parameter in kind.parameters:
            assert f"`{parameter}`" in text
