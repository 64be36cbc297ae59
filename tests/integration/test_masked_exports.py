"""Exports of cameras with hidden parts: the real jailed child, the files judged by decoding them."""

import io
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.support.exports import START_NS, camera_id, make_order, record
from tests.support.recording import Rig
from vedette.core.geometry import Polygon
from vedette.core.media import Codec, StreamRole
from vedette.core.privacy import PrivacyZone
from vedette.core.time import NS_PER_S, TICKS_PER_S
from vedette.media.audio_transcode import G711ToAac
from vedette.media.clip_mkv import MkvWriter
from vedette.streaming.download import select
from vedette.streaming.export_job import ExportCamera, ExportFormat, ExportOutcome
from vedette.streaming.export_maker import FootageExportMaker
from vedette.streaming.export_ports import ExportCancelledError
from vedette.streaming.mask_worker import Masker, MaskerLostError, MaskNursery, MaskPolicy
from vedette.streaming.masked_footage import MaskedFootage
from vedette.streaming.masked_stream import stream_masked_mp4

S = NS_PER_S
ZONE = PrivacyZone("zone-1", "Window", Polygon(((0.2, 0.2), (0.6, 0.2), (0.6, 0.6), (0.2, 0.6))))
INSIDE, BELOW = np.s_[36:108, 64:192], np.s_[124:176, 4:316]
POLICY = MaskPolicy(key_every_90k=TICKS_PER_S)


@pytest.fixture(scope="module")
def clips(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("clips")


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path / "volume")


def make(rig: Rig, folder: Path, *, zones=(ZONE,), open_masker=None, report=None, **options) -> ExportOutcome:
    folder.mkdir()
    maker = FootageExportMaker(rig.reader(), G711ToAac, MkvWriter, open_masker or MaskNursery(POLICY).open)
    cameras = (ExportCamera(camera_id(0), "Gate", StreamRole.MAIN, zones),)
    order = make_order(**({"cameras": cameras} | options))
    return maker.make(order, folder, report or (lambda _: None))


def shown(path: Path) -> list[tuple[float, NDArray[np.uint8]]]:
    """Time and luma of each picture that a player shows."""
    with av.open(str(path)) as container:
        frames = [(frame.time, frame.to_ndarray(format="gray")) for frame in container.decode(video=0)]
    return [(time, picture) for time, picture in frames if time > -0.039]


def key_times(path: Path) -> list[float]:
    with av.open(str(path)) as container:
        return [float(p.pts * p.time_base) for p in container.demux(video=0) if p.size and p.is_keyframe]


def is_hidden(picture: NDArray[np.uint8]) -> bool:
    return bool(picture[INSIDE].max() <= 60)


@pytest.mark.parametrize("kind", list(ExportFormat))
@pytest.mark.parametrize(("codec", "b_frames"), [(Codec.H264, 0), (Codec.H264, 2), (Codec.H265, 2)])
def test_masked_file_shows_every_picture_of_the_copy_without_the_hidden_part(
    rig, clips, tmp_path, kind, codec, b_frames
) -> None:
    record(rig, clips, 0, 0, codec=codec, b_frames=b_frames)
    span = {"from_s": 1.6, "to_s": 3.6, "kind": kind}
    (masked,) = make(rig, tmp_path / "masked", **span).files
    make(rig, tmp_path / "copy", zones=(), kind=ExportFormat.MP4, from_s=1.6, to_s=3.6)
    assert (masked.name, masked.is_masked) == (f"Gate masked.{kind}", True)
    found, copied = shown(tmp_path / "masked" / masked.name), shown(tmp_path / "copy" / "Gate.mp4")
    copied = [one for one in copied if one[0] < 2.0 - 0.001]
    assert len(found) == len(copied) == pytest.approx(50, abs=1)
    assert found[-1][0] - found[0][0] == pytest.approx(copied[-1][0] - copied[0][0], abs=0.002)
    for (_, picture), (_, original) in zip(found, copied, strict=True):
        assert is_hidden(picture)
        assert not is_hidden(original)
        assert np.abs(picture[BELOW].astype(int) - original[BELOW].astype(int)).mean() < 6


def test_first_picture_is_exactly_the_asked_one_and_the_file_is_as_long_as_the_range(rig, clips, tmp_path) -> None:
    record(rig, clips, 0, 0, audio=Codec.AAC)
    (file,) = make(rig, tmp_path / "out", from_s=1.61, to_s=3.61).files
    with av.open(str(tmp_path / "out" / file.name)) as container:
        assert container.duration / av.time_base == pytest.approx(2.0, abs=0.05)
    first = shown(tmp_path / "out" / file.name)[0]
    assert first[0] == pytest.approx(0, abs=0.01)
    assert abs(int(np.argmax(first[1][150].astype(int))) - 40 * 4) <= 16


@pytest.mark.parametrize("audio", [Codec.AAC, Codec.PCMA])
@pytest.mark.parametrize("kind", list(ExportFormat))
def test_sound_goes_along_unchanged(rig, clips, tmp_path, audio, kind) -> None:
    record(rig, clips, 0, 0, audio=audio)
    make(rig, tmp_path / "masked", kind=kind, from_s=0, to_s=4)
    make(rig, tmp_path / "copy", zones=(), kind=kind, from_s=0, to_s=4)
    found, copied = sound(tmp_path / "masked" / f"Gate masked.{kind}"), sound(tmp_path / "copy" / f"Gate.{kind}")
    begin = copied.index(found[0])  # Matroska has no time before its first picture: an encoder's primer is left out
    assert begin <= (kind is ExportFormat.MKV)
    assert found == copied[begin : begin + len(found)]
    assert len(copied) - len(found) <= 3


