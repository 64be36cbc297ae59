"""Asks a camera for its stream: RTSP 1.0 requests with login, and the meaning of the answers."""

import asyncio
import re
import secrets
from collections.abc import Callable
from urllib.parse import urlsplit

from vedette.camera.errors import (
    BadUrlError,
    BusyError,
    CameraError,
    LoginMethodError,
    LoginRequiredError,
    NoAnswerError,
    PathNotFoundError,
    PermissionRefusedError,
    RedirectRefusedError,
    RequestRefusedError,
    TransportRefusedError,
    WrongPasswordError,
)
from vedette.camera.rtsp_auth import Authenticator, Login, choose_challenge, parse_challenges
from vedette.camera.rtsp_message import RtspReply, session_of, write_request
from vedette.camera.rtsp_protocol import RtspProtocol
from vedette.camera.rtsp_url import RtspUrl, check_url_text, parse_rtsp_url, redact_url
from vedette.camera.trace import StepTrace, step

USER_AGENT = "Vedette"
REPLY_TIMEOUT_S = 8.0
MAX_LOGIN_TRIES = 3


class RedirectedError(CameraError):
    """The camera's stream is at another path or port of the same host. Caught by the source."""

    code = "redirected"

    def __init__(self, target: RtspUrl) -> None:
        super().__init__("The camera redirects.")
        self.target = target


class RtspClient:
    """Requests and replies on one connection."""

    def __init__(
        self,
        protocol: RtspProtocol,
        url: RtspUrl,
        login: Login | None,
        trace: StepTrace,
        timeout_s: float = REPLY_TIMEOUT_S,
    ) -> None:
        self.protocol = protocol
        self.url = url
        self.session = ""
        self.session_timeout_s = 60.0
        self._login = login
        self._trace = trace
        self._timeout_s = timeout_s
        self._authenticator: Authenticator | None = None
        self._cseq = 0
        self._waiting: dict[int, asyncio.Future[RtspReply]] = {}
        self._unheard: dict[int, str] = {}
        self._public: frozenset[str] = frozenset()
        protocol.on_reply = self._on_reply

    async def request(self, method: str, url: str, headers: dict[str, str] | None = None) -> RtspReply:
        """Sends a request and returns the answer, logging in when asked to.

        Raises:
            CameraError: no answer, not let in, or an answer of 300 and above.
        """
        reply = await self._exchange(method, url, headers or {})
        if reply.status == 401:
            with step(self._trace, "login") as note:
                reply = await self._log_in(reply, method, url, headers or {})
                known = self._authenticator
                note.detail = "" if known is None else f"{known.challenge.scheme} {known.challenge.algorithm}"
        check_reply(reply, self.url, method)
        return reply

    async def _log_in(self, reply: RtspReply, method: str, url: str, headers: dict[str, str]) -> RtspReply:
        for _ in range(MAX_LOGIN_TRIES):
            self._answer_challenge(reply)
            reply = await self._exchange(method, url, headers)
            if reply.status != 401:
                return reply
        raise WrongPasswordError(self.url.where)

    async def options(self) -> None:
        """Asks what the camera can do. A refusal is no error: some cameras do not know OPTIONS."""
        reply = await self._exchange("OPTIONS", self.url.text, {})
        if reply.status == 401:
            return  # DESCRIBE logs in
        if reply.status in {453, 503}:
            raise BusyError(self.url.where, reply.status)
        self._public = frozenset(re.findall(r"[A-Z_]+", reply.headers.get("public", "").upper()))

    def keep_alive(self, url: str) -> None:
        """Tells the camera that we are still here; the answer is looked at when it comes."""
        can_get = "GET_PARAMETER" in self._public or not self._public
        self.send("GET_PARAMETER" if can_get else "OPTIONS", url)

    def send(self, method: str, url: str) -> None:
        """Sends a request without waiting for its answer."""
        self._unheard[self._write(method, url, {})] = url
        while len(self._unheard) > 8:
            del self._unheard[next(iter(self._unheard))]

    def begin_session(self, reply: RtspReply) -> None:
        """Takes session id and timeout from the first SETUP."""
        session, self.session_timeout_s = session_of(reply)
        self.session = session or self.session

    async def _exchange(self, method: str, url: str, headers: dict[str, str]) -> RtspReply:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[RtspReply] = loop.create_future()
        cseq = self._write(method, url, headers)
        self._waiting[cseq] = future
        try:
            waited: tuple[asyncio.Future[RtspReply], asyncio.Future[None]] = (future, self.protocol.lost)
            await asyncio.wait(waited, timeout=self._timeout_s, return_when=asyncio.FIRST_COMPLETED)
            if future.done():
                return future.result()
            if self.protocol.lost.done():
                self.protocol.lost.result()
            raise NoAnswerError(self.url.where, f"waiting for the answer to {method}", self._timeout_s)
        finally:
            self._waiting.pop(cseq, None)
            future.cancel()

    def _write(self, method: str, url: str, headers: dict[str, str]) -> int:
        self._cseq += 1
        fields = {"CSeq": str(self._cseq), "User-Agent": USER_AGENT}
        if self.session and method != "DESCRIBE":
            fields["Session"] = self.session
        if self._authenticator is not None:
            fields["Authorization"] = self._authenticator.header(method, url)
        self.protocol.write(write_request(method, url, fields | headers))
        return self._cseq

    def _on_reply(self, reply: RtspReply) -> None:
        if reply.status == 0:
            return  # a request by the camera (ANNOUNCE, SET_PARAMETER): nothing in it concerns us
        cseq = reply.cseq
        if cseq is None and len(self._waiting) == 1:
            cseq = next(iter(self._waiting))  # cameras that forget CSeq
        url = self._unheard.pop(cseq, None) if cseq is not None else None
        if url is not None:
            self._on_keep_alive_reply(reply, url)
        future = self._waiting.get(cseq) if cseq is not None else None
        if future is not None and not future.done():
            future.set_result(reply)

    def _on_keep_alive_reply(self, reply: RtspReply, url: str) -> None:
        if reply.status == 401:
            challenge = choose_challenge(parse_challenges(reply.challenges), is_tls=self.url.is_tls)
            # Only a fresh nonce is a reason to try again at once; else the next turn would be the same.
            known = self._authenticator
            if challenge is not None and known is not None and challenge.nonce != known.challenge.nonce:
                known.renew(challenge)
                self.send("OPTIONS", url)
        elif reply.status in {405, 501, 551, 400, 451}:
            self._public = frozenset({"OPTIONS"})
        elif reply.status == 454:
            self.protocol.fail(RequestRefusedError(self.url.where, "the keep-alive", 454, "Session Not Found"))

    def _answer_challenge(self, reply: RtspReply) -> None:
        if self._login is None or not self._login.user:
            raise LoginRequiredError(self.url.where)
        challenge = choose_challenge(parse_challenges(reply.challenges), is_tls=self.url.is_tls)
        if challenge is None:
            offered = [re.sub(r"[^A-Za-z0-9-]", "", value.partition(" ")[0])[:16] for value in reply.challenges]
            raise LoginMethodError(self.url.where, ", ".join(offered) or "none")
        refused, self._authenticator = (
            self._authenticator,
            Authenticator(self._login, challenge, secrets.token_hex(8)),
        )
        # A nonce that was good before may have expired; one that was refused at its first use was not the fault.
        if refused is not None and refused.is_fresh and not challenge.stale:
            raise WrongPasswordError(self.url.where)


