"""Talks to the notary on its UNIX socket. The caller never sees a key: it gets proofs and signatures."""

from pathlib import Path
from typing import Self, TypeVar

import httpx
import msgspec

from vedette.adapters.http_clients import open_unix_client
from vedette.core.errors import ConflictError, InvalidInputError, UnavailableError, VedetteError
from vedette.evidence.proofs import CameraProof, LogHead, ProofRequest, SignRequest

TIMEOUT_S = 60.0
"""A fresh checkpoint after two weeks without a notary reads the journals of two weeks first."""
_Answer = TypeVar("_Answer")


class NotaryDownError(UnavailableError):
    """The notary does not answer, or its log does not hold, so nothing can be proven now."""

    code = "notary_unavailable"


class _Signed(msgspec.Struct):
    note: str


class NotaryClient:
    """One connection to the notary; close it with `async with`. Every method raises NotaryDownError."""

    def __init__(self, socket_path: Path) -> None:
        self._client = open_unix_client(socket_path, "notary", TIMEOUT_S)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        await self._client.aclose()

    async def status(self) -> bytes:
        """The answer of `GET /evidence` as JSON."""
        return await self._send("GET", "/status", None, 1.5)

    async def take_head(self) -> LogHead:
        """Has everything that is closed by now logged and signed, and returns that head."""
        return self._decode(await self._send("POST", "/checkpoint", b"{}"), LogHead)

    async def prove(self, request: ProofRequest) -> CameraProof:
        """Asks for the proofs of one camera against a head.

        Raises:
            InvalidInputError: a range or camera that cannot be asked for (more than a day of leaves and the like).
        """
        return self._decode(await self._send("POST", "/proofs", msgspec.json.encode(request)), CameraProof)

    async def sign_manifest(self, request: SignRequest) -> str:
        """Logs the export, then signs: returns `manifest.note`. A bundle without an entry in the log cannot be made."""
        answer = await self._send("POST", "/sign-manifest", msgspec.json.encode(request))
        return self._decode(answer, _Signed).note

    async def rotate_key(self, reason: str, overlap_h: int = 24) -> str:
        """Changes the signing key; returns its fingerprint. The old one signs too for `overlap_h` hours, 24 at most."""
        asked = {"reason": reason, "overlap_h": overlap_h}
        answer = await self._send("POST", "/rotate-key", msgspec.json.encode(asked))
        return self._decode(answer, dict[str, str])["fingerprint"]

    async def _send(self, method: str, path: str, body: bytes | None, timeout_s: float = TIMEOUT_S) -> bytes:
        try:
            answer = await self._client.request(method, path, content=body, timeout=timeout_s)
        except (httpx.HTTPError, OSError) as exc:
            raise NotaryDownError(
                f"the notary does not answer ({type(exc).__name__})",
                "It is restarted by itself; if this lasts, look at `vedette status` and its log.",
            ) from exc
        if answer.is_error:
            raise _refusal(answer.content)
        return answer.content

    @staticmethod
    def _decode(content: bytes, form: type[_Answer]) -> _Answer:
        try:
            return msgspec.json.decode(content, type=form)
        except msgspec.MsgspecError as exc:
            raise NotaryDownError(f"the notary's answer cannot be read: {exc}") from exc


def _refusal(content: bytes) -> VedetteError:
    try:
        problem = msgspec.json.decode(content, type=dict[str, str])
    except msgspec.MsgspecError:
        problem = {}
    message, hint = problem.get("message", "the notary refuses")[:500], problem.get("hint", "")[:300]
    kinds: dict[str, type[VedetteError]] = {"invalid": InvalidInputError, "conflict": ConflictError}
    return kinds.get(problem.get("kind", ""), NotaryDownError)(message, hint)
