"""Hazards of sealed templates: a stolen database, a template moved to somebody else's entry, another node's key."""

import pytest

from vedette.adapters.secretbox import SealedLoginError, SecretBox
from vedette.adapters.template_box import SealedTemplateError, TemplateBox

KEY = bytes(range(32))


def test_sealed_template_shows_nothing_and_opens_only_in_its_place() -> None:
    box, clear = TemplateBox(KEY), b"template" * 128
    sealed = box.seal("template/anna/0", clear)
    assert "template" not in sealed.removeprefix("f1.")
    assert box.open("template/anna/0", sealed) == clear
    assert box.seal("template/anna/0", clear) != sealed, "equal templates do not look equal"
    for place in ("template/bert/0", "portrait/anna/0", "template/anna/1"):
        with pytest.raises(SealedTemplateError):
            box.open(place, sealed)


def test_other_key_and_damage_are_told() -> None:
    sealed = TemplateBox(KEY).seal("template/anna/0", b"x")
    for wrong in (sealed[:-4] + "AAAA", "v1." + sealed[3:], "", "f1.%%%", "f1."):
        with pytest.raises(SealedTemplateError):
            TemplateBox(KEY).open("template/anna/0", wrong)
    with pytest.raises(SealedTemplateError):
        TemplateBox(KEY[::-1]).open("template/anna/0", sealed)


def test_key_is_not_the_one_of_logins() -> None:
    sealed = TemplateBox(KEY).seal("camera", b'["user","password"]')
    with pytest.raises(SealedLoginError):
        SecretBox(KEY).open("camera", "v1." + sealed.removeprefix("f1."))
