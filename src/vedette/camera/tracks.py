"""Chooses the tracks of a camera's offer and builds the receiver for each. Pure construction, no IO."""

from vedette.camera.assembler import AudioAssembler, VideoAssembler
from vedette.camera.audio_payload import AacReceiver, PlainReceiver
from vedette.camera.counters import StreamCounters
from vedette.camera.errors import UnsupportedCodecError
from vedette.camera.rtp import RtpReceiver, UnitReceiver
from vedette.camera.sdp import MediaTrack, SessionDescription, make_audio_format
from vedette.camera.video_payload import VideoReceiver
from vedette.core.media import AudioFormat, Codec


def choose_video(description: SessionDescription, where: str) -> MediaTrack:
    """Returns the video track.

    Raises:
        UnsupportedCodecError: none that can be stored.
    """
    video = description.video
    if video is None:
        offered = [track.encoding for track in description.tracks if track.kind == "video"]
        raise UnsupportedCodecError(where, ", ".join(offered)[:80] or "nothing (no video track)")
    return video


def choose_audio(description: SessionDescription) -> tuple[MediaTrack, AudioFormat] | None:
    """Returns the audio track and its format, or None: audio that we cannot store never stops the video."""
    track = description.audio
    audio_format = None if track is None else make_audio_format(track)
    return None if track is None or audio_format is None else (track, audio_format)


def make_video_receiver(track: MediaTrack, counters: StreamCounters, out: VideoAssembler, where: str) -> VideoReceiver:
    assert track.codec is not None
    return VideoReceiver(track.codec, track.payload_type, counters, out, where)


def make_audio_receiver(track: MediaTrack, counters: StreamCounters, out: AudioAssembler | UnitReceiver) -> RtpReceiver:
    if track.codec is Codec.AAC:
        size_bits = _small(track.fmtp.get("sizelength", ""), 13)
        index_bits = _small(track.fmtp.get("indexlength", ""), 3)
        return AacReceiver(track.payload_type, counters, out, size_bits, index_bits)
    return PlainReceiver(track.payload_type, counters, out)


def _small(text: str, otherwise: int) -> int:
    """A bit count from the description; nonsense falls back to what RFC 3640 prescribes for AAC-hbr."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 2 and int(text) <= 32 else otherwise
