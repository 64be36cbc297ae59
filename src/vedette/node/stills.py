"""Makes still pictures in jailed workers: one decodes, hides and cuts, another one enlarges what was cut out.

This process never parses a byte of the footage; it checks what the workers say. One still at a time: each takes a
processor for a second or two, and recording goes first. Some may wait, more are refused in words.
"""

import asyncio
from pathlib import Path

from vedette.core.errors import InvalidInputError, TooManyRequestsError, UnavailableError
from vedette.node.enhance import EnhancePlan, NetworkChoice, enlarging, start_enhancer
from vedette.node.file_replies import ask_worker
from vedette.runtime.memory_file import lend_bytes
from vedette.runtime.turns import Turns
from vedette.streaming.still_service import MadeStill, StillMaker, StillOrder, StillSource
from vedette.vision import wire
from vedette.vision.enhance.bank import MODEL
from vedette.vision.enhance.headers import MAX_PICTURE_BYTES, read_header
from vedette.vision.enhance.marks import describe_enhancement
from vedette.vision.enhance.messages import CutTerms, Kind, Part, StillCut, decode_cut
from vedette.vision.enhance.network import SCALE
from vedette.vision.models.registry import ModelRegistry

MOST_WAITING = 4
TIMEOUT_S = 120.0
"""Of one still, its turn not counted: on a busy machine the imports of two workers alone take many seconds."""
_PLAN = EnhancePlan(threads=1)


class WorkerStillMaker(StillMaker):
    """See `vedette.streaming.still_service.StillMaker`."""

    def __init__(self) -> None:
        self._turns = Turns(MOST_WAITING, _refuse)

    async def make(self, source: StillSource, order: StillOrder) -> MadeStill:
        try:
            async with self._turns.take(), asyncio.timeout(TIMEOUT_S):
                return await _make(source, order)
        except TimeoutError as exc:
            raise UnavailableError("making the still picture took too long", "Try again, or a smaller part.") from exc


def _refuse() -> TooManyRequestsError:
    return TooManyRequestsError("too many still pictures are being made", "Try again in a moment.", 5.0)


async def _make(source: StillSource, order: StillOrder) -> MadeStill:
    cut = await _cut(source, order)
    if order.scale == 1:
        return MadeStill(cut.picture, "", cut.at_90k)
    release = ModelRegistry(Path()).find_named(MODEL).release
    note = describe_enhancement(release, cut.weight_set)
    jpeg = await _enlarge(cut.picture, NetworkChoice(cut.width, cut.height, cut.weight_set, note))
    return MadeStill(jpeg, f"x{SCALE}; {release}; {cut.weight_set}", cut.at_90k)


async def _cut(source: StillSource, order: StillOrder) -> StillCut:
    part = order.crop
    crop = None if part is None else (part.left, part.top, part.width, part.height)
    masks = [list(outline.points) for outline in source.masked]
    terms = CutTerms(source.at_90k, masks, crop, "jpeg" if order.scale == 1 else "png")
    with lend_bytes("vedette-still", source.media) as descriptor:
        worker = await start_enhancer(descriptor, [])
        try:
            return decode_cut(await ask_worker(worker, Kind.CUT, wire.encode(terms)), terms.format)
        finally:
            await worker.stop()


async def _enlarge(png: bytes, network: NetworkChoice) -> bytes:
    """The labelled and marked JPEG.

    Raises:
        InvalidInputError: what came is none.
    """
    with lend_bytes("vedette-still", png) as descriptor:
        worker = await start_enhancer(descriptor, enlarging(network, "jpeg", _PLAN))
        try:
            jpeg = bytearray()
            while not (part := wire.decode(await ask_worker(worker, Kind.NEXT, b""), Part)).done:
                jpeg += part.data
                if len(jpeg) > MAX_PICTURE_BYTES:
                    raise InvalidInputError("a worker's picture is too large")
            header = read_header(bytes(jpeg))
            if (header.format, header.width, header.height) != ("jpeg", SCALE * network.width, SCALE * network.height):
                raise InvalidInputError("a worker's picture is not what was asked for")
            return bytes(jpeg)
        finally:
            await worker.stop()
