"""Sound for the parts of HLS playlists: AAC and Opus as they are; G.711, for which HLS has no word, as AAC.

A part is a function of its address, so each is encoded by an encoder of its own, and still fits the parts beside it:

* AAC frames lie on a grid of the run's line (frame n starts n frames after the run's zero), so every part cuts the same
  sound into the same frames, and a frame belongs to the part in which it starts.
* A frame is heard together with half of the one before. Each encoder therefore begins some frames before its part, with
  the sound that is stored there, and goes on behind it; those frames are dropped. That is also where the encoder's
  priming goes, so times need no edit list.
* Where there is no sound inside a part there is silence: players stop the picture for a track that brings nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from statistics import median_low

from vedette.core.footage import FragmentRef
from vedette.core.media import AudioFormat, Codec, Packet, StreamFormat
from vedette.core.time import NS_PER_S, TICKS_PER_S
from vedette.media.audio_samples import packet_duration_90k
from vedette.streaming.hls import continues
from vedette.streaming.ports import FootageReader
from vedette.streaming.sound import EncoderFactory, open_if_needed
from vedette.streaming.stored import StoredPackets, unpack_fragment

LEAD_FRAMES = 6
"""0.4 s: an encoder that has heard as much decides as one that heard everything."""
TAIL_FRAMES = 4
"""What the encoder looks ahead and holds back."""
_SILENCE = {Codec.PCMA: b"\xd5", Codec.PCMU: b"\xff"}
_MAX_JUMP_90K = TICKS_PER_S // 10
_NEAR_NS = NS_PER_S // 2
_MOST_NEIGHBOURS = 64


class HlsSound:
    """Makes the sound of parts. Reads: use it in a thread."""

    def __init__(self, reader: FootageReader, open_encoder: EncoderFactory) -> None:
        self._reader = reader
        self._open_encoder = open_encoder

    def find_format(self, found: StreamFormat) -> StreamFormat:
        """The format of a stream as HLS carries it."""
        encoder = open_if_needed(found.audio, self._open_encoder)
        return found if encoder is None else replace(found, audio=encoder.format)

    def carry(
        self, fragments: Sequence[FragmentRef], packets: Sequence[StoredPackets], found: StreamFormat
    ) -> tuple[list[StoredPackets], StreamFormat]:
        """Gives the packets of a part the sound that goes out, and says in which format.

        Args:
            fragments: Of the part, at least one, without a hole between them.
            packets: What is stored in them.
            found: The format that they are stored in.
        """
        encoder = open_if_needed(found.audio, self._open_encoder)
        if encoder is None or found.audio is None:
            return list(packets), found
        before, after = self._find_neighbours(fragments)
        stored = [*map(self._unpack, before), *packets, *map(self._unpack, after)]
        follows = bool(after) and continues(fragments[-1], after[0])
        span = fragments[0].media_90k, after[0].media_90k if follows else packets[-1].end_90k
        step_90k = packet_duration_90k(encoder.format)
        begin = span[0] // step_90k - LEAD_FRAMES
        end = -(-span[1] // step_90k) + TAIL_FRAMES
        sound = [packet for each in stored for packet in each.audio]
        octets = lay_out(sound, found.audio, begin * step_90k, end * step_90k)
        encoded = encoder.push(_one_packet(begin * step_90k, octets))
        audio = tuple(packet for packet in encoded if span[0] <= packet.dts_90k < span[1])
        first, *rest = (replace(each, audio=()) for each in packets)
        return [replace(first, audio=audio), *rest], replace(found, audio=encoder.format)

    def _find_neighbours(self, fragments: Sequence[FragmentRef]) -> tuple[list[FragmentRef], list[FragmentRef]]:
        """Finds the fragments of the same run and format that hold sound from just before and after a part."""
        first, last = fragments[0], fragments[-1]
        camera_id, role = first.segment.camera_id, first.segment.role
        find = self._reader.find_fragments
        before = find(camera_id, role, first.start_ns - _NEAR_NS, first.start_ns, _MOST_NEIGHBOURS)
        after = find(camera_id, role, last.end_ns, last.end_ns + _NEAR_NS, _MOST_NEIGHBOURS)
        return (
            [each for each in before if each.start_ns < first.start_ns and self._is_alike(each, first)],
            [each for each in after if each.start_ns > last.start_ns and self._is_alike(each, first)],
        )

    def _is_alike(self, one: FragmentRef, other: FragmentRef) -> bool:
        if one.segment.segment_id == other.segment.segment_id:
            return True
        return one.segment.run_id == other.segment.run_id and (
            self._reader.read_init(one.segment).format.audio == self._reader.read_init(other.segment).format.audio
        )

    def _unpack(self, fragment: FragmentRef) -> StoredPackets:
        return unpack_fragment(fragment, self._reader.read_fragment(fragment))


def lay_out(packets: Sequence[Packet], source: AudioFormat, begin_90k: int, end_90k: int) -> bytes:
    """Lays G.711 packets onto a stretch of their line, with silence where there is none.

    Returns:
        Octets for every sample of the stretch; several channels stay interleaved.

    Packets that follow each other are laid end to end, at the middle of what their times say: a camera's clock
    jitters, and a sample too many or too few at each packet would be heard.
    """
    rate_hz, channels = source.sample_rate_hz, source.channels
    count = (end_90k - begin_90k) * rate_hz // TICKS_PER_S
    octets = bytearray(_SILENCE[source.codec] * (count * channels))
    for stretch in _find_stretches(packets, source):
        starts, data, length = [], b"".join(packet.data for packet in stretch), 0
        for packet in stretch:
            starts.append(round((packet.pts_90k - begin_90k) * rate_hz / TICKS_PER_S) - length)
            length += len(packet.data) // channels
        first = median_low(starts)
        shown = data[max(0, -first) * channels :]
        place = max(0, first) * channels
        shown = shown[: max(0, len(octets) - place)]
        octets[place : place + len(shown)] = shown
    return bytes(octets)


def _find_stretches(packets: Sequence[Packet], source: AudioFormat) -> Iterator[list[Packet]]:
    stretch: list[Packet] = []
    expected_90k = 0
    for packet in packets:
        if stretch and abs(packet.pts_90k - expected_90k) > _MAX_JUMP_90K:
            yield stretch
            stretch = []
        if not stretch:
            expected_90k = packet.pts_90k
        stretch.append(packet)
        expected_90k += packet_duration_90k(source, packet.data)
    if stretch:
        yield stretch


def _one_packet(start_90k: int, octets: bytes) -> Packet:
    return Packet(True, True, start_90k, start_90k, 0, 0, 0, 0, 0, octets)
