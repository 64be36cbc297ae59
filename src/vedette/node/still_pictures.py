"""Single pictures that a jailed worker draws: previews, and stored pictures with parts hidden."""

import asyncio
from collections.abc import Callable

from vedette.vision import wire
from vedette.vision.wire import Kind, Masks
from vedette.vision.worker_link import WorkerLink

_WORKER_START_S, _JPEG_S = 30.0, 10.0


class StillPictures:
    """Asks a worker, which may be starting. All raise TimeoutError when none answers in time.

    Args:
        pick: Gives the link of a worker that has time.
    """

    def __init__(self, pick: Callable[[], WorkerLink]) -> None:
        self._pick = pick

    async def render_thumbnail(self, file: bytes, max_width: int, masks: Masks) -> bytes:
        """Decodes the key frame of an fMP4 init and fragment to JPEG with masks filled."""
        return await self.draw(Kind.THUMBNAIL, wire.ThumbnailRequest(file, max_width, masks))

    async def mask_picture(self, jpeg: bytes, masks: Masks) -> bytes:
        """Fills masks in a stored picture."""
        return await self.draw(Kind.MASK, wire.MaskRequest(jpeg, masks))

    async def draw(self, kind: Kind, request: wire.ThumbnailRequest | wire.MaskRequest) -> bytes:
        """The JPEG that answers a request."""
        link = self._pick()
        async with asyncio.timeout(_WORKER_START_S):
            await link.wait_up()
        async with asyncio.timeout(_JPEG_S):
            return wire.check_jpeg(await link.request(0, kind, wire.encode(request)))
