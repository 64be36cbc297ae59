"""Makes the clip of the live benchmark: every frame carries its number, so that one method times both sides.

The number stands as 16 black and white blocks in the top left corner, each 1/32 of the width and 1/18 of the height
(read by `live_page/barcode.ts`). The rest moves and is grainy, so that the stream has the bit rate of a real scene.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vedette.media.encode import VideoEncoding, encode_clip

FPS = 25
GOP_FRAMES = 50
LOOP_FRAMES = 500
BITS = 16


def make_barcode_clips(folder: Path) -> tuple[Path, Path]:
    """Encodes main (1080p, 4 Mb/s) and sub (360p, 512 kb/s) stream, once per folder."""
    main, sub = folder / "barcode-main.mp4", folder / "barcode-sub.mp4"
    for path, width, height, bitrate_bps in ((main, 1920, 1080, 4_000_000), (sub, 640, 360, 512_000)):
        if not path.exists():
            encoding = VideoEncoding(
                width=width,
                height=height,
                fps=FPS,
                gop_frames=GOP_FRAMES,
                bitrate_bps=bitrate_bps,
                preset="superfast",
            )
            draft = path.with_suffix(".part.mp4")
            encode_clip(draft, draw_frames(width, height), encoding)
            draft.rename(path)
    return main, sub


def draw_frames(width: int, height: int) -> Iterator[NDArray[np.uint8]]:
    """Yields (height, width, 3) uint8 BGR pictures: a slope with grain, things that move, and the number."""
    random = np.random.default_rng(1)
    slope = np.linspace(40, 160, width, dtype=np.float32)[None, :, None]
    background = np.broadcast_to(slope, (height, width, 3))
    grains = [random.normal(0, 6, (height, width, 1)).astype(np.float32) for _ in range(4)]
    for number in range(LOOP_FRAMES):
        image = np.clip(background + grains[number % 4], 0, 255).astype(np.uint8)
        for thing in range(6):
            x = (number * (3 + thing) * width // 640 + thing * width // 6) % (width - width // 12)
            y = height // 4 + thing * height // 9
            image[y : y + height // 10, x : x + width // 12] = (40 * thing, 200 - 30 * thing, 255 - 20 * thing)
        draw_number(image, number)
        yield image


def draw_number(image: NDArray[np.uint8], number: int) -> None:
    """Paints the number into the picture, most significant bit first."""
    height, width, _ = image.shape
    block_w, block_h = width // 32, height // 18
    for bit in range(BITS):
        is_set = number >> (BITS - 1 - bit) & 1
        image[:block_h, bit * block_w : (bit + 1) * block_w] = 255 if is_set else 0
