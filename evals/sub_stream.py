"""What an enhanced tile gains: a sub stream, decoded and enlarged, against the main stream's own pictures.

DIR holds folders of pictures of one camera each (MOT Challenge form). Each becomes a sub stream of half the size,
encoded by x264 at a constant quality, decoded, and its luma enlarged bilinearly (as browsers enlarge videos),
bicubically and by the network with the set that its quantiser asks for; PSNR against the halved pictures' originals.
Figures: `psnr_<how>_crf<N>`, means over all pictures, and `qp_crf<N>`.
"""

import io
import statistics
import tempfile
from pathlib import Path

import cv2
import numpy as np

from evals.common import SHARED, Figures, fingerprint, make_parser, write_result
from evals.super_resolution import Tally, load_bank, psnr
from vedette.adapters.enlarger import open_strip_network
from vedette.media.decode import FileFrames
from vedette.media.encode import VideoEncoding, encode_clip
from vedette.media.quantiser import probe_coding
from vedette.vision.enhance.bank import WeightBank, choose_set
from vedette.vision.enhance.luma import studio_luma
from vedette.vision.enhance.quality import UNCOMPRESSED, quality_of_qp
from vedette.vision.enhance.strips import StripRunner

_CRFS = (23, 28, 33, 38)


def encode_half(images: list[np.ndarray], crf: int) -> bytes:
    """The sub stream of these pictures (H, W, 3), half as large."""
    height, width = (length // 4 * 2 for length in images[0].shape[:2])
    video = VideoEncoding(width=width, height=height, gop_frames=len(images), crf=crf)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sub.mp4"
        encode_clip(path, (cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA) for image in images), video)
        return path.read_bytes()


def measure(bank: WeightBank, images: list[np.ndarray], crf: int, tally: Tally) -> None:
    """Adds one camera at one quality."""
    data = encode_half(images, crf)
    qp = probe_coding(io.BytesIO(data)).qp
    name = choose_set(UNCOMPRESSED if qp is None else quality_of_qp(qp))
    tally.add(f"qp_crf{crf}", qp or 0.0)
    runner: StripRunner | None = None
    for frame, image in zip(FileFrames(io.BytesIO(data)).frames(), images, strict=True):
        small = np.ascontiguousarray(frame.y)
        runner = runner or StripRunner(frame.size_px, lambda w, h: open_strip_network(bank.get(name), w, h, 1))
        size = (2 * small.shape[1], 2 * small.shape[0])
        true = studio_luma(image[: size[1], : size[0]])
        for how, flag in (("bilinear", cv2.INTER_LINEAR), ("bicubic", cv2.INTER_CUBIC)):
            tally.add(f"psnr_{how}_crf{crf}", psnr(cv2.resize(small, size, interpolation=flag), true))
        tally.add(f"psnr_enhanced_crf{crf}", psnr(runner.enlarge(small), true))
    print(f"crf {crf}: quantiser {qp or 0:.1f}, set {name}", flush=True)


def report(figures: Figures) -> None:
    """Prints a row for each quality."""
    for crf in _CRFS:
        row = [f"{how} {figures[f'psnr_{how}_crf{crf}']:.2f}" for how in ("bilinear", "bicubic", "enhanced")]
        print(f"crf {crf} (quantiser {figures[f'qp_crf{crf}']:.1f}): {', '.join(row)} dB")


def main() -> None:
    given = make_parser(__doc__, SHARED / "data/mot17_mini").parse_args()
    paths = sorted(given.data.rglob("*.jpg"))
    if not paths:
        raise SystemExit(f"there are no pictures in {given.data}")
    bank, tally = load_bank(), Tally()
    for folder in sorted({path.parent for path in paths}):
        images = [cv2.imread(str(path)) for path in paths if path.parent == folder]
        for crf in _CRFS:
            measure(bank, images, crf, tally)
    figures = {name: round(statistics.fmean(values), 3) for name, values in tally.rows.items()}
    report(figures)
    write_result(figures, bank.release, fingerprint(paths, given.data), given.json)


if __name__ == "__main__":
    main()
