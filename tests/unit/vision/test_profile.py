"""Hazards of profiles: one strange picture is a hobby, one moment counts ten times, sensitive things are concluded,
a child or a stranger is judged, a taken-over worker or a file's name speaks on the page.
"""

from pathlib import Path

import msgspec
import numpy as np
import pytest

from vedette.core.errors import InvalidInputError
from vedette.vision import wire
from vedette.vision.models.registry import ModelRegistry
from vedette.vision.profile.catalogue import read_catalogue
from vedette.vision.profile.conclude import ConclusionPolicy, judge_support, sum_leaves
from vedette.vision.profile.observed import CLASS_COUNT, Answer, Observed, SeenFace, decode_answer
from vedette.vision.profile.occasions import Sight, find_occasions
from vedette.vision.profile.page import render_page
from vedette.vision.profile.ports import Item
from vedette.vision.profile.profile import FileFault, Gallery, Profile, build_profile
from vedette.vision.profile.recommend import WordRecommender
from vedette.vision.profile.taxonomy import Taxonomy, parse_taxonomy, read_taxonomy

JPEG = b"\xff\xd8\xff\xe0 small \xff\xd9"
LABELS = ModelRegistry(Path("none")).find_named("mobilenet-v2-imagenet").labels
TAXONOMY = read_taxonomy(LABELS)
FORBIDDEN = (
    ("health", "medic", "ill", "disab", "pregnan", "diet"),
    ("relig", "church", "mosque", "faith", "prayer", "chùa"),
    ("sexual", "gay", "erotic", "dating"),
    ("politic", "party", "union", "army", "military", "weapon"),
    ("ethnic", "race", "origin", "nation", "alcohol", "beer", "wine", "tobacco", "gambl", "crime", "debt"),
)


def unit(*places: int, size: int = 1280) -> np.ndarray:
    vector = np.zeros(size, np.float32)
    vector[list(places)] = 1
    return vector / np.linalg.norm(vector)


def see(
    *labels: str,
    number: int = 0,
    share: float = 0.9,
    path: str = "",
    at_s: float | None = None,
    faces: tuple[SeenFace, ...] = (),
) -> Sight:
    """A sight of these labels; `number` chooses an embedding that no other number is similar to."""
    leaves = sum_leaves([(LABELS.index(label), share) for label in labels], TAXONOMY)
    return Sight(path or f"{number}.jpg", at_s, leaves, unit(number), faces, JPEG)


def face(person: int, age: float | None = 35.0, sex: str = "female") -> SeenFace:
    return SeenFace(0.8, unit(person, size=256).tobytes(), age, sex, 0.9 if sex else 0.0)  # type: ignore[arg-type]


def profile_of(*sights: Sight, faults: tuple[FileFault, ...] = (), has_faces: bool = True) -> Profile:
    gallery = Gallery(sights, len(sights), 0, faults, ["release"], 0.85, 0.475, has_faces)
    return build_profile(gallery, TAXONOMY, "2026-11-28T22:00:00Z")[0]


def filler(count: int, first: int = 100) -> list[Sight]:
    return [see("umbrella", number=first + number) for number in range(count)]


def test_one_strange_picture_is_no_hobby() -> None:
    told = profile_of(see("acoustic guitar", share=1.0), *filler(19))
    assert told.hobbies == []
    assert [entry.name for entry in told.objects] == ["guitar"]
    assert judge_support(1.0, 20, ConclusionPolicy()) == 0
    twice = [see("acoustic guitar", number=number, share=1.0) for number in range(2)]
    assert profile_of(*twice, *filler(18)).hobbies == []


def test_several_independent_pictures_are_a_hobby_with_examples() -> None:
    labels = ("acoustic guitar", "violin", "grand piano", "banjo")
    told = profile_of(*(see(label, number=number) for number, label in enumerate(labels)), *filler(16))
    [music] = told.hobbies
    assert (music.name, music.occasions) == ("music", 4)
    assert 0.33 <= music.confidence < 0.7
    assert [example.path for example in music.examples] == ["0.jpg", "1.jpg", "2.jpg", "3.jpg"]


def test_more_pictures_are_never_less_sure() -> None:
    sure = [0.0]
    for count in range(1, 15):
        told = profile_of(*(see("acoustic guitar", number=number) for number in range(count)), *filler(20))
        sure.append(max([entry.confidence for entry in told.hobbies], default=0.0))
    assert sure == sorted(sure)
    assert 0.8 < sure[-1] < 1


def test_near_duplicates_count_once() -> None:
    told = profile_of(*(see("acoustic guitar", number=7) for _ in range(10)), *filler(19))
    assert (told.hobbies, told.gallery.occasions) == ([], 20)


