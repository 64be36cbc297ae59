"""Asks the analyzer, whose decoder is jailed, for a JPEG of one key frame."""

from pathlib import Path

import httpx

from vedette.core.errors import StorageError, UnavailableError

_TIMEOUT_S = 10.0


class UndecodablePictureError(StorageError):
    """The stored key frame cannot be decoded."""

    code = "undecodable_picture"


class UnixThumbnailer:
    """`POST /thumbnail` on `analyzer.sock`."""

    def __init__(self, socket_path: Path) -> None:
        transport = httpx.AsyncHTTPTransport(uds=str(socket_path))
        self._client = httpx.AsyncClient(transport=transport, base_url="http://analyzer", timeout=_TIMEOUT_S)

    async def close(self) -> None:
        await self._client.aclose()

    async def render_jpeg(self, media: bytes, width_px: int) -> bytes:
        """Renders one fMP4 init segment with one key frame.

        Raises:
            UnavailableError: the analyzer does not answer.
            UndecodablePictureError: it says the picture is damaged.
        """
        try:
            answer = await self._client.post("/thumbnail", params={"width": width_px}, content=media)
        except (httpx.HTTPError, OSError) as exc:
            raise UnavailableError(
                "the analyzer, which makes preview pictures, does not answer",
                "It restarts by itself; recording and live view are not affected.",
            ) from exc
        if answer.status_code in {400, 415, 422}:
            raise UndecodablePictureError("the stored picture cannot be decoded", "Choose another time.")
        if answer.is_error:
            raise UnavailableError(f"the analyzer cannot make a preview now ({answer.status_code})", "Try again.")
        return answer.content
