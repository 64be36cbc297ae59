"""Hazards of enhanced pictures: taken for recordings, colours lost, the wrong weight set, hostile headers."""

import contextlib
import struct

import av
import cv2
import numpy as np
import pytest

from vedette.core.errors import InvalidInputError
from vedette.media.annotate import VideoWriter
from vedette.media.planes import PlanarFrame
from vedette.vision.enhance.bank import SET_NAMES, choose_set
from vedette.vision.enhance.blockiness import measure_blockiness
from vedette.vision.enhance.headers import NoPictureError, PictureTooLargeError, is_picture, read_header
from vedette.vision.enhance.label import CORNERS, place_label, render_label
from vedette.vision.enhance.marks import describe_enhancement, mark_picture
from vedette.vision.enhance.messages import check_enlarged_size
from vedette.vision.enhance.picture import enhance_bgr, enhance_planes
from vedette.vision.enhance.quality import quality_of_grid, quality_of_qp

NOTE = describe_enhancement("sr-r0", "clean")


def make_picture(width: int = 240, height: int = 160) -> np.ndarray:
    """Soft shapes and some noise (H, W, 3): what JPEG leaves a grid in."""
    rng = np.random.default_rng(3)
    image = cv2.resize(rng.integers(0, 255, (12, 16, 3), np.uint8), (width, height), interpolation=cv2.INTER_CUBIC)
    return np.clip(image + rng.normal(0, 6, image.shape), 0, 255).astype(np.uint8)


def encode(image: np.ndarray, suffix: str = ".jpg", quality: int = 90) -> bytes:
    options = [cv2.IMWRITE_JPEG_QUALITY, quality] if suffix == ".jpg" else []
    return cv2.imencode(suffix, image, options)[1].tobytes()


def repeat(luma: np.ndarray) -> np.ndarray:
    return luma.repeat(2, 0).repeat(2, 1)


@pytest.mark.parametrize("quality", [20, 30, 50, 70, 90, 98])
def test_quality_is_read_from_the_table(quality: int) -> None:
    assert read_header(encode(make_picture(), quality=quality)).quality == pytest.approx(quality, abs=1.5)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".bmp"])
def test_size_and_format_are_read_before_decoding(suffix: str) -> None:
    data = encode(make_picture(66, 34), suffix)
    header = read_header(data)
    assert (header.format, header.width, header.height) == ({".jpg": "jpeg"}.get(suffix, suffix[1:]), 66, 34)
    assert is_picture(data[:16])


def test_headers_cut_anywhere_are_refused_not_crashed_on() -> None:
    for suffix in (".jpg", ".png", ".bmp"):
        data = encode(make_picture(40, 30), suffix)
        for length in range(200):
            try:
                header = read_header(data[:length])
            except NoPictureError:
                continue
            assert (header.width, header.height) == (40, 30)


def test_header_of_random_bytes_ends() -> None:
    rng = np.random.default_rng(1)
    for _ in range(300):
        data = b"\xff\xd8\xff" + rng.integers(0, 256, 300, np.uint8).tobytes()
        with contextlib.suppress(NoPictureError):
            read_header(data)


def test_what_is_no_picture_is_told() -> None:
    assert not is_picture(b"\0\0\0\x18ftypisom")
    with pytest.raises(NoPictureError):
        read_header(b"GIF89a")
    with pytest.raises(NoPictureError):
        read_header(b"\x89PNG\r\n\x1a\n" + b"\0" * 30)


@pytest.mark.parametrize(
    ("quality", "wanted"),
    [(100, "clean"), (90, "jpeg-90"), (70, "jpeg-70"), (50, "jpeg-50"), (30, "jpeg-30"), (1, "jpeg-30")],
)
def test_set_of_the_nearest_quality_is_chosen(quality: float, wanted: str) -> None:
    assert choose_set(quality) == wanted
    assert wanted in SET_NAMES


def test_coarser_quantiser_never_means_better_quality() -> None:
    qualities = [quality_of_qp(qp) for qp in range(52)]
    assert qualities == sorted(qualities, reverse=True)
    assert qualities[-1] >= 1
    assert qualities[0] <= 100