def test_frames_of_one_video_count_once() -> None:
    frames = [see("acoustic guitar", number=number, path="v.mp4", at_s=2.0 * number) for number in range(10)]
    told = profile_of(*frames, *filler(19))
    assert (told.hobbies, told.gallery.occasions) == ([], 20)


def test_occasions_of_nothing() -> None:
    assert find_occasions([], 0.85).shape == (0,)


def test_an_unsure_picture_says_nothing() -> None:
    told = profile_of(*(see("acoustic guitar", number=number, share=0.35) for number in range(12)))
    assert (told.hobbies, told.objects) == ([], [])


def test_too_little_cannot_be_told() -> None:
    told = profile_of(*(see("acoustic guitar", number=number) for number in range(4)))
    assert (told.state, told.reason, told.hobbies) == ("cannot_tell", "too_few_pictures", [])
    assert profile_of().state == "cannot_tell"


def test_nothing_repeated_cannot_be_told() -> None:
    assert profile_of(*filler(9)).reason == "nothing_repeated"


def test_sensitive_categories_are_absent() -> None:
    told = [(name, *category.words, category.en) for name, category in TAXONOMY.categories.items()]
    told += [(name, leaf.en) for name, leaf in TAXONOMY.leaves.items()]
    words = {part for texts in told for text in texts for part in text.casefold().replace("_", " ").split()}
    for stem in (stem for stems in FORBIDDEN for stem in stems):
        assert not [word for word in words if word.startswith(stem)], stem


def test_nothing_is_concluded_from_withheld_classes() -> None:
    assert set(TAXONOMY.withheld) == {"health", "religion", "origin", "sexuality", "politics_and_force", "addiction"}
    for reason, classes in TAXONOMY.withheld.items():
        assert classes
        assert all(TAXONOMY.leaf_of_class[number] == -1 for number in classes), reason
        labels = [LABELS[number] for number in sorted(classes)]
        told = profile_of(*(see(label, number=number) for number, label in enumerate(labels)), *filler(5))
        assert told.hobbies + told.occupations + told.lifestyle + told.scenes + told.objects == [], reason
    for label in ("mosque", "stethoscope", "pill bottle", "bikini", "assault rifle", "wine bottle", "abaya"):
        assert any(LABELS.index(label) in classes for classes in TAXONOMY.withheld.values()), label


def test_every_category_has_a_leaf_and_both_languages() -> None:
    spoken = {name for leaf in TAXONOMY.leaves.values() for name in leaf.speaks_for}
    assert spoken == set(TAXONOMY.categories)
    assert all(entry.en and entry.vi for entry in (*TAXONOMY.categories.values(), *TAXONOMY.leaves.values()))
    assert len(LABELS) == CLASS_COUNT


@pytest.mark.parametrize(
    ("leaf", "fault"),
    [
        ("classes: [no such thing], speaks_for: {a: 1}", "no class"),
        ("classes: [tench], speaks_for: {b: 1}", "no category"),
        ("classes: [tench], speaks_for: {a: 2}", "not above 0"),
        ("classes: [tench, tench], speaks_for: {a: 1}", "belongs to"),
        ("classes: [goldfish..tench], speaks_for: {a: 1}", "no class or range"),
    ],
)
def test_a_wrong_taxonomy_is_refused(leaf: str, fault: str) -> None:
    head = "release: r, categories: {a: {kind: hobby, en: A, vi: A, words: []}}, withheld: {}"
    text = f"{{{head}, leaves: {{l: {{kind: object, en: L, vi: L, {leaf}}}}}}}"
    with pytest.raises(InvalidInputError, match=fault):
        parse_taxonomy(text, LABELS)


def test_the_owner_is_the_most_frequent_face() -> None:
    owner = [see("umbrella", number=n, faces=(face(1), face(2 + n, 60.0, "male"))) for n in range(4)]
    told = profile_of(*owner, *filler(4)).owner
    assert (told.state, told.occasions, told.age_group.value, told.sex.value) == ("found", 4, "30-44", "female")


def test_two_equally_frequent_people_are_not_judged() -> None:
    both = [see("umbrella", number=n, faces=(face(1), face(2))) for n in range(5)]
    told = profile_of(*both).owner
    assert (told.state, told.reason, told.sex.value) == ("cannot_tell", "nobody_most_often", None)


def test_one_picture_taken_often_makes_no_owner() -> None:
    told = profile_of(*(see("umbrella", number=1, faces=(face(1),)) for _ in range(9)), *filler(5)).owner
    assert told.reason == "too_few_faces"


def test_children_are_not_judged() -> None:
    told = profile_of(*(see("umbrella", number=n, faces=(face(1, 12.0),)) for n in range(5))).owner
    assert (told.age_group.value, told.sex.value, told.sex.reason) == (None, None, "not_adult")


