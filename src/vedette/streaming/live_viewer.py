"""One viewer of live pictures: which stream it gets, and what goes into its outbox.

Synchronous and without IO: fan-outs call in, the outbox holds what is to be sent. The old stream goes on until
the new one has a picture, so switching shows no black. Design: docs/design/streaming.md.
"""

from dataclasses import dataclass
from typing import Protocol

from vedette.core.media import Codec, StreamRole
from vedette.core.privacy import Sight
from vedette.runtime.clock import Clock
from vedette.streaming import tile_state
from vedette.streaming.fanout import FanoutViewer
from vedette.streaming.live_mux import LiveFragment, join_fragments
from vedette.streaming.live_start import LiveStart
from vedette.streaming.outbox import Outbox
from vedette.streaming.stream_choice import StreamChoice, choose_stream
from vedette.streaming.tile_state import TileState


@dataclass(frozen=True, slots=True)
class LiveRequest:
    """What a client asks for when it connects."""

    sight: Sight
    choice: StreamChoice
    wants_audio: bool
    can_h265: bool

    @property
    def camera_id(self) -> str:
        return self.sight.camera_id


class Seats(Protocol):
    """Where viewers sit down: `LiveHub`."""

    def join(self, camera_id: str, role: StreamRole, viewer: FanoutViewer) -> None: ...
    def leave(self, camera_id: str, role: StreamRole, viewer: FanoutViewer) -> None: ...
    def restart(self, camera_id: str, role: StreamRole, viewer: FanoutViewer) -> None: ...


class LiveViewer:
    """Sits in one fan-out, or in two while it switches."""

    def __init__(
        self, request: LiveRequest, roles: tuple[StreamRole, ...], seats: Seats, outbox: Outbox, clock: Clock
    ) -> None:
        self._request = request
        self._roles = roles
        self._seats = seats
        self._outbox = outbox
        self._clock = clock
        self._choice = request.choice
        self._wants_audio = request.wants_audio
        self._refused: frozenset[StreamRole] = frozenset()
        self._shown: StreamRole | None = None
        self._awaited: StreamRole | None = None

    @property
    def wants_audio(self) -> bool:
        return self._wants_audio

    def start(self) -> None:
        """Sits down for the first time."""
        self._aim()

    def switch(self, choice: StreamChoice, *, wants_audio: bool) -> None:
        """Asks for another stream, or for sound or silence."""
        has_sound_changed = wants_audio != self._wants_audio
        self._choice, self._wants_audio = choice, wants_audio
        self._refused = frozenset()
        before = self._shown
        self._aim()
        if has_sound_changed and before is not None and before == self._shown and self._awaited is None:
            self._seats.restart(self._request.camera_id, before, self)

    def close(self) -> None:
        """Leaves every fan-out."""
        for role in {self._shown, self._awaited} - {None}:
            if role is not None:
                self._seats.leave(self._request.camera_id, role, self)
        self._shown = self._awaited = None

    def take_state(self, role: StreamRole, state: TileState) -> None:
        """While one stream is shown, the troubles of the awaited one are not the tile's."""
        if role == self._shown or (self._shown is None and role == self._awaited):
            self._outbox.put_control(state.to_text())

    def take_start(self, start: LiveStart) -> None:
        if start.codec is Codec.H265 and not self._request.can_h265:
            self._refuse(start)
            return
        if not start.video and start.role != self._shown:
            return  # its GOP cache was given up: wait for the next key frame
        self._arrive(start.role)
        init = start.sounding if self._wants_audio and start.sounding else start.silent
        self._outbox.restart_media()
        self._outbox.put_control(init.text)
        self._outbox.put_control(init.message)
        for track in (start.video, start.audio if init.has_audio else ()):
            if track:
                self._put(join_fragments(track, self._clock.utc_ns()))

    def take_fragment(self, role: StreamRole, fragment: LiveFragment) -> None:
        if role != self._shown:
            if fragment.is_key and not fragment.is_audio and role == self._awaited:
                self._seats.restart(self._request.camera_id, role, self)
            return
        if not fragment.is_audio or self._wants_audio:
            self._put(fragment)

    def _put(self, fragment: LiveFragment) -> None:
        self._outbox.put_media(
            fragment.message, is_key=fragment.is_key, is_audio=fragment.is_audio, frames=fragment.frames
        )

    def _aim(self) -> None:
        """Sits down where the choice points to, unless it sits there already."""
        role = choose_stream(self._choice, self._roles, self._refused)
        if role is None:
            state = tile_state.no_playable_stream(self._clock.utc_ns())
            self._outbox.put_control(state.to_text())
            return
        if self._awaited is not None and role != self._awaited:
            self._leave_awaited()
        if role in {self._shown, self._awaited}:
            return
        self._awaited = role
        self._seats.join(self._request.camera_id, role, self)

    def _refuse(self, start: LiveStart) -> None:
        """The stream cannot be decoded by this client: try the other one."""
        self._refused |= {start.role}
        if start.role == self._shown:
            self._seats.leave(self._request.camera_id, start.role, self)
            self._shown = None
        if start.role == self._awaited:
            self._leave_awaited()
        self._aim()

    def _arrive(self, role: StreamRole) -> None:
        if role == self._shown:
            return
        if self._shown is not None:
            self._seats.leave(self._request.camera_id, self._shown, self)
        self._shown, self._awaited = role, None

    def _leave_awaited(self) -> None:
        if self._awaited is not None:
            self._seats.leave(self._request.camera_id, self._awaited, self)
            self._awaited = None