def sound(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(audio=0) if packet.size]


def test_camera_that_sends_a_key_frame_in_ten_seconds_is_seekable_each_second(rig, clips, tmp_path) -> None:
    record(rig, clips, 0, 0, frames=150, gop_frames=150)
    (file,) = make(rig, tmp_path / "out", to_s=6).files
    times = key_times(tmp_path / "out" / file.name)
    assert len(times) == 6
    assert max(later - earlier for earlier, later in itertools.pairwise(times)) <= 1.001


def test_gap_and_restart_inside_the_range_are_closed_up_and_told_as_in_a_copy(rig, clips, tmp_path) -> None:
    record(rig, clips, 0, 0, 10, b_frames=2)
    outcome = make(rig, tmp_path / "out", from_s=1, to_s=14)
    copy = make(rig, tmp_path / "copy", zones=(), from_s=1, to_s=14)
    assert outcome.gaps == copy.gaps
    found = shown(tmp_path / "out" / outcome.files[0].name)
    assert len(found) == 175
    assert all(is_hidden(picture) for _, picture in found)


def test_change_of_size_begins_another_masked_file(rig, clips, tmp_path) -> None:
    record(rig, clips, 0, 0)
    record(rig, clips, 0, 4, size=(160, 90))
    files = make(rig, tmp_path / "out", from_s=1.0, to_s=8).files
    assert [file.name for file in files] == ["Gate masked.mp4", "Gate masked-2.mp4"]
    assert [len(shown(tmp_path / "out" / file.name)) for file in files] == [75, 100]
    small = shown(tmp_path / "out" / files[1].name)
    assert all(picture[20:52, 34:94].max() <= 60 for _, picture in small)


@pytest.mark.parametrize("kind", list(ExportFormat))
def test_file_says_in_its_metadata_that_it_is_no_original(rig, clips, tmp_path, kind) -> None:
    record(rig, clips, 0, 0)
    (file,) = make(rig, tmp_path / "out", kind=kind).files
    with av.open(str(tmp_path / "out" / file.name)) as container:
        found = {name.lower(): text for name, text in container.metadata.items()}
    assert found["title"] == "Gate (parts hidden)"
    assert found["masked"] == "not the recorded original: encoded anew, parts filled by 1 privacy zones"
    assert found["purpose"] == "theft at the gate"


class DyingMasker:
    """The real child, killed after some pictures."""

    def __init__(self, masker: Masker, lives: int) -> None:
        self._masker = masker
        self._lives = lives

    def __getattr__(self, name: str) -> object:
        return getattr(self._masker, name)

    async def push(self, packet, *, decode_only: bool = False):
        self._lives -= 1
        if self._lives == 0:
            self._masker._child.kill()
        return await self._masker.push(packet, decode_only=decode_only)


def dying_after(lives: int) -> Callable[[], object]:
    @asynccontextmanager
    async def open_masker() -> AsyncIterator[DyingMasker]:
        async with MaskNursery(POLICY).open() as masker:
            yield DyingMasker(masker, lives)

    return open_masker


@pytest.mark.parametrize("kind", list(ExportFormat))
def test_child_that_dies_fails_the_export_and_leaves_no_named_file(rig, clips, tmp_path, kind) -> None:
    record(rig, clips, 0, 0)
    record(rig, clips, 1, 0)
    both = (
        ExportCamera(camera_id(0), "Gate", StreamRole.MAIN, (ZONE,)),
        ExportCamera(camera_id(1), "Yard", StreamRole.MAIN, (ZONE,)),
    )
    with pytest.raises(MaskerLostError, match="is gone"):
        make(rig, tmp_path / "out", kind=kind, open_masker=dying_after(30), cameras=both)
    assert not list((tmp_path / "out").glob("[!.]*"))


async def test_download_whose_child_dies_breaks_off_and_what_was_sent_is_masked(rig, clips) -> None:
    record(rig, clips, 0, 0)
    selection = select(rig.reader(), camera_id(0), StreamRole.MAIN, START_NS, START_NS + 4 * S)
    footage = MaskedFootage(rig.reader(), selection, (ZONE,), G711ToAac, dying_after(60))
    sent: list[bytes] = []

    async def send() -> None:
        async for block in stream_masked_mp4(footage, {}):
            sent.append(block)  # noqa: PERF401 -- what came before the error counts

    with pytest.raises(MaskerLostError, match="is gone"):
        await send()
    with av.open(io.BytesIO(b"".join(sent))) as container:
        pictures = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
    assert 20 <= len(pictures) < 60
    assert all(is_hidden(picture) for picture in pictures)


def test_cancelled_masking_ends_its_child(rig, clips, tmp_path) -> None:
    record(rig, clips, 0, 0)
    children: list[int] = []
    told: list[int] = []

    @asynccontextmanager
    async def open_masker() -> AsyncIterator[Masker]:
        async with MaskNursery(POLICY).open() as masker:
            children.append(masker._child.pid)  # type: ignore[attr-defined]
            yield masker

    def report(more_bytes: int) -> None:
        told.append(more_bytes)
        raise ExportCancelledError("not wanted any more")

    with pytest.raises(ExportCancelledError):
        make(rig, tmp_path / "out", open_masker=open_masker, report=report)
    assert (len(told), len(children)) == (1, 1)
    assert not Path(f"/proc/{children[0]}").exists()
