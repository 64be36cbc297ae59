"""Whoever can write into the folder of sets wants to end the analyzer or the gateway, or have them read other files."""

import os
import threading
from pathlib import Path

import msgspec
import pytest

from tests.support.encoded import encode_square
from tests.support.feed_server import to_packets
from tests.support.gateway import API, Harness
from tests.support.kept_sets import HERE, make_kept_set
from tests.support.running_analyzer import running
from vedette.core.assignment import AnalyzerAssignment, CameraAnalysis
from vedette.core.media import StreamFormat, StreamRole
from vedette.core.time import NS_PER_S
from vedette.node.analyzer_categories import SetsInForce
from vedette.node.category_shelf import CategoryShelf
from vedette.vision.categories.category_set import encode_set, pack

START_NS = 1_750_000_000 * NS_PER_S


def change(**fields: object) -> bytes:
    return msgspec.json.encode(msgspec.json.decode(encode_set(make_kept_set())) | fields)


HOSTILE = {
    "empty": b"",
    "noise": os.urandom(4096),
    "deep": b'{"format":' + b"[" * 200_000,
    "deep_unknown": b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "large": b" " * (64 << 20),
    "pickle": b"cos\nsystem\n(S'id'\ntR.",
    "endless_number": b'{"format":"vedette-categories","version":' + b"9" * 5000 + b"}",
    "huge": change(name="huge", embedding={"release": "r", "sha256": "ab" * 32, "size": 1 << 40}),
    "negative": change(name="negative", embedding={"release": "r", "sha256": "ab" * 32, "size": -1}),
    "hot": change(name="hot", bias=[1e308, -1e308]),
    "steep": change(name="steep", weights=pack(make_kept_set().head().weights * 1e37)),
    "more": change(name="more", load="os.system"),
    "traversal": change(name="../../vedette"),
    "colour": change(name="colour"),
    "changed": change(name="changed", check=[0.5, 0.5]),
}


def plant(folder: Path) -> None:
    for name, data in HOSTILE.items():
        (folder / name).mkdir(parents=True)
        (folder / name / "categories.json").write_bytes(data)
    for name in ("link", "pipe", "folder", "locked"):
        (folder / name).mkdir()
    (folder / "link" / "categories.json").symlink_to("/etc/passwd")
    os.mkfifo(folder / "pipe" / "categories.json")
    (folder / "folder" / "categories.json").mkdir()
    (folder / "loose").write_text("not a folder")
    (folder / "\udcff").mkdir()


async def test_hostile_sets_are_named_and_left_out_while_the_camera_goes_on(tmp_path: Path) -> None:
    plant(tmp_path / "categories")
    names = (*HOSTILE, "link", "pipe", "folder", "locked")
    square = encode_square()
    scripts = {"A/sub": (StreamFormat("run-1", square.video), to_packets(square.packets, START_NS))}
    camera = CameraAnalysis("A", "Yard", StreamRole.SUB, recognize=(), categories=names)
    async with running(tmp_path, scripts, 1e9) as box:
        await box.analyzer.take_assignment(AnalyzerAssignment(1, (camera,)))
        await box.until(lambda: box.camera("A").get("analysed") == 30)
        left_out = {one["name"]: one["code"] for one in box.camera("A")["categories_left_out"]}
        assert left_out.keys() == set(names)
        assert {left_out[name] for name in HOSTILE} == {"bad_category_set"}
        assert {left_out[name] for name in names if name not in HOSTILE} == {"categories_not_kept"}
        assert (await box.http().get("/status")).status_code == 200


@pytest.mark.parametrize("name", ["link", "pipe", "folder"])
def test_what_takes_the_place_of_a_set_after_it_was_seen_is_not_followed(tmp_path: Path, name: str) -> None:
    """Between the look at the folder and the opening of the file anything may have been put there."""
    plant(tmp_path)
    shelf = CategoryShelf(tmp_path)
    faults: list[BaseException] = []

    def load() -> None:
        try:
            shelf.load(name)
        except Exception as error:  # noqa: BLE001 -- which one, is asserted
            faults.append(error)

    reading = threading.Thread(target=load, daemon=True)
    reading.start()
    reading.join(10)
    assert not reading.is_alive(), "a pipe holds nobody up"
    assert type(faults[0]).__name__ in {"BadCategorySetError", "StorageError"}
    assert "root:" not in str(faults[0])


def test_good_set_is_told_beside_hostile_ones(tmp_path: Path) -> None:
    plant(tmp_path)
    CategoryShelf(tmp_path).save(make_kept_set())
    sets = SetsInForce(CategoryShelf(tmp_path), lambda: HERE)
    sets.look()
    assert [one.terms.name for one in sets.choose(["livery", *HOSTILE])] == ["livery"]


async def test_gateway_offers_none_of_them(gateway: Harness) -> None:
    plant(gateway.data / "categories")
    CategoryShelf(gateway.data / "categories").save(make_kept_set())
    async with gateway.local() as client:
        listed = (await client.get(f"{API}/analysis/categories")).json()["items"]
        assert (await client.get(f"{API}/search/words")).status_code == 200
    assert "livery" in {one["name"] for one in listed}
    assert {one["name"] for one in listed}.isdisjoint(
        {"../../vedette", "link", "pipe", "noise", "large", "deep", "colour"}
    )
