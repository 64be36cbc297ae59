"""What is said between an enhancing worker and its parent, and the check of it. Apart from the session, because the
gateway reads it and loads nothing that looks at pictures.
"""

from enum import IntEnum
from typing import Literal

import msgspec

from vedette.core.errors import InvalidInputError
from vedette.media.planes import MAX_AREA_PX, MAX_SIDE_PX
from vedette.vision import wire
from vedette.vision.enhance.bank import SET_NAMES
from vedette.vision.enhance.headers import PictureTooLargeError, read_header
from vedette.vision.enhance.network import SCALE

Corner = Literal["top-left", "top-right", "bottom-left", "bottom-right"]
CropShare = tuple[float, float, float, float]
"""Left, top, width and height in fractions of the picture."""


class Kind(IntEnum):
    """Message kinds. Replies carry the kind of their request, or `FAILED`."""

    READY = 0
    PROBE = 1
    NEXT = 2
    CUT = 3
    FAILED = wire.Kind.FAILED.value


class Part(msgspec.Struct, frozen=True):
    """The next bytes of the enhanced file. `at_s`: how far a video is."""

    data: bytes
    done: bool
    at_s: float


class EnhanceTerms(msgspec.Struct, frozen=True):
    """How to write the result."""

    format: Literal["jpeg", "png", "bmp", "mp4", "mkv"]
    corner: Corner
    note: str


class Probed(msgspec.Struct, frozen=True):
    """What the file is: its size as shown, and the weight set for it. `duration_s` 0: not known, or a picture."""

    is_picture: bool
    width: int
    height: int
    weight_set: str
    duration_s: float


class CutTerms(msgspec.Struct, frozen=True):
    """Which picture: the last one at or before `at_90k` from the file's first (a picture file has only one).

    `masks`: outlines that are filled. `crop`: None for the whole picture. `format`: `png` where it goes on to be
    enlarged, so that nothing is lost in between.
    """

    at_90k: int
    masks: wire.Masks
    crop: CropShare | None
    format: Literal["jpeg", "png"]


class StillCut(msgspec.Struct, frozen=True):
    """The encoded picture, its size, the weight set for it, and when it was shown."""

    picture: bytes
    width: int
    height: int
    weight_set: str
    at_90k: int


def check_enlarged_size(width: int, height: int) -> None:
    """Raises PictureTooLargeError where a picture of this size may not be enlarged."""
    larger = (SCALE * width, SCALE * height)
    if max(larger) > MAX_SIDE_PX or larger[0] * larger[1] > MAX_AREA_PX:
        raise PictureTooLargeError(
            f"a picture of {width} x {height} pixels is too large to be enlarged: the result may have "
            f"{MAX_SIDE_PX} pixels a side and {MAX_AREA_PX / 1e6:.0f} million in all",
            "Cut out the part that you want to see.",
        )


def decode_probed(payload: bytes) -> Probed:
    """Decodes and checks what a worker says of a file.

    Raises:
        InvalidInputError: it is no answer, or out of range.
    """
    probed = wire.decode(payload, Probed)
    check_enlarged_size(probed.width, probed.height)
    if min(probed.width, probed.height) < 1 or probed.weight_set not in SET_NAMES:
        raise InvalidInputError("a worker's reply is out of range")
    return probed


def decode_cut(payload: bytes, wanted: Literal["jpeg", "png"]) -> StillCut:
    """Decodes and checks what a worker cut out.

    Raises:
        InvalidInputError: it is no such picture, or not the one that it is said to be.
    """
    cut = wire.decode(payload, StillCut)
    header = read_header(cut.picture)
    if (header.format, header.width, header.height) != (wanted, cut.width, cut.height):
        raise InvalidInputError("a worker's picture is not what it was said to be")
    if wanted == "png":
        check_enlarged_size(cut.width, cut.height)
    if cut.weight_set not in SET_NAMES or cut.at_90k < 0:
        raise InvalidInputError("a worker's reply is out of range")
    return cut
