"""Asks the analyzer, whose decoder is jailed, for a JPEG of one key frame, or to hide parts of a stored picture."""

from collections.abc import Sequence
from pathlib import Path

import httpx
import msgspec

from vedette.adapters.http_clients import open_unix_client
from vedette.core.errors import StorageError, UnavailableError
from vedette.core.geometry import Polygon

_TIMEOUT_S = 10.0


class UndecodablePictureError(StorageError):
    """The stored key frame cannot be decoded."""

    code = "undecodable_picture"


class UnixThumbnailer:
    """`POST /thumbnail` on `analyzer.sock`, and its masked forms.

    See `vedette.streaming.ports.Thumbnailer` and `vedette.events.ports.PictureMasker`.
    """

    def __init__(self, socket_path: Path) -> None:
        self._client = open_unix_client(socket_path, "analyzer", _TIMEOUT_S)

    async def close(self) -> None:
        await self._client.aclose()

    async def render_jpeg(self, media: bytes, width_px: int, masked: Sequence[Polygon] = ()) -> bytes:
        """Renders one fMP4 init segment with one key frame, the masked parts filled.

        Raises:
            UnavailableError: the analyzer does not answer.
            UndecodablePictureError: it says the picture is damaged.
        """
        if not masked:
            return await self._ask("/thumbnail", {"width": str(width_px)}, media)
        return await self._ask("/masked/thumbnail", {"width": str(width_px), "masks": _write_masks(masked)}, media)

    async def mask_jpeg(self, jpeg: bytes, masked: Sequence[Polygon]) -> bytes:
        """Fills the masked parts of a stored picture. Raises as `render_jpeg`."""
        return await self._ask("/masked/picture", {"masks": _write_masks(masked)}, jpeg)

    async def _ask(self, path: str, parameters: dict[str, str], content: bytes) -> bytes:
        try:
            answer = await self._client.post(path, params=parameters, content=content)
        except (httpx.HTTPError, OSError) as exc:
            raise UnavailableError(
                "the analyzer, which makes preview and masked pictures, does not answer",
                "It restarts by itself; recording and live view are not affected.",
            ) from exc
        if answer.status_code in {400, 415, 422}:
            raise UndecodablePictureError("the stored picture cannot be decoded", "Choose another time.")
        if answer.is_error:
            raise UnavailableError(f"the analyzer cannot make this picture now ({answer.status_code})", "Try again.")
        return answer.content


def _write_masks(masked: Sequence[Polygon]) -> str:
    return msgspec.json.encode([polygon.points for polygon in masked]).decode()
