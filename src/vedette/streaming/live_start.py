"""What a viewer needs to begin: the init segment and the current GOP. Made by a fan-out, taken by viewers."""

from dataclasses import dataclass

from vedette.core.media import Codec, StreamFormat, StreamRole
from vedette.streaming.live_mux import LiveFragment
from vedette.streaming.messages import init_text


@dataclass(frozen=True, slots=True)
class LiveInit:
    """An init segment, as text and as binary message; `has_audio` decides who gets it."""

    text: str
    message: bytes
    has_audio: bool


@dataclass(frozen=True, slots=True)
class LiveStart:
    """A beginning.

    Attributes:
        silent: For viewers without sound.
        sounding: For viewers with sound; None while the stream has none.
        video: Fragments since the last key frame, empty before the first.
        audio: Audio fragments since then.
    """

    role: StreamRole
    codec: Codec
    silent: LiveInit
    sounding: LiveInit | None
    video: tuple[LiveFragment, ...]
    audio: tuple[LiveFragment, ...]


def describe_init(stream_format: StreamFormat, role: StreamRole) -> str:
    """Makes the text that announces a format's init segment."""
    video, audio = stream_format.video, stream_format.audio
    codecs = (video.codec_string,) + ((audio.codec_string,) if audio else ())
    return init_text(
        codecs=codecs,
        width=video.width,
        height=video.height,
        run_id=stream_format.run_id,
        stream=role.value,
        codec=video.codec.value,
    )
