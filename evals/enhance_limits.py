"""Where the weight sets of super-resolution take over from each other, by JPEG quality and by H.264's quantiser.

DIR holds lumas (BSD200). Every second picture chooses: halved, compressed at many qualities, enlarged by every set, and
between two neighbouring sets the limit is what makes the sum of PSNR largest. The others judge, and so do pictures that
no set was taught (`--unseen`, colour): mean gain in dB of the measured limits over those of the product, over all
qualities together (`gain_*`) and where the two choose differently (`gain_*_where_other`, `share_*_other`). H.264 is
x264 at a constant quality, four pictures of a slow pan, its quantiser as the product reads it.
"""

import io
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from evals.common import SHARED, Figures, fingerprint, make_parser, write_result
from evals.super_resolution import Plane, degrade, find_pictures, load_bank, psnr, read_luma
from vedette.adapters.enlarger import open_strip_network
from vedette.media.decode import FileFrames
from vedette.media.encode import VideoEncoding, encode_clip
from vedette.media.quantiser import probe_coding
from vedette.vision.enhance.bank import SET_NAMES, WeightBank, choose_set
from vedette.vision.enhance.bicubic import resize_bicubic
from vedette.vision.enhance.quality import quality_of_qp
from vedette.vision.enhance.strips import StripRunner

_QUALITIES = (*range(10, 50, 4), *range(50, 90, 3), *range(90, 100))
_CRFS = tuple(range(14, 50, 2))
_PAN_PX, _PICTURES = 4, 4


class Enlargers:
    """Every set for every size, compiled once."""

    def __init__(self, bank: WeightBank) -> None:
        self._bank = bank
        self._made: dict[tuple[str, int, int], StripRunner] = {}

    def all(self, small: Plane) -> list[Plane]:
        """What each set makes of luma (H, W), in the order of `SET_NAMES`."""
        return [self._get(name, small.shape[1], small.shape[0]).enlarge(small) for name in SET_NAMES]

    def _get(self, name: str, width: int, height: int) -> StripRunner:
        if (name, width, height) not in self._made:
            weights = self._bank.get(name)
            self._made[name, width, height] = StripRunner(
                (width, height), lambda w, h: open_strip_network(weights, w, h, 1)
            )
        return self._made[name, width, height]


@dataclass(frozen=True, slots=True)
class Samples:
    """`coarse` (N,): the compression, larger is coarser; `psnr` (N, sets), dB."""

    coarse: NDArray[np.float64]
    psnr: NDArray[np.float64]


def collect(rows: Iterator[tuple[float, list[float]]]) -> Samples:
    """Samples of (coarseness, PSNR of each set)."""
    coarse, values = zip(*rows, strict=True)
    return Samples(np.array(coarse), np.array(values))


def by_jpeg(larges: Sequence[Plane], enlargers: Enlargers) -> Iterator[tuple[float, list[float]]]:
    """The coarseness is 100 less the quality that the product reads."""
    for large in larges:
        for quality in _QUALITIES:
            small, read = degrade(large, quality)
            yield 100 - read, [psnr(made, large) for made in enlargers.all(small)]


def by_h264(larges: Sequence[Plane], enlargers: Enlargers) -> Iterator[tuple[float, list[float]]]:
    """The coarseness is the mean quantiser."""
    for large in larges:
        height, width = large.shape[0] // 4 * 4, (large.shape[1] - _PAN_PX * _PICTURES) // 4 * 4
        parts = [large[:height, _PAN_PX * step : _PAN_PX * step + width] for step in range(_PICTURES)]
        smalls = [resize_bicubic(np.ascontiguousarray(part), 0.5) for part in parts]
        for crf in _CRFS:
            data = encode(smalls, crf)
            qp = probe_coding(io.BytesIO(data)).qp
            decoded = [np.ascontiguousarray(frame.y) for frame in FileFrames(io.BytesIO(data)).frames()]
            each = [[psnr(made, part) for made in enlargers.all(y)] for y, part in zip(decoded, parts, strict=True)]
            yield float(qp or 0.0), [float(value) for value in np.mean(each, axis=0)]


def encode(smalls: Sequence[Plane], crf: int) -> bytes:
    """These lumas (H, W) as a stream whose luma they are, but for its compression."""
    height, width = smalls[0].shape
    video = VideoEncoding(width=width, height=height, gop_frames=len(smalls), crf=crf)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sub.mp4"
        encode_clip(path, (from_luma(small) for small in smalls), video)
        return path.read_bytes()


