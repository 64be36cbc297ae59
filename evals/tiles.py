"""Recall of people by their height, with and without tiles, on a folder in MOT Challenge form; and what tiles cost.

Figures `recall_at_p90_<band>_<how>` (IoU 0.5; labels of other heights neither reward nor punish), `labels_<band>` and
`ms_<how>`, the mean wall time a picture of one thread. Every picture stands alone: all tiles are looked at.
"""

import time
from collections import defaultdict

import cv2
import numpy as np

from evals.common import SHARED, Figures, fingerprint, installed_detector, make_parser, write_result
from evals.detect import Tally, judge
from vedette.core.detections import CLASS_NAMES, Detections
from vedette.lab.detector.labelled import LabelledPicture, read_mot
from vedette.media.planes import PlanarFrame
from vedette.vision.engine import PictureAnalysis
from vedette.vision.picture import to_planes
from vedette.vision.tiles import MAX_TILES, TilePolicy
from vedette.vision.wire import decode_boxes

BANDS_PX = {"under_60": (0, 60), "60_to_120": (60, 120), "over_120": (120, 10_000)}
WAYS = {
    "whole": TilePolicy(),
    "tiles_2_to_1": TilePolicy(MAX_TILES, zoom=2.0),
    "tiles_3_to_2": TilePolicy(MAX_TILES, zoom=1.5),
    "tiles_1_to_1": TilePolicy(MAX_TILES, zoom=1.0),
}
PERSON = CLASS_NAMES.index("person")


def judge_band(
    tally: Tally, found: Detections, picture: LabelledPicture, size_px: tuple[int, int], band: tuple[int, int]
) -> None:
    """Adds the people of one picture that are this tall; labels of the others are to be ignored."""
    boxes = found.boxes_norm_xyxy * np.array(size_px * 2, np.float32)
    own = found.class_id == PERSON
    labels = np.array(picture.boxes["person"], np.float32).reshape(-1, 4)
    heights = labels[:, 3] - labels[:, 1]
    within = (heights >= band[0]) & (heights < band[1])
    ignored = np.concatenate([np.array(picture.ignored, np.float32).reshape(-1, 4), labels[~within]])
    judge(tally, boxes[own], found.confidence[own], labels[within], ignored)


def main() -> None:
    given = make_parser(__doc__, SHARED / "data/mot17_mini").parse_args()
    pictures = list(read_mot(given.data))
    if not pictures:
        raise SystemExit(f"{given.data} is no MOT folder with pictures")
    tallies: dict[str, Tally] = defaultdict(Tally)
    figures: Figures = {}
    with installed_detector() as detector:
        for way, policy in WAYS.items():
            spent_ns = 0
            for picture in pictures:
                planes = to_planes(cv2.imread(str(picture.path)))
                analysis = PictureAnalysis(detector, (), gated=False, tiles=policy)
                began_ns = time.perf_counter_ns()
                result = analysis.analyse(PlanarFrame(0, planes.y, planes.u, planes.v))
                spent_ns += time.perf_counter_ns() - began_ns
                found = decode_boxes(result.boxes or b"")
                for band, limits in BANDS_PX.items():
                    judge_band(tallies[f"{band}_{way}"], found, picture, planes.size_px, limits)
            figures[f"ms_{way}"] = spent_ns / 1e6 / len(pictures)
        release = detector.release
    for band in BANDS_PX:
        figures[f"labels_{band}"] = tallies[f"{band}_whole"].labels
        for way in WAYS:
            figures[f"recall_at_p90_{band}_{way}"] = tallies[f"{band}_{way}"].recall_at(0.9)
            figures[f"ap50_{band}_{way}"] = tallies[f"{band}_{way}"].ap()
    write_result(figures, release, fingerprint([p.path for p in pictures], given.data), given.json)


if __name__ == "__main__":
    main()
