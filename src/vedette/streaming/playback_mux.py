"""Makes playback messages from stored packets. Pure."""

from collections.abc import Sequence

from vedette.core.media import Packet
from vedette.media.fmp4 import TrackFragment, make_fragment
from vedette.streaming.media_line import Placement
from vedette.streaming.messages import MediaFlag, MediaHead, MediaKind, encode_media


def make_media_message(
    video: Sequence[Packet],
    video_end_90k: int,
    audio: Sequence[Packet],
    *,
    placement: Placement,
    audio_step_90k: int,
    number: int,
    sent_at_ns: int,
) -> bytes:
    """Makes one message of the video packets of a fragment and the sound that belongs to it.

    Args:
        video: At least one packet, times on the run's line.
        video_end_90k: When the last of them ends, on the same line.
        audio: AAC packets, possibly none.
        placement: Where the fragment lies on the media line.
        audio_step_90k: How long an audio packet lasts.
        number: Of the fragment within this play, for `mfhd`.
        sent_at_ns: Now.
    """
    shift_90k = placement.shift_90k
    moved = _shift(video, shift_90k)
    if placement.fill_90k:
        moved = (_shift(moved[:1], -placement.fill_90k)[0], *moved[1:])
    tracks = [TrackFragment(moved, video_end_90k + shift_90k)]
    if audio:
        tracks.append(TrackFragment(_shift(audio, shift_90k), audio[-1].dts_90k + audio_step_90k + shift_90k))
    flags = MediaFlag.NONE
    flags |= MediaFlag.KEY if video[0].is_key else MediaFlag.NONE
    flags |= MediaFlag.DISCONTINUITY if placement.is_discontinuity else MediaFlag.NONE
    flags |= MediaFlag.AUDIO if audio else MediaFlag.NONE
    first = min(video, key=lambda packet: packet.pts_90k)
    head = MediaHead(
        kind=MediaKind.FRAGMENT,
        flags=flags,
        duration_90k=video_end_90k - video[0].dts_90k,
        media_90k=first.pts_90k + shift_90k,
        captured_at_ns=first.captured_at_ns,
        received_at_ns=0,
        sent_at_ns=sent_at_ns,
    )
    return encode_media(head, b"".join(make_fragment(number, tracks)))


def _shift(packets: Sequence[Packet], shift_90k: int) -> tuple[Packet, ...]:
    return tuple(packet.moved(shift_90k) for packet in packets)
