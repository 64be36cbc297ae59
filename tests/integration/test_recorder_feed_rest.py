"""Who reads the recorder's feed, and whether its loop may rest meanwhile."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from vedette.adapters.feed_client import UnixFeedSource
from vedette.adapters.role_server import serve_role_app
from vedette.core.media import StreamRole, StreamState
from vedette.core.messages import StreamStateChanged
from vedette.node.recorder_app import make_app
from vedette.recording.feed_hub import FeedHub
from vedette.runtime.loop_rest import LoopRest


class Desk:
    def __init__(self) -> None:
        self.hub = FeedHub()
        self.hub.write_state(StreamStateChanged("yard", StreamRole.MAIN, StreamState.ONLINE, "", "", "", 0))

    async def assign(self, assignment: Any) -> None:
        raise NotImplementedError

    def describe(self) -> dict[str, object]:
        return {}

    def format_metrics(self) -> str:
        return ""

    def find_hub(self, _key: Any) -> FeedHub:
        return self.hub


@pytest.mark.timeout(30)
@pytest.mark.parametrize("patient", [False, True])
@pytest.mark.parametrize("key_frames", [False, True])
async def test_a_viewer_keeps_the_loop_awake_and_a_patient_reader_does_not(
    tmp_path: Path, *, patient: bool, key_frames: bool
) -> None:
    rest, path = LoopRest(), tmp_path / "recorder.sock"
    async with serve_role_app(make_app(Desk(), rest), path):
        feed = UnixFeedSource(path, is_patient=patient)
        async with feed.open("yard", StreamRole.MAIN, key_frames_only=key_frames) as items:
            await anext(items)
            assert rest.is_held is not patient
        while rest.is_held:
            await asyncio.sleep(0)
