"""Writes what the console checks its super-resolution with: a made picture, and what our network makes of it.

`python -m scripts.enhance_vectors`; a unit test refuses a file that is not of the weights that are there.
"""

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vedette.vision.enhance.bank import SET_NAMES, choose_set
from vedette.vision.enhance.network import decode_weights
from vedette.vision.enhance.plain import enlarge, to_pixels
from vedette.vision.enhance.quality import quality_of_qp

ROOT = Path(__file__).resolve().parents[1]
WEIGHTS = ROOT / "src/vedette/vision/weights/enhance"
FILE = ROOT / "console/src/media/enhance/vectors.json"
WIDTH, HEIGHT = 20, 12
"""More than the 15 x 7 pixels that the network sees, so that some pixels do not see the border."""
_QPS = np.arange(0, 51.01, 0.1)


def make_picture() -> NDArray[np.uint8]:
    """Slopes and edges, (HEIGHT, WIDTH) uint8, by whole numbers alone."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    return np.asarray((x * 7 + y * 13) % 64 * 2 + (x // 4 + y // 4) % 2 * 90 + 20, np.uint8)


def make_vectors() -> dict[str, object]:
    """The file's content: per set the last H.264 quantiser that it is for, and its output, row by row, in hex."""
    picture = make_picture()
    chosen = [choose_set(quality_of_qp(float(qp))) for qp in _QPS]
    sets = {
        name: {
            "qp_max": round(
                float(max((qp for qp, each in zip(_QPS, chosen, strict=True) if each == name), default=51)), 1
            ),
            "output": to_pixels(enlarge(picture, decode_weights((WEIGHTS / f"{name}.bin").read_bytes()).arrays))
            .tobytes()
            .hex(),
        }
        for name in SET_NAMES
    }
    return {"width": WIDTH, "height": HEIGHT, "input": picture.tobytes().hex(), "sets": sets}


def main() -> None:
    """Writes the file."""
    FILE.write_text(json.dumps(make_vectors(), indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