_STATUS_ERRORS: dict[int, Callable[[RtspUrl, RtspReply, str], CameraError]] = {
    403: lambda url, _reply, _method: PermissionRefusedError(url.where),
    404: lambda url, _reply, _method: PathNotFoundError(url.where, url.path.partition("?")[0]),
    453: lambda url, reply, _method: BusyError(url.where, reply.status),
    461: lambda url, _reply, _method: TransportRefusedError(url.where, "the wanted transport"),
    503: lambda url, reply, _method: BusyError(url.where, reply.status),
}


def check_reply(reply: RtspReply, url: RtspUrl, method: str) -> None:
    """Raises the error that an answer of 300 or above means."""
    if reply.status < 300:
        return
    if reply.status in {301, 302, 303, 305, 307}:
        raise _follow(reply, url)
    make = _STATUS_ERRORS.get(reply.status)
    if make is not None:
        raise make(url, reply, method)
    reason = re.sub(r"[^\x20-\x7e]", "", reply.reason)[:80]
    raise RequestRefusedError(url.where, method, reply.status, reason)


def _follow(reply: RtspReply, url: RtspUrl) -> CameraError:
    """A redirect is followed only on the same host, and never from RTSPS to RTSP: else a camera (or whoever
    plays one) could send our login anywhere.
    """
    try:
        target, _, _ = parse_rtsp_url(reply.headers.get("location", ""))
    except BadUrlError as exc:
        return exc
    if target.host.lower() != url.host.lower() or (url.is_tls and not target.is_tls):
        return RedirectRefusedError(url.where, target.host)
    return RedirectedError(target)


def base_url(reply: RtspReply, url: RtspUrl) -> str:
    """The URL that control attributes are relative to (RFC 2326 section C.1.1), without credentials.

    Only ever used as text in a request line on this connection. An unusable one falls back to ours.
    """
    for name in ("content-base", "content-location"):
        text = redact_url(reply.headers.get(name, "").strip())
        if urlsplit(text).scheme.lower() in {"rtsp", "rtsps"}:
            try:
                check_url_text(text)
            except BadUrlError:
                continue
            return text
    return url.text
