"""Reads rules from YAML files and from the API's JSON, strictly: a typo must not switch protection off.

Form and meaning: docs/reference/rules.md; JSON schema: docs/reference/rules.schema.json (made from here, a test
keeps it equal).
"""

from collections.abc import Sequence
from typing import Any

import msgspec
import yaml

from vedette.behavior.rules import RULE_KINDS, check_rule
from vedette.core.assignment import Rule
from vedette.core.errors import InvalidInputError
from vedette.core.geometry import Line, Polygon

_HINT = "See docs/reference/rules.md."
MAX_RULES = 200

Coordinates = tuple[float, float]


class RuleEntry(msgspec.Struct, forbid_unknown_fields=True):
    """One rule as people write it."""

    id: str
    kind: str
    zone: list[Coordinates] | None = None
    line: tuple[Coordinates, Coordinates] | None = None
    classes: list[str] = []
    parameters: dict[str, float] = {}


class CameraEntry(msgspec.Struct, forbid_unknown_fields=True):
    """The rules of one camera."""

    rules: list[RuleEntry]


class RulesFile(msgspec.Struct, forbid_unknown_fields=True):
    """A rules file. `cameras` is keyed by the camera's name, or `*` for all that are not named."""

    version: int
    cameras: dict[str, CameraEntry]

    def rules_for(self, camera_name: str) -> tuple[Rule, ...]:
        """The rules of a camera: its own, else those of `*`, else none."""
        entry = self.cameras.get(camera_name) or self.cameras.get("*")
        return to_rules(entry.rules) if entry else ()


def parse_rules_file(text: str, source: str) -> RulesFile:
    """Parses and checks a rules file.

    Raises:
        InvalidInputError: everything that is wrong with it.
    """
    try:
        fields: Any = yaml.safe_load(text)
        file = msgspec.convert(fields, RulesFile)
    except (yaml.YAMLError, msgspec.ValidationError) as error:
        raise InvalidInputError(f"the rules file {source} is not valid: {error}", _HINT) from error
    if file.version != 1:
        raise InvalidInputError(f"the rules file {source} has version {file.version}; this is version 1", _HINT)
    faults = []
    for name, entry in file.cameras.items():
        try:
            to_rules(entry.rules)
        except InvalidInputError as error:
            faults.append(f"camera {name}: {error.message}")
    if faults:
        raise InvalidInputError(f"the rules file {source} is not valid: {'; '.join(faults)}", _HINT)
    return file


def parse_rules(fields: object) -> tuple[Rule, ...]:
    """Checks a list of rules as the API receives it (`[{id, kind, zone|line, classes, parameters}]`).

    Raises:
        InvalidInputError: everything that is wrong with it.
    """
    try:
        entries = msgspec.convert(fields, list[RuleEntry])
    except msgspec.ValidationError as error:
        raise InvalidInputError(f"the rules are not valid: {error}", _HINT) from error
    return to_rules(entries)


def to_rules(entries: Sequence[RuleEntry]) -> tuple[Rule, ...]:
    """Turns entries into rules, checking all of them.

    Raises:
        InvalidInputError: everything that is wrong.
    """
    faults = [f"more than {MAX_RULES} rules"] if len(entries) > MAX_RULES else []
    ids = [entry.id for entry in entries]
    faults += [f"rule id {name!r} is used twice" for name in sorted({n for n in ids if ids.count(n) > 1})]
    faults += ["a rule has an empty id"] if "" in ids else []
    rules = []
    for entry in entries:
        try:
            rule = _to_rule(entry)
        except InvalidInputError as error:
            faults.append(f"rule {entry.id}: {error.message}")
            continue
        rules.append(rule)
        faults += [f"rule {entry.id}: {fault}" for fault in check_rule(rule)]
    if faults:
        raise InvalidInputError("; ".join(faults), _HINT)
    return tuple(rules)


def to_entry(rule: Rule) -> dict[str, object]:
    """A rule as the API and the files show it."""
    entry: dict[str, object] = {"id": rule.rule_id, "kind": rule.kind}
    if rule.zone is not None:
        entry["zone"] = [list(point) for point in rule.zone.points]
    if rule.line is not None:
        entry["line"] = [list(rule.line.start), list(rule.line.end)]
    return {**entry, "classes": list(rule.classes), "parameters": dict(rule.parameters)}


def make_json_schema() -> dict[str, Any]:
    """The JSON schema of a rules file, with the kinds that this release knows."""
    schema: dict[str, Any] = msgspec.json.schema(RulesFile)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "Vedette behaviour rules, version 1"
    schema["$defs"]["RuleEntry"]["properties"]["kind"]["enum"] = list(RULE_KINDS)
    return schema


def _to_rule(entry: RuleEntry) -> Rule:
    return Rule(
        entry.id,
        entry.kind,
        None if entry.zone is None else Polygon(tuple(entry.zone)),
        None if entry.line is None else Line(*entry.line),
        tuple(entry.classes),
        dict(entry.parameters),
    )
