"""Files of exports judged by libav: exact, whole, marked, with every gap told. The footage lies in a real volume."""

import hashlib
from pathlib import Path

import av
import numpy as np
import pytest

from tests.support.exports import START_NS, camera_id, make_maker, make_order, record
from tests.support.recording import Rig
from vedette.core.media import Codec, StreamRole
from vedette.core.time import NS_PER_S
from vedette.media.audio_transcode import G711ToAac
from vedette.streaming.download import NoFootageError, select
from vedette.streaming.export_job import ExportCamera, ExportFormat, ExportGap, ExportOutcome, name_files
from vedette.streaming.export_ports import ExportCancelledError
from vedette.streaming.mp4_download import FootageChangedError, plan_download

S = NS_PER_S


@pytest.fixture(scope="module")
def clips(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("clips")


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path / "volume")


def make(rig: Rig, folder: Path, *names: str, **options) -> ExportOutcome:
    folder.mkdir()
    return make_maker(rig).make(make_order(*names, **options), folder, lambda _: None)


def pictures(path: Path) -> list[tuple[float, np.ndarray]]:
    with av.open(str(path)) as container:
        return [(frame.time, frame.to_ndarray(format="gray")) for frame in container.decode(video=0)]


def bar_position(picture: np.ndarray) -> int:
    """Column of the moving bar, which is 4 pixels further with each picture."""
    return int(np.argmax(picture[20].astype(int)))


@pytest.mark.parametrize("audio", [None, Codec.AAC, Codec.PCMA, Codec.OPUS])
@pytest.mark.parametrize("b_frames", [0, 2])
def test_copied_ranges_are_the_same_samples_as_unpacked_packets(rig, clips, tmp_path, audio, b_frames) -> None:
    record(rig, clips, 0, 0, 10, audio=audio, b_frames=b_frames)
    outcome = make(rig, tmp_path / "out", "Gate", from_s=1.6, to_s=13)
    reader = rig.reader()
    selection = select(reader, camera_id(0), StreamRole.MAIN, START_NS + round(1.6 * S), START_NS + 13 * S)
    slow = tmp_path / "slow.mp4"
    slow.write_bytes(b"".join(plan_download(reader, selection, G711ToAac).stream()))
    fast = tmp_path / "out" / outcome.files[0].name
    assert samples(fast) == samples(slow)
    assert samples(fast)


def samples(path: Path) -> list[tuple[str, int | None, int | None, int | None, bytes]]:
    with av.open(str(path)) as container:
        return [
            (packet.stream.type, packet.pts, packet.dts, packet.duration, bytes(packet))
            for packet in container.demux()
            if packet.size
        ]


def test_first_picture_is_exactly_the_asked_one(rig, clips, tmp_path) -> None:
    record(rig, clips, 0, 0)
    outcome = make(rig, tmp_path / "out", "Gate", from_s=1.6, to_s=3.0)
    shown = [(time, picture) for time, picture in pictures(tmp_path / "out" / "Gate.mp4") if time >= 0]
    assert [file.name for file in outcome.files] == ["Gate.mp4"]
    assert shown[0][0] == pytest.approx(0, abs=0.001)
    assert abs(bar_position(shown[0][1]) - 40 * 4) <= 16


def test_hash_and_size_are_those_of_the_file(rig, clips, tmp_path) -> None:
    record(rig, clips, 0, 0)
    for kind in ExportFormat:
        (file,) = make(rig, tmp_path / kind, "Gate", kind=kind).files
        data = (tmp_path / kind / file.name).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (file.size_bytes, file.sha256)


def test_change_of_format_begins_another_file(rig, clips, tmp_path) -> None:
    record(rig, clips, 0, 0)
    record(rig, clips, 0, 4, size=(160, 90))
    outcome = make(rig, tmp_path / "out", "Gate", from_s=1.0, to_s=8)
    assert [file.name for file in outcome.files] == ["Gate.mp4", "Gate-2.mp4"]
    assert [len(pictures(tmp_path / "out" / file.name)) for file in outcome.files] == [75, 100]
    assert outcome.files[1].first_ns == pytest.approx(START_NS + 4 * S, abs=S // 20)
    assert outcome.gaps == ()


def test_every_missing_stretch_of_the_range_is_told(rig, clips, tmp_path) -> None:
    record(rig, clips, 0, 10, 20)
    outcome = make(rig, tmp_path / "out", "Gate", from_s=5, to_s=30)
    told = [(round((gap.from_ns - START_NS) / S), round((gap.to_ns - START_NS) / S)) for gap in outcome.gaps]
    assert told == [(5, 10), (14, 20), (24, 30)]


def test_camera_without_footage_is_a_gap_and_does_not_stop_the_others(rig, clips, tmp_path) -> None:
    record(rig, clips, 0, 0)
    nothing = ExportCamera(camera_id(1), "Yard", None)
    order = make_order("Gate")
    outcome = make(rig, tmp_path / "out", cameras=(*order.cameras, nothing))
    assert [file.camera_id for file in outcome.files] == [camera_id(0)]
    assert ExportGap(camera_id(1), order.from_ns, order.to_ns) in outcome.gaps
    with pytest.raises(NoFootageError):
        make(rig, tmp_path / "none", cameras=(nothing,))


@pytest.mark.parametrize("kind", list(ExportFormat))
def test_file_names_user_purpose_and_export_in_its_metadata(rig, clips, tmp_path, kind) -> None:
    record(rig, clips, 0, 0)
    make(rig, tmp_path / "out", "Cổng trước", kind=kind)
    with av.open(str(tmp_path / "out" / f"Cổng trước.{kind}")) as container:
        found = {name.lower(): text for name, text in container.metadata.items()}
    order = make_order("Gate")
    assert found["title"] == "Cổng trước"
    assert found["user"] == f"anna ({order.user_id})"
    assert found["purpose"] == "theft at the gate"
    assert found["export"] == order.export_id
    assert order.user_id in found["comment"]


def test_cancelled_export_stops_at_the_next_fragment(rig, clips, tmp_path) -> None:
    record(rig, clips, 0, 0)
    told = []

    def report(more_bytes: int) -> None:
        told.append(more_bytes)
        raise ExportCancelledError("not wanted any more")

    with pytest.raises(ExportCancelledError):
        make_maker(rig).make(make_order("Gate"), tmp_path, report)
    assert len(told) == 1


def test_damaged_footage_never_becomes_a_whole_file(rig, clips, tmp_path) -> None:
    record(rig, clips, 0, 0)
    (stored,) = (rig.volume.root / "segments").rglob("*.mp4")
    with stored.open("r+b") as file:
        file.truncate(stored.stat().st_size // 2)
    with pytest.raises(FootageChangedError):
        make(rig, tmp_path / "out", "Gate")
    assert not list((tmp_path / "out").glob("*.mp4"))


def test_names_are_safe_and_never_meet() -> None:
    names = ("a/b", "a:b", "A-B", "..", "con", "", "Cổng", "x" * 300)
    made = name_files(names, "mp4")
    assert made[:7] == ("a-b.mp4", "a-b-2.mp4", "A-B-3.mp4", "camera.mp4", "camera-con.mp4", "camera-2.mp4", "Cổng.mp4")
    assert len({name.casefold() for name in made}) == len(names)
    assert max(len(name.encode()) for name in made) < 255
