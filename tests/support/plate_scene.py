"""A car's back with a painted plate that drives into a picture: what the embedded models find and read."""

import io
from collections.abc import Iterator
from fractions import Fraction

import av
import cv2
import numpy as np

from vedette.lab.plates.designs import draw_design
from vedette.lab.plates.painting import paint

WIDTH, HEIGHT, FPS, FRAMES = 640, 360, 10, 70
CAR, PLATE_PX = (240, 170), 120
CLEAR = "69S45928"
"""A plate that is read surely as soon as it is whole."""


def paint_plate(text: str) -> np.ndarray:
    """The picture of a Vietnamese plate of two lines."""
    rng = np.random.default_rng(4321)
    designs = [d for d in (draw_design(rng) for _ in range(200)) if d.region == "vn" and len(d.lines) == 2]
    [(number, design)] = [(n, d) for n, d in enumerate(designs) if d.text == text]
    return paint(design, np.random.default_rng((99, number))).picture_bgr


def drive(plate_bgr: np.ndarray) -> Iterator[np.ndarray]:
    """One second of an empty yard, then the back of a car that comes in within a second and then creeps nearer."""
    for step in range(FRAMES):
        picture = np.random.default_rng(step).integers(38, 44, (HEIGHT, WIDTH, 3), np.uint8)
        car = draw_car(plate_bgr, 1 + 0.01 * max(step - 20, 0))
        left = min(step - 10, 10) * 44 + 2 * max(step - 20, 0) - CAR[0]
        shown = slice(max(left, 0), min(left + car.shape[1], WIDTH))
        if shown.stop > shown.start:
            picture[80 : 80 + car.shape[0], shown] = car[:, shown.start - left : shown.stop - left]
        yield picture


def draw_car(plate_bgr: np.ndarray, scale: float) -> np.ndarray:
    width = round(PLATE_PX * scale)
    small = cv2.resize(plate_bgr, (width, round(plate_bgr.shape[0] * width / plate_bgr.shape[1])), cv2.INTER_AREA)
    car = np.full((round(CAR[1] * scale), round(CAR[0] * scale), 3), 170, np.uint8)
    top, left = round(40 * scale), round(60 * scale)
    car[top : top + small.shape[0], left : left + width] = small
    return car


def write_drive_file(text: str) -> bytes:
    """The drive as a small MP4 file."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=Fraction(FPS))
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.options = {"preset": "ultrafast"}
        for picture in drive(paint_plate(text)):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        container.mux(stream.encode(None))
    return out.getvalue()
