"""What a tile says over the picture, from what the recorder says of the stream. Pure."""

from dataclasses import dataclass

from vedette.core.media import StreamState
from vedette.media.feed import FeedState
from vedette.streaming.messages import state_text

# Codes of vedette.camera.errors; features meet by words, not by imports.
_LOGIN_CODES = frozenset({"wrong_password", "login_required", "login_unsupported", "forbidden_by_camera"})
_UNSUPPORTED_CODES = frozenset({"unsupported_codec"})


@dataclass(frozen=True, slots=True)
class TileState:
    """`state` is one of the contract's words: connecting, live, stalled, offline, wrong_password, unsupported."""

    state: str
    code: str
    reason: str
    hint: str
    since_ns: int

    def to_text(self) -> str:
        return state_text(state=self.state, code=self.code, reason=self.reason, hint=self.hint, since_ns=self.since_ns)


def read_feed_state(feed: FeedState) -> TileState:
    """Translates the recorder's word. An unknown state is `offline`: never call a picture live by mistake."""
    if feed.state == StreamState.ONLINE:
        state = "live"
    elif feed.state in {StreamState.CONNECTING, StreamState.STALLED}:
        state = str(feed.state)
    elif feed.code in _LOGIN_CODES:
        state = "wrong_password"
    elif feed.code in _UNSUPPORTED_CODES:
        state = "unsupported"
    else:
        state = "offline"
    return TileState(state, feed.code, feed.reason, feed.hint, feed.at_ns)


def connecting(since_ns: int) -> TileState:
    return TileState("connecting", "", "", "", since_ns)


def live(since_ns: int) -> TileState:
    return TileState("live", "", "", "", since_ns)


def recorder_away(reason: str, since_ns: int) -> TileState:
    """The recorder's process does not answer; the supervisor is bringing it back."""
    return TileState(
        "connecting",
        "recorder_unavailable",
        f"The recorder does not answer: {reason}",
        "It restarts by itself; if this stays, look at the system page.",
        since_ns,
    )


def masker_away(reason: str, hint: str, since_ns: int) -> TileState:
    """What hides the privacy zones is not there: nothing is shown rather than what they hide."""
    return TileState("connecting", "masker_unavailable", f"The picture cannot be masked now: {reason}", hint, since_ns)


def not_assigned(reason: str, since_ns: int) -> TileState:
    """The recorder does not know the stream (yet)."""
    return TileState("offline", "not_assigned", reason, "Check that the camera is enabled.", since_ns)


def no_playable_stream(since_ns: int) -> TileState:
    """Every stream of this camera is H.265, which the viewer's browser cannot show."""
    return TileState(
        "unsupported",
        "codec_not_playable",
        "The camera sends H.265 only, and this browser cannot show it.",
        "Give the camera a sub stream in H.264, or use a browser that plays H.265.",
        since_ns,
    )


def undecodable(reason: str, since_ns: int) -> TileState:
    """The camera describes its pictures in a way no decoder would accept."""
    return TileState(
        "unsupported", "bad_parameter_sets", reason, "Restart the camera and update its firmware.", since_ns
    )


def failed(since_ns: int) -> TileState:
    """A mistake of ours; the log has it."""
    return TileState(
        "offline", "internal", "Live view of this stream failed.", "It is tried again; the log says more.", since_ns
    )
