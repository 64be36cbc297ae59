"""The jailed worker that measures what a picture costs each detector: as a vision worker runs it, with nothing foreign.

Started by `vedette.node.analyzer_costs` as `python -m vedette.node.cost_worker --channel FD --models DIR NAME...`,
never by hand. It gives way to everything else: what counts is processor time, not how long it took.
"""

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from vedette.core.errors import VedetteError
from vedette.node.jailed_worker import Answer, run_jailed
from vedette.vision.models.kept import KeptNetworks

if TYPE_CHECKING:
    from vedette.vision.ports import Detector

HEADROOM_BYTES = 1 << 30
_NICE = 5
_WARM, _ROUNDS = 3, 15
_WIDTH, _HEIGHT = 640, 360
"""Of the picture: the sub stream of most cameras."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one worker until its parent closes the channel."""
    parser = argparse.ArgumentParser(prog="cost_worker")
    parser.add_argument("--channel", type=int, required=True)
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("names", nargs="+")
    options = parser.parse_args(arguments)
    os.nice(_NICE)
    return run_jailed(
        options.channel, [options.models], HEADROOM_BYTES, lambda kept: prepare(options.models, options.names, kept)
    )


def prepare(models: Path, names: Sequence[str], kept: KeptNetworks) -> Answer:
    """Loads all detectors, while files can still be read. One that cannot be loaded says why in its place."""
    import cv2  # noqa: PLC0415 -- after the first layer of the jail

    from vedette.vision.wire import CostsReply, encode  # noqa: PLC0415 -- as above

    cv2.setNumThreads(1)
    loaded = [_load(models, name, kept) for name in names]
    measure_base_ms()

    def answer(kind: int, _payload: bytes) -> tuple[int, bytes]:
        costs = [0.0 if isinstance(one, str) else measure_look_ms(one) for one in loaded]
        failures = [one if isinstance(one, str) else "" for one in loaded]
        return kind, encode(CostsReply(measure_base_ms(), costs, failures))

    return answer


def _load(models: Path, name: str, kept: KeptNetworks) -> "Detector | str":
    """A detector that has looked once: what is loaded lazily fails after the lock. Else why there is none."""
    from vedette.node.vision_warmup import load_detector, make_test_picture  # noqa: PLC0415 -- after the first layer

    try:
        detector = load_detector(models, name, kept=kept)
        detector.start(make_test_picture(_WIDTH, _HEIGHT)).wait()
    except VedetteError as error:
        return f"{error.code}: {error}"
    return detector


def measure_look_ms(detector: "Detector") -> float:
    """Processor time of one look at a whole picture, in the median."""
    from vedette.node.vision_warmup import make_test_picture  # noqa: PLC0415 -- as above

    picture = make_test_picture(_WIDTH, _HEIGHT)
    return _time_ms(lambda: detector.start(picture).wait())


def measure_base_ms() -> float:
    """Processor time of a picture in which motion alone is looked for and something moves, in the median."""
    from vedette.media.planes import PlanarFrame  # noqa: PLC0415 -- as above
    from vedette.node.vision_warmup import make_test_picture  # noqa: PLC0415 -- as above
    from vedette.vision.engine import PictureAnalysis  # noqa: PLC0415 -- as above

    analysis, picture = PictureAnalysis(None, (), gated=False), make_test_picture(_WIDTH, _HEIGHT)
    pictures = []
    for step in range(_WARM + _ROUNDS):
        y = picture.y.copy()
        y[_HEIGHT // 4 : _HEIGHT // 2, step * 20 : step * 20 + _WIDTH // 8] = 16
        pictures.append(PlanarFrame(step * 9000, y, picture.u, picture.v))
    coming = iter(pictures)
    return _time_ms(lambda: analysis.analyse(next(coming)))


def _time_ms(step: Callable[[], object]) -> float:
    times_ns = []
    for _ in range(_WARM + _ROUNDS):
        began_ns = time.process_time_ns()
        step()
        times_ns.append(time.process_time_ns() - began_ns)
    return statistics.median(times_ns[_WARM:]) / 1e6


if __name__ == "__main__":
    sys.exit(main())
