"""Uploaded pictures through the real jailed worker: answers, refusals, a worker that dies, one that rests."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import cv2
import httpx
import numpy as np
import pytest
from starlette.applications import Starlette

from tests.support.hostile import write_hostile_files
from vedette.core.errors import InvalidInputError
from vedette.node.classification import (
    ClassifierMissingError,
    ClassifyBusyError,
    PictureClassification,
    classify_routes,
    find_classifier,
)
from vedette.node.warm_worker import IDLE_S
from vedette.runtime.clock import SystemClock
from vedette.runtime.worker import WorkerCommand, WorkerNotReadyError, WorkerProcess
from vedette.testing.clock import SimulatedClock
from vedette.vision.classify.changes import CHANGES
from vedette.vision.models.registry import ModelRegistry

LABELS = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]


def jpeg(seed: int = 1, side: int = 64) -> bytes:
    image = np.random.default_rng(seed).integers(0, 255, (side, side, 3), np.uint8)
    return bytes(cv2.imencode(".jpg", image)[1])


@pytest.fixture
async def classification(tmp_path: Path) -> AsyncIterator[PictureClassification]:
    one = PictureClassification(ModelRegistry(tmp_path), SystemClock())
    yield one
    await one.close()


async def test_picture_is_answered_with_all_classes_likeliest_first(classification: PictureClassification) -> None:
    found = await classification.classify(jpeg())
    assert sorted(share.label for share in found.ranked) == LABELS
    shares = [share.probability for share in found.ranked]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) == pytest.approx(1, abs=1e-3)
    assert found.release.startswith("classifier-")


async def test_changed_pictures_are_answered_beside_the_picture_itself(classification: PictureClassification) -> None:
    found = await classification.classify_changed(jpeg(side=300))
    assert [(one.way, one.by) for one in found.looks] == [(None, 0), *((one.way, one.by) for one in CHANGES)]
    plain = await classification.classify(jpeg(side=300))
    first = found.looks[0]
    assert (first.label, first.probability, first.is_known) == (
        plain.ranked[0].label,
        plain.ranked[0].probability,
        plain.is_known,
    )
    assert len({one.probability for one in found.looks}) > len(CHANGES) / 2, "changes that change nothing"
    views = [cv2.imdecode(np.frombuffer(one.picture, np.uint8), cv2.IMREAD_COLOR) for one in found.looks]
    assert {view.shape for view in views} == {(112, 112, 3)}
    with pytest.raises(InvalidInputError):
        await classification.classify_changed(b"no picture")


async def test_hostile_files_are_refused_and_the_next_picture_is_answered(
    classification: PictureClassification, tmp_path: Path
) -> None:
    write_hostile_files(tmp_path)
    pictures = [path.read_bytes() for path in sorted(tmp_path.iterdir())]
    answers = [(await asyncio.gather(classification.classify(data), return_exceptions=True))[0] for data in pictures]
    refused = [answer for answer in answers if isinstance(answer, InvalidInputError)]
    assert len(refused) > 10
    assert all(error.message for error in refused)
    assert not [answer for answer in answers if isinstance(answer, BaseException) and answer not in refused]
    assert (await classification.classify(jpeg())).ranked


async def test_lost_worker_is_replaced_with_the_next_picture(classification: PictureClassification) -> None:
    await classification.classify(jpeg())
    pid = classification.worker_pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(InvalidInputError):
        await classification.classify(jpeg())
    assert (await classification.classify(jpeg())).ranked
    assert classification.worker_pid not in {None, pid}


async def test_warm_worker_answers_for_the_release_that_it_has_loaded(tmp_path: Path) -> None:
    manifests = tmp_path / "manifests"
    manifests.mkdir()
    own = Path("src/vedette/vision/manifests/classifier-small-int8.yaml")
    (manifests / own.name).write_text(own.read_text())
    one = PictureClassification(ModelRegistry(tmp_path, manifests), SystemClock())
    try:
        first = await one.classify(jpeg())
        (manifests / own.name).write_text(own.read_text().replace("  - airplane", "  - zeppelin"))
        assert await one.classify(jpeg()) == first
    finally:
        await one.close()


async def test_worker_that_nobody_asks_ends(tmp_path: Path) -> None:
    clock = SimulatedClock()
    one = PictureClassification(ModelRegistry(tmp_path), clock)
    await one.classify(jpeg())
    resting = asyncio.create_task(one.run())
    try:
        await clock.advance(IDLE_S * 0.9)
        assert one.worker_pid is not None
        while one.worker_pid is not None:
            await clock.advance(IDLE_S / 5)
    finally:
        resting.cancel()
        await one.close()


async def test_worker_is_started_when_somebody_looks_at_the_page(classification: PictureClassification) -> None:
    running = asyncio.create_task(classification.run())
    try:
        app = Starlette(routes=classify_routes(classification))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://analyzer") as client:
            await client.get("/classify")
        async with asyncio.timeout(30):
            while classification.worker_pid is None:
                await asyncio.sleep(0.02)
        pid = classification.worker_pid
        assert (await classification.classify(jpeg())).ranked
        assert classification.worker_pid == pid
    finally:
        running.cancel()


async def test_expected_worker_that_does_not_start_is_told_with_the_picture(tmp_path: Path) -> None:
    asked = asyncio.Event()

    async def fail(_: WorkerCommand) -> WorkerProcess:
        asked.set()
        raise WorkerNotReadyError("no memory")

    one = PictureClassification(ModelRegistry(tmp_path), SystemClock(), fail)
    running = asyncio.create_task(one.run())
    try:
        for _ in range(2):  # it goes on
            asked.clear()
            one.expect()
            await asyncio.wait_for(asked.wait(), 10)
        with pytest.raises(WorkerNotReadyError):
            await one.classify(jpeg())
        assert not running.done()
    finally:
        running.cancel()


async def test_crowd_is_told_to_wait(classification: PictureClassification) -> None:
    answers = await asyncio.gather(*(classification.classify(jpeg(seed)) for seed in range(12)), return_exceptions=True)
    busy = [answer for answer in answers if isinstance(answer, ClassifyBusyError)]
    assert len(busy) == 4
    assert len([answer for answer in answers if not isinstance(answer, BaseException)]) == 8


async def test_route_tells_what_is_wrong(classification: PictureClassification) -> None:
    app = Starlette(routes=classify_routes(classification))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://analyzer") as client:
        good = await client.post("/classify", content=jpeg())
        assert good.status_code == 200
        assert len(good.json()["ranked"]) == len(LABELS)
        changed = await client.post("/classify/changed", content=jpeg())
        assert len(changed.json()["looks"]) == 1 + len(CHANGES)
        card = (await client.get("/classify")).json()
        assert card["release"] == good.json()["release"]
        assert sorted(card["labels"]) == LABELS
        text = await client.post("/classify", content=b"hello")
        assert text.status_code == 422
        assert text.json()["code"] == "no_picture"


def test_system_without_a_classifier_says_so(tmp_path: Path) -> None:
    manifests = tmp_path / "manifests"
    manifests.mkdir()
    own = Path("src/vedette/vision/manifests/yunet-n.yaml").read_text()
    (manifests / "yunet-n.yaml").write_text(own)
    with pytest.raises(ClassifierMissingError):
        find_classifier(ModelRegistry(tmp_path, manifests))
