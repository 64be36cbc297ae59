"""Hazards of going on in the middle of a file: containers that lie about places, rates, and a file that is another."""

import io
from collections.abc import Iterator

import av
import pytest
from msgspec.structs import replace

from tests.support.encoded import draw_square
from vedette.core.errors import InvalidInputError
from vedette.core.time import TICKS_PER_S
from vedette.testing.bright_detector import BrightDetector
from vedette.vision import wire
from vedette.vision.file_session import FileSession
from vedette.vision.wire import FilePlace, FileSetup, Kind, PacketReply

FPS = 5
PICTURES, FEW = 400, 160
FORMS = {
    "mp4": ("mp4", "libx264", {"bf": "3", "g": "15"}),
    "transport stream": ("mpegts", "libx264", {"bf": "2", "g": "15"}),
    "matroska": ("matroska", "libx264", {"bf": "0", "g": "40"}),
    "avi with b-frames": ("avi", "libx264", {"x264-params": "b-adapt=0:bframes=3:b-pyramid=normal", "g": "15"}),
    "motion jpeg": ("avi", "mjpeg", {}),
    "raw": ("h264", "libx264", {"bf": "2", "g": "15"}),
}


def encode(form: str, first: int = 0, quality: str = "23", pictures: int = PICTURES) -> bytes:
    """The square crosses the picture again and again. A low `quality` makes a large file."""
    container_format, codec, options = FORMS[form]
    options = options | {"crf": quality}
    out = io.BytesIO()
    with av.open(out, "w", format=container_format) as container:
        stream = container.add_stream(codec, rate=FPS, options=options)
        stream.width, stream.height = 160, 90
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        for step in range(first, first + pictures):
            image = draw_square(step % 60, 160, 90)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        container.mux(stream.encode(None))
    return out.getvalue()


class CountingFile(io.BytesIO):
    """Knows how much of it was read."""

    read_bytes = 0

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        self.read_bytes += len(data)
        return data


class Reading:
    """One worker that reads a file."""

    def __init__(self, file: io.BytesIO, fps: float, place: FilePlace | None = None) -> None:
        self._session = FileSession(file, BrightDetector())
        self._session.answer(Kind.FILE_OPEN, wire.encode(FileSetup("model", [], fps, place=place)))

    def set_fps(self, fps: float) -> None:
        self._session.answer(Kind.FILE_TERMS, wire.encode(wire.FileTerms([], fps)))

    def replies(self) -> Iterator[PacketReply]:
        while True:
            reply = wire.decode_reply(self._session.answer(Kind.FILE_NEXT, b""))
            if reply.place or reply.done:
                yield reply
            if reply.done:
                return


def still(replies: list[PacketReply]) -> list[object]:
    """Without how much moved: the background has seen seconds, not hours. Replies without results are only counted."""
    told = [(reply.place, [replace(result, motion=0.0) for result in reply.results]) for reply in replies]
    return [sum(reply.decoded for reply in replies), *(one for one in told if one[1])]


def moved(replies: list[PacketReply]) -> list[float]:
    return [result.motion for reply in replies for result in reply.results]


@pytest.mark.parametrize("fps", [0.0, 2.0, 0.2])
@pytest.mark.parametrize("form", FORMS)
def test_what_comes_behind_a_place_is_what_would_have_come(form: str, fps: float) -> None:
    data = encode(form, pictures=FEW)
    whole = list(Reading(io.BytesIO(data), fps).replies())
    assert sum(reply.decoded for reply in whole) >= FEW - 3  # the last ones of AVI are not always told
    for cut in (0, len(whole) // 3, len(whole) - 3):
        again = list(Reading(io.BytesIO(data), fps, whole[cut].place).replies())
        assert still(again) == still(whole[cut + 1 :])
        assert moved(again) == pytest.approx(moved(whole[cut + 1 :]), abs=0.01)


@pytest.mark.parametrize("form", ["mp4", "transport stream", "matroska", "motion jpeg"])
def test_hours_before_a_place_are_not_read_again(form: str) -> None:
    file = CountingFile(encode(form, quality="1"))
    whole = list(Reading(file, 0.0).replies())
    file.read_bytes = 0
    again = list(Reading(file, 0.0, whole[-5].place).replies())
    assert still(again) == still(whole[-4:])
    assert file.read_bytes < len(file.getvalue()) * 0.6


def test_rate_that_changed_before_the_place_goes_on_evenly() -> None:
    data = encode("mp4")
    reading = Reading(io.BytesIO(data), 0.0)
    replies = reading.replies()
    before = [next(replies) for _ in range(60)]
    reading.set_fps(2.0)
    behind = list(replies)
    for cut in (0, 1, 2, 3, 10, 50):  # the first ones were begun before the change
        again = Reading(io.BytesIO(data), 2.0, behind[cut].place)
        assert [reply.place for reply in again.replies()][1:] == [reply.place for reply in behind[cut + 1 :]][1:]
    assert len(behind) < PICTURES - len(before) - 100


def test_rate_that_changes_while_the_place_is_looked_for_holds_behind_it() -> None:
    data = encode("raw")
    whole = list(Reading(io.BytesIO(data), 0.0).replies())
    again = Reading(io.BytesIO(data), 0.0, whole[300].place)
    again.set_fps(1.0)
    first, *_, last = [result.pts_90k for reply in whole[300:] for result in reply.results]
    taken = sum(len(reply.results) for reply in again.replies())
    assert taken == pytest.approx((last - first) / TICKS_PER_S, abs=2)


@pytest.mark.parametrize("form", ["mp4", "raw"])
def test_file_that_is_another_is_refused(form: str) -> None:
    whole = list(Reading(io.BytesIO(encode(form)), 0.0).replies())
    with pytest.raises(InvalidInputError, match="does not show any more"):
        list(Reading(io.BytesIO(encode(form, first=7)), 0.0, whole[200].place).replies())


@pytest.mark.parametrize(
    "place",
    [
        FilePlace(-1, 0, 0, 0.0, 0.0, (0, 0)),
        FilePlace(1, 0, 0, float("nan"), 0.0, (0, 0)),
        FilePlace(1, 0, 0, 0.0, float("inf"), (0, 0)),
        FilePlace(1, 1 << 60, 0, 0.0, 0.0, (0, 0)),
        FilePlace(1, 0, 0, 0.0, 0.0, (0, -1)),
    ],
)
def test_places_that_cannot_be_are_refused(place: FilePlace) -> None:
    with pytest.raises(InvalidInputError):
        wire.decode_reply(wire.encode(PacketReply(1, 0, [], place=place)))