def test_without_models_of_faces_it_is_said() -> None:
    assert profile_of(*filler(6), has_faces=False).owner.reason == "no_models"


def test_templates_are_in_no_profile() -> None:
    told = msgspec.json.encode(profile_of(*(see("umbrella", number=n, faces=(face(1),)) for n in range(5))))
    assert b"template" not in told
    assert b"embedding" not in told


def good() -> Observed:
    return Observed(0.0, [(1, 0.5)], unit(1).tobytes(), [face(1)], JPEG)


@pytest.mark.parametrize(
    "change",
    [
        {"at_s": float("nan")},
        {"classes": [(CLASS_COUNT, 0.5)]},
        {"classes": [(-1, 0.5)]},
        {"classes": [(1, 1.5)]},
        {"classes": [(1, 0.2)] * 2},
        {"classes": [(number, 0.01) for number in range(11)]},
        {"embedding": (2 * unit(1)).tobytes()},
        {"embedding": b""},
        {"faces": [face(1)] * 17},
        {"faces": [SeenFace(0.5, b"")]},
        {"faces": [SeenFace(float("inf"), unit(1, size=256).tobytes())]},
        {"faces": [SeenFace(0.5, unit(1, size=256).tobytes(), 400.0)]},
        {"jpeg": b"<svg onload=alert(1)>"},
    ],
)
def test_a_workers_nonsense_is_refused(change: dict) -> None:
    with pytest.raises(InvalidInputError):
        decode_answer(wire.encode(Answer(msgspec.structs.replace(good(), **change))))
    assert decode_answer(wire.encode(Answer(good()))).observed == good()


def test_a_files_name_does_not_speak_on_the_page() -> None:
    name = "<script>alert(1)</script>.jpg"
    fault = FileFault(name, "failed", "<img src=http://evil>")
    sights = [see("acoustic guitar", number=n, path=f"{n}{name}") for n in range(6)]
    gallery = Gallery(sights, 6, 0, [fault], [], 0.85, 0.475, True)
    page = render_page(*build_profile(gallery, TAXONOMY, "2026-11-28T22:00:00Z"))
    assert "<script" not in page
    assert "src=http" not in page.replace("&lt;img src=http", "")
    assert page.count('src="data:image/jpeg;base64,') > 0
    assert "default-src 'none'" in page
    assert "Making music" in page
    assert "Chơi nhạc" in page


def musician() -> Profile:
    return profile_of(
        *(see("acoustic guitar", number=n) for n in range(8)), *(see("beagle", number=20 + n) for n in range(4))
    )


def test_a_catalogue_is_ranked_and_each_place_explained() -> None:
    items = [
        Item("Garden hose", tags=["garden"]),
        Item("Dog lead"),
        Item("Nothing in particular"),
        Item("Strings", tags=["music", "nhạc cụ"], text="For every guitarist."),
        Item("Dây đàn", text="phụ kiện âm nhạc"),
    ]
    ranked = WordRecommender(TAXONOMY).rank(musician(), items)
    assert [row.name for row in ranked][:3] == ["Strings", "Dog lead", "Dây đàn"]
    assert [row.rank for row in ranked] == [1, 2, 3, 4, 5]
    assert (ranked[0].id, ranked[0].because[0].category, ranked[0].because[0].words) == (
        "4",
        "music",
        ["music", "nhạc cụ"],
    )
    assert [(row.name, row.points, row.because) for row in ranked[3:]] == [
        ("Garden hose", 0.0, []),
        ("Nothing in particular", 0.0, []),
    ]


def test_a_word_within_another_is_none() -> None:
    [row] = WordRecommender(TAXONOMY).rank(musician(), [Item("Hotdog stand and dogma")])
    assert row.points == 0


def test_catalogues_are_read_and_faults_said() -> None:
    assert read_catalogue(b"id,name,tags,text\n7,Strings,music; guitar|bass,Good\n", "c.CSV") == [
        Item("Strings", "7", ["music", "guitar", "bass"], "Good")
    ]
    assert read_catalogue(b'[{"name": "A"}]', "c.json") == [Item("A")]
    for data, name in (
        (b"[]", "c.json"),
        (b'[{"name": " "}]', "c.json"),
        (b'[{"nam": "A"}]', "c.json"),
        (b"\xff\xfe", "c.json"),
        (b"title\nA\n", "c.csv"),
        (b"name\nA,B\n", "c.csv"),
        (b"\xff\xfe", "c.csv"),
    ):
        with pytest.raises(InvalidInputError):
            read_catalogue(data, name)


def test_taxonomy_is_fitted_to_labels_not_to_places() -> None:
    table: Taxonomy = read_taxonomy([*LABELS[1:], LABELS[0]])
    assert table.leaf_of_class[LABELS.index("banjo") - 1] == table.names.index("guitar")
