"""Which stream of a camera a viewer gets. Pure.

`auto` prefers the sub stream: it is what many tiles can decode at once. The console asks for `main` by itself
when a tile is large (its size in pixels is known only there).
"""

from enum import StrEnum

from vedette.core.media import StreamRole


class StreamChoice(StrEnum):
    """What a client asks for."""

    AUTO = "auto"
    MAIN = "main"
    SUB = "sub"


def choose_stream(
    choice: StreamChoice, roles: tuple[StreamRole, ...], refused: frozenset[StreamRole]
) -> StreamRole | None:
    """Returns the stream to show, or None when no stream is left.

    Args:
        choice: What the client wants.
        roles: What the camera has.
        refused: Streams that this viewer cannot decode.
    """
    order = (StreamRole.MAIN, StreamRole.SUB) if choice is StreamChoice.MAIN else (StreamRole.SUB, StreamRole.MAIN)
    return next((role for role in order if role in roles and role not in refused), None)
