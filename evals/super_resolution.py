"""Accuracy of super-resolution x2, by the protocol of the published table.

HR pictures are lumas of BT.601 (16 to 235, rounded; grey pictures are taken as they are), cut to even sides, halved by
MATLAB's antialiased bicubic and rounded; `--quality Q` compresses the small picture as JPEG. All results are rounded to
8 bits; two pixels at each border are not counted. SSIM: 11 x 11 Gaussian window of sigma 1.5, only where it fits.
Figures: `psnr_y` and `ssim_y` of the weight set that the bank chooses for each picture, `psnr_y_w10a14` of the same in
integers, `psnr_y_bicubic`, `blockiness` (1: no grid) of the result and of the bicubic one. `--set NAME` measures one.
"""

import statistics
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from evals.common import SHARED, Figures, fingerprint, make_parser, write_result
from vedette.adapters.openvino_enlarger import OpenVinoStripNetwork
from vedette.vision.enhance.bank import MODEL, SET_NAMES, WeightBank, choose_set, read_bank
from vedette.vision.enhance.bicubic import resize_bicubic
from vedette.vision.enhance.blockiness import measure_blockiness
from vedette.vision.enhance.headers import read_header
from vedette.vision.enhance.integer import enlarge_integer, to_integers
from vedette.vision.enhance.luma import studio_luma
from vedette.vision.enhance.strips import StripRunner
from vedette.vision.models.registry import ModelRegistry

_SHAVE_PX = 2
_PUBLISHED = """published (Kim and Lee 2020, PSNR/SSIM)   bicubic        2.56K fp32     W10A14         665K (VDSR)
  Set5                                    33.66/.9299    36.66/.9548    36.64/.9544    37.53/.9587
  Set14                                   30.24/.8688    32.52/.9073    32.52/.9071    33.03/.9124
  B100                                    29.56/.8431    31.32/.8880    31.31/.8876    31.90/.8960
  Urban100                                26.88/.8403    29.34/.8943    29.33/.8942    30.76/.9140"""

Plane = np.ndarray


@dataclass
class Tally:
    rows: dict[str, list[float]] = field(default_factory=dict)

    def add(self, name: str, value: float) -> None:
        self.rows.setdefault(name, []).append(value)

    def figures(self) -> Figures:
        return {name: statistics.fmean(values) for name, values in self.rows.items()}


def psnr(one: Plane, other: Plane) -> float:
    """Of two planes of 8 bits, without their borders."""
    inner = (slice(_SHAVE_PX, -_SHAVE_PX),) * 2
    error = np.mean((one[inner].astype(np.float64) - other[inner]) ** 2)
    return float("inf") if error == 0 else float(10 * np.log10(255**2 / error))


def ssim(one: Plane, other: Plane) -> float:
    """Structural similarity as Wang's MATLAB code has it."""
    inner = (slice(_SHAVE_PX, -_SHAVE_PX),) * 2
    a, b = one[inner].astype(np.float64), other[inner].astype(np.float64)
    mean_a, mean_b = _window(a), _window(b)
    var_a, var_b = _window(a * a) - mean_a**2, _window(b * b) - mean_b**2
    both = _window(a * b) - mean_a * mean_b
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    top = (2 * mean_a * mean_b + c1) * (2 * both + c2)
    return float(np.mean(top / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))))


def _window(values: Plane) -> Plane:
    blurred = cv2.GaussianBlur(values, (11, 11), 1.5)
    return blurred[5:-5, 5:-5]


def read_luma(path: Path, *, is_luma: bool) -> Plane:
    """The HR luma of a picture, even sides."""
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if image is None:
        raise SystemExit(f"{path} cannot be read")
    if image.ndim == 3 and is_luma:
        image = image[..., 0]
    luma = image if image.ndim == 2 else studio_luma(image[..., :3])
    return luma[: luma.shape[0] // 2 * 2, : luma.shape[1] // 2 * 2]


def degrade(large: Plane, quality: int | None) -> tuple[Plane, float]:
    """The small picture, and the quality that the product reads from its file."""
    small = resize_bicubic(large, 0.5)
    if quality is None:
        return small, 100.0
    data = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), read_header(bytes(data)).quality


def load_bank() -> WeightBank:
    """The embedded weight sets."""
    with tempfile.TemporaryDirectory() as folder:
        registry = ModelRegistry(Path(folder))
        return read_bank(registry.load(registry.find_named(MODEL)))


def measure(bank: WeightBank, large: Plane, quality: int | None, only: str | None, tally: Tally) -> str:
    """Adds one picture; gives the name of the set that was used."""
    small, read_quality = degrade(large, quality)
    name = only or choose_set(read_quality)
    weights = bank.get(name)
    runner = StripRunner((small.shape[1], small.shape[0]), lambda w, h: OpenVinoStripNetwork(weights, w, h, 1))
    bicubic, enlarged = resize_bicubic(small, 2.0), runner.enlarge(small)
    tally.add("psnr_y", psnr(enlarged, large))
    tally.add("psnr_y_bicubic", psnr(bicubic, large))
    tally.add("ssim_y", ssim(enlarged, large))
    tally.add("ssim_y_bicubic", ssim(bicubic, large))
    tally.add("psnr_y_w10a14", psnr(enlarge_integer(small, to_integers(weights)), large))
    tally.add("blockiness", measure_blockiness(enlarged, 16))
    tally.add("blockiness_bicubic", measure_blockiness(bicubic, 16))
    return name


def evaluate(
    bank: WeightBank, pictures: Sequence[Path], quality: int | None, *, is_luma: bool = False, only: str | None = None
) -> Tally:
    """Measures all pictures and prints a row for each."""
    tally = Tally()
    for path in pictures:
        used = measure(bank, read_luma(path, is_luma=is_luma), quality, only, tally)
        row = {name: values[-1] for name, values in tally.rows.items()}
        print(f"{path.name:24} {used:8} {row['psnr_y']:.2f}/{row['ssim_y']:.4f}", end="  ")
        print(f"bicubic {row['psnr_y_bicubic']:.2f}/{row['ssim_y_bicubic']:.4f}", flush=True)
    return tally


def find_pictures(folder: Path) -> Iterator[Path]:
    yield from sorted(p for p in folder.rglob("*") if p.suffix.lower() in {".png", ".bmp", ".jpg", ".jpeg", ".tif"})


def main() -> None:
    parser = make_parser(__doc__, SHARED / "data/sr/set5")
    parser.add_argument("--quality", type=int, help="compress the small picture as JPEG of this quality")
    parser.add_argument("--luma", action="store_true", help="the files are lumas already")
    parser.add_argument("--set", choices=SET_NAMES, help="this weight set instead of the bank's choice")
    given = parser.parse_args()
    bank, pictures = load_bank(), list(find_pictures(given.data))
    if not pictures:
        raise SystemExit(f"there are no pictures in {given.data}")
    tally = evaluate(bank, pictures, given.quality, is_luma=given.luma, only=given.set)
    print(_PUBLISHED)
    write_result(tally.figures(), bank.release, fingerprint(pictures, given.data), given.json)


if __name__ == "__main__":
    main()
