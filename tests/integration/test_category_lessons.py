"""A set taught over the analyzer's socket with the real embedding in the jail: figures, hostile files, trying."""

import asyncio
from pathlib import Path

import httpx
import msgspec
import pytest

from tests.support.hostile import write_hostile_files
from tests.support.lesson_pictures import pack_zip
from tests.support.models import install_models
from tests.support.running_analyzer import Running, running
from tests.support.shared import shared_file
from vedette.vision.categories.lessons import LessonOrder

NAMES = ("accordion", "airplanes", "dalmatian")
pytestmark = pytest.mark.shared


def pictures(name: str) -> list[Path]:
    return sorted(shared_file(f"data/caltech101/{name}").iterdir())


async def teach(client: httpx.AsyncClient, name: str, files: dict[str, bytes]) -> dict[str, object]:
    order = msgspec.json.encode(LessonOrder(name, "any", "u1", "Lan")).decode()
    begun = await client.post("/categories/lesson", params={"order": order}, content=pack_zip(files))
    assert begun.status_code == 200, begun.text
    async with asyncio.timeout(240):
        while True:
            told = (await client.get("/categories/lesson")).json()
            if told["state"] in {"done", "failed", "cancelled"}:
                return dict(told)
            await asyncio.sleep(0.2)


def left_behind(box: Running) -> list[str]:
    return [path.name for path in box.paths.categories.rglob("*") if path.is_file() and path.suffix != ".json"]


async def test_set_is_taught_and_tells_new_pictures(tmp_path: Path) -> None:
    models, toys, hostile = tmp_path / "models", tmp_path / "d", tmp_path / "hostile"
    for folder in (models, hostile):
        folder.mkdir()
    install_models(models, "mobilenet-v2-imagenet")
    write_hostile_files(hostile)
    files = {f"toys/{name}/{path.name}": path.read_bytes() for name in NAMES for path in pictures(name)[:7]}
    bad = {f"toys/{NAMES[0]}/{path.name}.png": path.read_bytes() for path in sorted(hostile.iterdir())[:4]}
    async with running(toys, {}, models=models) as box, box.http() as client:
        over = await teach(client, "toy", files | bad)
        assert over["state"] == "done", over
        assert (over["embedded"], over["left_out_count"]) == (21 + len(bad), len(bad))
        (kept,) = (await client.get("/categories")).json()
        assert (kept["taught_by"], kept["code"], kept["terms"]["figures"]["accuracy"]) == ("Lan", "", 1.0)
        changes = kept["terms"]["figures"]["changes"]
        assert (changes["pictures"], changes["as_is"], len(changes["steps"])) == (3, 1.0, 13)
        for name in NAMES:
            data = pictures(name)[9].read_bytes()
            said = (await client.post("/categories/say", params={"name": "toy"}, content=data)).json()
            assert said["ranked"][0]["label"] == name
            changed = await client.post("/categories/say/changed", params={"name": "toy"}, content=data)
            first, *others = changed.json()["looks"]
            assert (first["label"], first["probability"]) == (name, said["ranked"][0]["probability"])
            assert len({one["probability"] for one in others}) > 6
        refused = await client.post("/categories/say", params={"name": "toy"}, content=b"no picture")
        assert refused.status_code == 422
        assert left_behind(box) == []
