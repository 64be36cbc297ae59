"""Hazards of own categories on live tracks: an embedding that nobody judges, a set that stays after it was deleted, one
that is silently left out, a bad file that takes others along.
"""

from functools import partial
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from tests.support.kept_sets import HERE, draw_like, make_kept_set
from vedette.core.detections import CLASS_NAMES, Tracks
from vedette.core.errors import InvalidInputError
from vedette.core.objects import AttributeValue, ObjectFacts
from vedette.node.analyzer_categories import SetNotKeptError, SetsInForce
from vedette.node.analyzer_objects import find_decided
from vedette.node.category_shelf import CategoryShelf
from vedette.node.category_words import KeptWords
from vedette.node.embeddings import find_embedding
from vedette.vision import wire
from vedette.vision.categories.category_set import BadCategorySetError, OtherEmbeddingError
from vedette.vision.categories.embedding import EMBEDDING, EMBEDDING_FORM
from vedette.vision.categories.lessons import EmbeddingMissingError
from vedette.vision.categories.verdict import OpenSet, open_set
from vedette.vision.models.registry import ModelRegistry
from vedette.vision.recognize.describer import Ask, TrackDescriber
from vedette.vision.recognize.forms import FORMS
from vedette.vision.recognize.records import Described, Record
from vedette.vision.wire import FrameResult

FRAME = FrameResult(900, 640, 360, 0.1, b"")


def track(class_name: str, number: int = 4) -> Tracks:
    return Tracks(
        np.array([number], np.int64),
        np.array([[0.3, 0.3, 0.6, 0.8]], np.float32),
        np.array([0.9], np.float32),
        np.array([CLASS_NAMES.index(class_name)], np.int16),
    )


def ask(describer: TrackDescriber, class_name: str) -> Ask | None:
    return describer.plan(1, FRAME, 0.0, track(class_name), room=2)


def answer(describer: TrackDescriber, asked: Ask | None, label: int) -> None:
    assert asked is not None
    record = Record(EMBEDDING, vector=draw_like(label, seed=50 + label)[0].tobytes())
    describer.take(asked, wire.encode(wire.DescribeReply([Described(0.8, [record])])), {})


def livery(*categories: str) -> OpenSet:
    return open_set(make_kept_set("livery", "vehicle", *categories))


def test_embedding_is_asked_only_of_what_a_set_is_about() -> None:
    forms = {EMBEDDING: EMBEDDING_FORM, "people": FORMS["people"]}
    asked = ask(TrackDescriber(forms, sets=[livery()]), "person")
    assert asked is not None
    assert asked.request.groups == ["attributes"]
    asked = ask(TrackDescriber(forms, sets=[livery()]), "vehicle")
    assert asked is not None
    assert asked.request.groups == ["categories"]
    assert ask(TrackDescriber({EMBEDDING: EMBEDDING_FORM}), "vehicle") is None, "no set is kept: nothing to ask"
    assert ask(TrackDescriber({EMBEDDING: EMBEDDING_FORM}, sets=[livery()]), "two_wheeler") is None


def test_set_taught_anew_or_deleted_changes_what_is_told_of_the_same_track() -> None:
    describer = TrackDescriber({EMBEDDING: EMBEDDING_FORM}, sets=[livery()])
    answer(describer, ask(describer, "vehicle"), 1)
    assert describer.facts(4).attributes["livery"].value == "post"
    describer.take_sets([livery("milk", "bread")])
    assert describer.facts(4).attributes["livery"].value == "bread"
    describer.take_sets([])
    assert describer.facts(4).attributes == {}


def test_none_of_these_is_told_and_what_nobody_could_see_is_not() -> None:
    seen = {"livery": AttributeValue("unknown", 0.4), "colour": AttributeValue("unknown", 0.4)}
    assert find_decided(ObjectFacts(1, seen)) == {"livery": AttributeValue("unknown", 0.4)}


@pytest.fixture
def sets(tmp_path: Path) -> SetsInForce:
    """As if the model by which the small sets were taught were installed."""
    return SetsInForce(CategoryShelf(tmp_path / "categories"), lambda: HERE)


def keep(tmp_path: Path, name: str = "livery") -> CategoryShelf:
    shelf = CategoryShelf(tmp_path / "categories")
    shelf.save(make_kept_set(name))
    return shelf


def test_kept_set_is_taken_up_changed_and_given_up(tmp_path: Path, sets: SetsInForce) -> None:
    sets.look()
    assert (sets.choose(["livery"]), sets.explain(["livery"])[0].code) == ((), "categories_not_kept")
    shelf = keep(tmp_path)
    sets.look()
    [taken] = sets.choose(["livery"])
    assert (taken.terms, sets.explain(["livery"])) == (make_kept_set(), ())
    version = sets.version
    sets.look()
    assert sets.version == version, "nothing was changed"
    shelf.save(make_kept_set("livery", "vehicle", "milk", "bread"))
    sets.look()
    assert sets.open_all(["livery"])[0].terms.categories == ["milk", "bread"]
    shelf.delete("livery")
    sets.look()
    with pytest.raises(SetNotKeptError, match="livery"):
        sets.open_all(["livery"])


def test_set_that_cannot_be_told_is_named_with_why_and_takes_no_other_along(tmp_path: Path, sets: SetsInForce) -> None:
    shelf = keep(tmp_path)
    one = make_kept_set("toy")
    shelf.save(replace(one, embedding=replace(one.embedding, sha256="cd" * 32)))
    keep(tmp_path, "uniform")
    (tmp_path / "categories" / "uniform" / "categories.json").write_bytes(b"{")
    (tmp_path / "categories" / "stolen").mkdir()
    (tmp_path / "categories" / "stolen" / "categories.json").write_bytes(
        (tmp_path / "categories" / "livery" / "categories.json").read_bytes()
    )
    sets.look()
    names = ["livery", "toy", "uniform", "stolen"]
    assert [found.terms.name for found in sets.choose(names)] == ["livery"]
    assert {fault.name: fault.code for fault in sets.explain(names)} == {
        "toy": OtherEmbeddingError.code,
        "uniform": BadCategorySetError.code,
        "stolen": BadCategorySetError.code,
    }


def test_without_the_model_every_set_says_what_to_install(tmp_path: Path) -> None:
    keep(tmp_path)
    sets = SetsInForce(
        CategoryShelf(tmp_path / "categories"), partial(find_embedding, ModelRegistry(tmp_path / "models"))
    )
    sets.look()
    [fault] = sets.explain(["livery"])
    assert (fault.code, "models pull" in fault.reason) == (EmbeddingMissingError.code, True)


@pytest.mark.parametrize("name", ["..", ".hidden", "a/b", "", "/etc"])
def test_shelf_keeps_nothing_beside_itself(tmp_path: Path, name: str) -> None:
    shelf = CategoryShelf(tmp_path / "categories")
    for use in (shelf.load, shelf.delete):
        with pytest.raises(InvalidInputError):
            use(name)
    assert shelf.list_names() == []


async def test_words_are_offered_as_long_as_a_set_is_kept(tmp_path: Path) -> None:
    words = KeptWords(tmp_path / "categories")
    assert await words.list_words() == ()
    shelf = keep(tmp_path)
    [one] = await words.list_words()
    assert (one.name, one.about, one.categories) == ("livery", "vehicle", ["courier", "post"])
    shelf.save(make_kept_set("livery", "vehicle", "milk", "bread"))
    assert (await words.list_words())[0].categories == ["milk", "bread"]
    shelf.delete("livery")
    assert await words.list_names() == ()