def test_grid_is_seen_after_coarse_compression_only() -> None:
    image = cv2.cvtColor(make_picture(), cv2.COLOR_BGR2GRAY)
    coarse = cv2.imdecode(np.frombuffer(encode(image, quality=20), np.uint8), cv2.IMREAD_GRAYSCALE)
    assert quality_of_grid(image) == 100
    assert quality_of_grid(coarse) < 40
    assert measure_blockiness(image[:20, :20]) == 1


@pytest.mark.parametrize("corner", CORNERS)
def test_every_corner_shows_the_label(corner: str) -> None:
    image = np.full((90, 160, 3), 128, np.uint8)
    larger = enhance_bgr(image, repeat, corner)
    assert larger.shape == (180, 320, 3)
    plate = render_label((320, 180))
    left, top = place_label((320, 180), (plate.shape[1], plate.shape[0]), corner)
    shown = larger[top : top + plate.shape[0], left : left + plate.shape[1], 1]
    np.testing.assert_array_equal(shown, plate)
    assert plate.min() < 40
    assert plate.max() > 180
    outside = np.delete(larger.reshape(-1, 3), 0, axis=0)
    assert (outside == 128).all(axis=1).sum() >= 320 * 180 - plate.size - 1


@pytest.mark.parametrize("size_px", [(2, 2), (8, 4), (40, 20), (4096, 2160)])
def test_label_fits_into_every_picture(size_px: tuple[int, int]) -> None:
    plate = render_label(size_px)
    assert plate.shape[1] <= size_px[0]
    assert plate.shape[0] <= size_px[1]
    assert plate.shape[0] % 2 == plate.shape[1] % 2 == 0


def test_colours_of_a_picture_stay() -> None:
    image = np.zeros((64, 96, 3), np.uint8)
    image[:, :48], image[:, 48:] = (200, 30, 40), (20, 180, 230)
    larger = enhance_bgr(image, repeat, "bottom-right").astype(int)
    assert np.abs(larger[10, 20] - image[5, 10]).max() <= 3
    assert np.abs(larger[10, 150] - image[5, 75]).max() <= 3


def test_planes_of_odd_sizes_become_a_whole_video_picture() -> None:
    frame = PlanarFrame(
        900, np.full((5, 7), 90, np.uint8), np.full((3, 4), 60, np.uint8), np.full((3, 4), 70, np.uint8)
    )
    larger = enhance_planes(frame, repeat, "top-left")
    assert (larger.size_px, larger.u.shape, larger.pts_90k) == ((14, 10), (5, 7), 900)
    assert larger.v[4, 6] == 70


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".bmp"])
def test_marked_file_says_so_and_still_opens(suffix: str) -> None:
    image = make_picture(60, 40)
    plain = encode(image, suffix)
    kind = read_header(plain).format
    marked = mark_picture(plain, kind, NOTE)
    assert NOTE.encode() in marked
    opened = cv2.imdecode(np.frombuffer(marked, np.uint8), cv2.IMREAD_COLOR)
    np.testing.assert_array_equal(opened, cv2.imdecode(np.frombuffer(plain, np.uint8), cv2.IMREAD_COLOR))
    if kind == "bmp":
        assert struct.unpack_from("<I", marked, 2)[0] == len(marked)


def test_mark_that_would_break_the_file_is_refused() -> None:
    for text in ("", "é", "x" * 70_000):
        with pytest.raises(InvalidInputError):
            mark_picture(encode(make_picture(20, 20)), "jpeg", text)


def test_video_carries_the_note_and_the_planes(tmp_path) -> None:
    writer = VideoWriter(64, 48, NOTE, crf=10)
    for step in range(3):
        planes = [np.full((24, 32), 128, np.uint8)] * 2
        writer.write_planes(PlanarFrame(step * 9000, np.full((48, 64), 40 + 60 * step, np.uint8), *planes))
    path = tmp_path / "a.mp4"
    path.write_bytes(writer.finish())
    with av.open(str(path)) as container:
        assert container.metadata["comment"] == NOTE
        levels = [frame.to_ndarray(format="gray")[10, 10] for frame in container.decode(video=0)]
    assert len(levels) == 3
    assert levels == sorted(levels)


def test_too_large_pictures_are_refused_by_their_announced_size() -> None:
    check_enlarged_size(3840, 2160)
    for size in ((4097, 10), (4000, 3000)):
        with pytest.raises(PictureTooLargeError):
            check_enlarged_size(*size)
