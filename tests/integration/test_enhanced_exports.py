"""Exports enlarged by super-resolution, through the real gateway and its workers: labelled, marked, no evidence."""

import io
from pathlib import Path

import av
import numpy as np
import pytest

from tests.integration.test_export_routes import finish, order, running
from tests.support.exports import START_NS, add_recorded_camera
from tests.support.gateway import API, open_gateway
from vedette.core.media import StreamRole
from vedette.core.time import NS_PER_S, format_utc
from vedette.vision.enhance.label import render_label

SECOND = {"to": format_utc(START_NS + NS_PER_S), "stream": "sub", "enhance": True}


@pytest.mark.parametrize("kind", ["mp4", "mkv"])
async def test_sub_stream_is_doubled_labelled_and_marked(tmp_path: Path, kind: str) -> None:
    async with open_gateway(tmp_path / "d") as house, house.local() as local:
        camera = await add_recorded_camera(house, "Gate", tmp_path, role=StreamRole.SUB)
        ordered = await local.post(f"{API}/exports", json=order(camera, format=kind, **SECOND))
        assert ordered.json()["estimated_s"] > 0, ordered.text
        async with running(house):
            job = await finish(local, ordered, timeout_s=150.0)
        assert (job["state"], job["error"], job["enhanced"]) == ("done", None, True)
        (file,) = job["files"]
        assert (file["name"], file["enhanced"]) == (f"Gate enhanced.{kind}", True)
        data = (await local.get(f"{API}/exports/{job['id']}/files/{file['name']}")).content
        assert len(data) == file["size_bytes"]
        trail = (await local.get(f"{API}/audit?action=recording.export")).json()["items"]
        assert trail[-1]["detail"].endswith("; enhanced")
        assert [path.name for path in (house.data / "exports" / job["id"] / "files").iterdir()] == [file["name"]]
    with av.open(io.BytesIO(data)) as container:
        comment = {name.lower(): text for name, text in container.metadata.items()}["comment"]
        pictures = [frame.to_ndarray(format="gray").astype(int) for frame in container.decode(video=0)]
    assert "this is not evidence" in comment
    assert "theft at the gate" in comment
    assert len(pictures) >= 25
    assert pictures[0].shape == (360, 640)
    plate = render_label((640, 360)).astype(int)
    assert np.abs(pictures[-1][-plate.shape[0] :, -plate.shape[1] :] - plate).mean() < 12


async def test_what_may_not_or_cannot_be_enhanced_is_refused_with_the_way_out(tmp_path: Path) -> None:
    async with open_gateway(tmp_path / "d") as house, house.local() as local:
        main = await add_recorded_camera(house, "Gate", tmp_path)
        sub = await add_recorded_camera(house, "Yard 2", tmp_path, role=StreamRole.SUB)
        long = {"to": format_utc(START_NS + 601 * NS_PER_S)}
        for wanted, code in (
            (order(sub, **SECOND, bundle=True), "enhance_refused"),
            (order(main, **SECOND), "enhance_refused"),
            (order(sub, **SECOND | long), "export_too_large"),
        ):
            answer = await local.post(f"{API}/exports", json=wanted)
            assert (answer.status_code, answer.json()["code"]) == (422, code)
            assert answer.json()["hint"]
        assert (await local.get(f"{API}/exports")).json()["items"] == []
