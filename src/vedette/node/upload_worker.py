"""What jailed workers that look at sent pictures have in common: they decode one, look at it, and say what they saw.

Asked for `LOOK_CHANGED` they look at it as it is and under each of `CHANGES`, and show what they looked at.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vedette.core.errors import VedetteError
from vedette.node.jailed_worker import Answer, run_jailed
from vedette.vision.models.kept import KeptNetworks

if TYPE_CHECKING:
    from vedette.vision.picture import Image


HEADROOM_BYTES = 1 << 30
"""A PNG of the largest area, decoded, and its copy the right way up."""


@dataclass(frozen=True, slots=True)
class Looker:
    """What one kind of worker does with a decoded picture.

    Attributes:
        look: A picture to the payload of its answer.
        crop: The part of a picture that `look` looks at; changes are made to that part.
    """

    look: "Callable[[Image], bytes]"
    crop: "Callable[[Image], Image]"


def run_upload_worker(channel: int, readable: Sequence[Path], prepare: Callable[[KeptNetworks], Looker]) -> int:
    """Runs one until its parent closes the channel. Arguments as `run_jailed` has them."""
    return run_jailed(channel, readable, HEADROOM_BYTES, lambda kept: _warm_up(prepare(kept)))


def _warm_up(looker: Looker) -> Answer:
    """Looks at a picture of each kind once: what is loaded lazily fails after the lock."""
    import cv2  # noqa: PLC0415 -- after the first layer of the jail
    import numpy as np  # noqa: PLC0415 -- as above

    from vedette.vision.classify.answers import FAILED, LOOK_CHANGED, encode_failure  # noqa: PLC0415 -- as above
    from vedette.vision.classify.upload import decode_upload  # noqa: PLC0415 -- as above

    def answer(kind: int, payload: bytes) -> tuple[int, bytes]:
        """What is wrong with a picture becomes `FAILED` with the reason."""
        try:
            image = decode_upload(payload)
            return kind, _look_changed(looker, image) if kind == LOOK_CHANGED else looker.look(image)
        except VedetteError as error:
            return FAILED, encode_failure(error)

    cv2.setNumThreads(1)
    noise = np.random.default_rng(1).integers(0, 255, (640, 600, 3), np.uint8)
    for ending in (".jpg", ".png", ".bmp"):
        _look_changed(looker, decode_upload(cv2.imencode(ending, noise)[1].tobytes()))
    answer(0, b"no picture")
    return answer


def _look_changed(looker: Looker, image: "Image") -> bytes:
    from vedette.vision.classify.answers import VIEW_PX, ChangedLook, encode_looks  # noqa: PLC0415 -- as above
    from vedette.vision.classify.changes import CHANGES, apply_change  # noqa: PLC0415 -- as above
    from vedette.vision.picture import shrink  # noqa: PLC0415 -- as above

    part = looker.crop(image)
    pictures = [part, *(apply_change(part, change) for change in CHANGES)]
    return encode_looks([ChangedLook(looker.look(each), shrink(each, VIEW_PX)) for each in pictures])