def from_luma(luma: Plane) -> NDArray[np.uint8]:
    """A grey picture (H, W, 3) whose studio luma this is, nearly."""
    full = np.clip((luma.astype(np.float32) - 16) * (255 / 219), 0, 255).round().astype(np.uint8)
    return np.asarray(cv2.cvtColor(full, cv2.COLOR_GRAY2BGR), np.uint8)


def find_limits(samples: Samples) -> list[float]:
    """Between each two neighbours the coarseness from which the second is better, by the sum of PSNR."""
    order = np.argsort(samples.coarse, kind="stable")
    coarse = samples.coarse[order]
    limits = []
    for left in range(samples.psnr.shape[1] - 1):
        gains = samples.psnr[order, left] - samples.psnr[order, left + 1]
        sums = np.concatenate([[0.0], np.cumsum(gains)])
        last = np.append(np.flatnonzero(np.diff(coarse)) + 1, len(coarse))  # no limit parts equals
        best = int(last[sums[last].argmax()])
        limits.append(float(coarse[best - 1] + coarse[min(best, len(coarse) - 1)]) / 2)
    return limits


def choose(coarse: NDArray[np.float64], limits: Sequence[float]) -> NDArray[np.int64]:
    """Which set these limits choose, (N,)."""
    return np.searchsorted(np.array(limits), coarse, side="right").astype(np.int64)


def judge(name: str, samples: Samples, limits: Sequence[float], now: Callable[[float], str]) -> Figures:
    """What the measured limits gain over those of the product."""
    rows = np.arange(len(samples.coarse))
    old = np.array([SET_NAMES.index(now(value)) for value in samples.coarse])
    new = choose(samples.coarse, limits)
    gains = samples.psnr[rows, new] - samples.psnr[rows, old]
    others = old != new
    lost = samples.psnr.max(axis=1) - samples.psnr[rows, old]
    return {
        f"gain_{name}": float(gains.mean()),
        f"gain_{name}_where_other": float(gains[others].mean()) if others.any() else 0.0,
        f"share_{name}_other": float(others.mean()),
        f"below_best_{name}": float(lost.mean()),
        f"below_best_{name}_measured": float((samples.psnr.max(axis=1) - samples.psnr[rows, new]).mean()),
    }


def main() -> None:
    parser = make_parser(__doc__, SHARED / "data/sr/bsd200_luma")
    parser.add_argument("--unseen", type=Path, default=SHARED / "data/imagenet_sample256", help="colour pictures")
    parser.add_argument("--pictures", type=int, default=40, help="of each kind")
    given = parser.parse_args()
    paths, unseen = list(find_pictures(given.data)), list(find_pictures(given.unseen))
    if len(paths) < 2 or not unseen:
        raise SystemExit(f"there are too few pictures in {given.data} or {given.unseen}")
    groups = {
        "chosen": [read_luma(path, is_luma=True) for path in spread(paths[::2], given.pictures)],
        "held_out": [read_luma(path, is_luma=True) for path in spread(paths[1::2], given.pictures)],
        "unseen": [read_luma(path, is_luma=False) for path in spread(unseen, given.pictures)],
    }
    bank = load_bank()
    enlargers = Enlargers(bank)
    figures: Figures = {}
    for kind, measure, now in (
        ("jpeg", by_jpeg, lambda coarse: choose_set(100 - coarse)),
        ("h264", by_h264, lambda coarse: choose_set(quality_of_qp(coarse))),
    ):
        samples = {name: collect(measure(larges, enlargers)) for name, larges in groups.items()}
        limits = find_limits(samples["chosen"])
        for limit, after in zip(limits, SET_NAMES[1:], strict=True):
            figures[f"{kind}_{after}"] = round(100 - limit if kind == "jpeg" else limit, 2)
        for name, each in samples.items():
            figures |= judge(f"{kind}_{name}", each, limits, now)
    write_result(figures, bank.release, fingerprint(paths, given.data), given.json)


def spread(paths: Sequence[Path], most: int) -> Sequence[Path]:
    """At most this many, evenly."""
    return paths[:: max(1, len(paths) // most)][:most]


if __name__ == "__main__":
    main()
