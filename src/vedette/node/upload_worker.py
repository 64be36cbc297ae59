"""What jailed workers that look at sent pictures have in common: they decode one, look at it, and say what they saw."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from vedette.core.errors import VedetteError
from vedette.node.jailed_worker import Answer, run_jailed

if TYPE_CHECKING:
    from vedette.vision.picture import Image

    Look = Callable[[Image], bytes]
    """A decoded picture to the payload of its answer."""

HEADROOM_BYTES = 1 << 30
"""A PNG of the largest area, decoded, and its copy the right way up."""


def run_upload_worker(channel: int, readable: Sequence[Path], prepare: "Callable[[], Look]") -> int:
    """Runs one until its parent closes the channel. Arguments as `run_jailed` has them."""
    return run_jailed(channel, readable, HEADROOM_BYTES, lambda: _warm_up(prepare()))


def _warm_up(look: "Look") -> Answer:
    """Looks at a picture of each kind once: what is loaded lazily fails after the lock."""
    import cv2  # noqa: PLC0415 - after the first layer of the jail
    import numpy as np  # noqa: PLC0415 - as above

    from vedette.vision.classify.answers import FAILED, encode_failure  # noqa: PLC0415 - as above
    from vedette.vision.classify.upload import decode_upload  # noqa: PLC0415 - as above

    def answer(kind: int, payload: bytes) -> tuple[int, bytes]:
        """What is wrong with a picture becomes `FAILED` with the reason."""
        try:
            return kind, look(decode_upload(payload))
        except VedetteError as error:
            return FAILED, encode_failure(error)

    cv2.setNumThreads(1)
    noise = np.random.default_rng(1).integers(0, 255, (640, 600, 3), np.uint8)
    for ending in (".jpg", ".png", ".bmp"):
        look(decode_upload(cv2.imencode(ending, noise)[1].tobytes()))
    answer(0, b"no picture")
    return answer
