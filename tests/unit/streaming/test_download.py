"""Downloads judged by libav: exact start, nothing lost, gaps closed, ranges that fit together."""

import io
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from tests.support.clips import make_clip
from tests.support.footage import MemoryFootage
from tests.support.media import START_NS
from vedette.core.media import Codec, Packet, StreamFormat, StreamRole
from vedette.core.time import NS_PER_S
from vedette.media.audio_transcode import G711ToAac
from vedette.media.clip_mkv import MkvWriter
from vedette.media.demux import FileReader
from vedette.streaming.download import FormatChangesError, NoFootageError, RangeTooLongError, select
from vedette.streaming.mkv_download import stream_mkv
from vedette.streaming.mp4_download import FootageChangedError, plan_download

S = NS_PER_S
MAIN = StreamRole.MAIN


def read(path: Path, run_id: str = "run", start_ns: int = START_NS) -> tuple[StreamFormat, list[Packet]]:
    with FileReader(path, run_id, start_ns) as reader:
        return reader.format, list(reader.packets())


@pytest.fixture(scope="module")
def clips(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("clips")


def store(clips: Path, *starts_s: float, **options) -> MemoryFootage:
    """Stores a four-second clip (a key frame a second) once per start."""
    footage = MemoryFootage("cam")
    path = make_clip(clips, frames=100, **options)
    for number, start_s in enumerate(starts_s):
        stream_format, packets = read(path, f"run-{number}", START_NS + round(start_s * S))
        footage.add_segment(packets, stream_format, fragment_frames=5)
    return footage


def mp4(footage: MemoryFootage, from_s: float, to_s: float) -> bytes:
    selection = select(footage, "cam", MAIN, START_NS + round(from_s * S), START_NS + round(to_s * S))
    download = plan_download(footage, selection, G711ToAac)
    data = b"".join(download.stream())
    assert len(data) == download.size_bytes
    return data


def pictures(data: bytes) -> list[tuple[float, np.ndarray]]:
    with av.open(io.BytesIO(data)) as container:
        return [(frame.time, frame.to_ndarray(format="gray")) for frame in container.decode(video=0)]


def bar_position(picture: np.ndarray) -> int:
    """Column of the moving bar, which is 4 pixels further with each picture."""
    return int(np.argmax(picture[20].astype(int)))


@pytest.mark.parametrize("codec", [Codec.H264, Codec.H265])
def test_first_picture_is_exactly_the_asked_one(clips, codec) -> None:
    data = mp4(store(clips, 0, codec=codec), 1.6, 3.0)
    shown = [(time, picture) for time, picture in pictures(data) if time >= 0]
    assert shown[0][0] == pytest.approx(0, abs=0.001)
    assert abs(bar_position(shown[0][1]) - 40 * 4) <= 16


def test_duration_is_the_asked_one(clips) -> None:
    with av.open(io.BytesIO(mp4(store(clips, 0), 1.6, 3.0))) as container:
        assert container.duration / 1e6 == pytest.approx(1.4, abs=0.05)


def test_b_frames_are_in_order(clips) -> None:
    shown = pictures(mp4(store(clips, 0, b_frames=2), 0, 4))
    positions = [bar_position(picture) for _, picture in shown[:60]]
    assert len(shown) == 100
    assert positions == sorted(positions)


def test_gap_is_closed_up_and_told(clips) -> None:
    footage = store(clips, 0, 60)
    selection = select(footage, "cam", MAIN, START_NS, START_NS + 64 * S)
    assert selection.gaps == ((START_NS + 4 * S, START_NS + 60 * S),)
    shown = pictures(mp4(footage, 0, 64))
    assert len(shown) == 200
    assert shown[-1][0] == pytest.approx(8 - 0.04, abs=0.02)


def test_any_byte_range_is_the_part_of_the_whole(clips) -> None:
    footage = store(clips, 0)
    selection = select(footage, "cam", MAIN, START_NS, START_NS + 4 * S)
    download = plan_download(footage, selection, G711ToAac)
    whole = b"".join(download.stream())
    for start, end in ((0, 10), (100, 5000), (len(whole) - 7, len(whole)), (0, len(whole))):
        assert b"".join(download.stream(start, end)) == whole[start:end]


@pytest.mark.parametrize("audio", [Codec.AAC, Codec.PCMA, Codec.OPUS])
def test_sound_is_there_and_beside_its_picture(clips, audio) -> None:
    data = mp4(store(clips, 0, audio=audio), 1.0, 4.0)
    with av.open(io.BytesIO(data)) as container:
        assert container.streams.audio[0].codec_context.name == ("opus" if audio is Codec.OPUS else "aac")
        frames = list(container.decode(audio=0))
    assert frames[0].time == pytest.approx(0, abs=0.15)
    assert frames[-1].time == pytest.approx(3.0, abs=0.25)
    assert max(np.abs(frame.to_ndarray()).max() for frame in frames[5:]) > 0.1


def test_mkv_holds_every_frame_from_the_key_frame_before(clips) -> None:
    footage = store(clips, 0, audio=Codec.PCMA)
    selection = select(footage, "cam", MAIN, START_NS + round(1.6 * S), START_NS + 3 * S)
    data = b"".join(stream_mkv(footage, selection, G711ToAac, MkvWriter))
    assert abs(bar_position(pictures(data)[0][1]) - 25 * 4) <= 16
    with av.open(io.BytesIO(data)) as container:
        assert {stream.codec_context.name for stream in container.streams} == {"h264", "aac"}


def test_nothing_recorded_is_said(clips) -> None:
    footage = store(clips, 0)
    with pytest.raises(NoFootageError):
        select(footage, "cam", MAIN, START_NS + 100 * S, START_NS + 200 * S)
    with pytest.raises(NoFootageError):
        select(footage, "cam", StreamRole.SUB, START_NS, START_NS + S)


def test_range_beyond_six_hours_is_refused(clips) -> None:
    with pytest.raises(RangeTooLongError):
        select(store(clips, 0), "cam", MAIN, START_NS, START_NS + 7 * 3600 * S)


def test_format_that_changes_is_refused_with_the_moment(clips) -> None:
    footage = store(clips, 0)
    stream_format, packets = read(make_clip(clips, frames=100, size=(160, 90)), "small", START_NS + 4 * S)
    footage.add_segment(packets, stream_format)
    with pytest.raises(FormatChangesError, match="changes at"):
        select(footage, "cam", MAIN, START_NS, START_NS + 8 * S)


def test_footage_deleted_meanwhile_does_not_become_a_complete_file(clips) -> None:
    footage = store(clips, 0)
    selection = select(footage, "cam", MAIN, START_NS, START_NS + 4 * S)
    download = plan_download(footage, selection, G711ToAac)
    fragment = footage.fragments[5]
    key = (fragment.segment.segment_id, fragment.offset)
    footage._data[key] = footage._data[fragment.segment.segment_id, footage.fragments[6].offset]
    with pytest.raises(FootageChangedError):
        b"".join(download.stream())


def test_created_at_is_the_first_shown_moment(clips) -> None:
    footage = store(clips, 0)
    footage.fragments = [replace(fragment) for fragment in footage.fragments]
    data = mp4(footage, 2.0, 4.0)
    with av.open(io.BytesIO(data)) as container:
        assert container.metadata["creation_time"].startswith("2026-11-18T")
