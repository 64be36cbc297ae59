"""Files with hidden parts that are sent while they are made: no length, no byte ranges, and no two are the same.

MP4 goes out in fragments, because the head of an ordinary one needs the sizes of all pictures first. Who needs an
ordinary one, or a download that can go on, orders an export. A child that ends breaks the transfer off.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from vedette.core.media import AudioFormat, Packet
from vedette.media.audio_samples import packet_duration_90k
from vedette.media.fmp4 import TrackFragment, make_fragment, make_init
from vedette.media.mp4_file import make_udta
from vedette.streaming.export_marks import Notes
from vedette.streaming.masked_footage import MaskedFootage, line_up
from vedette.streaming.mkv_download import ByteCollector, WriterFactory


async def stream_masked_mkv(footage: MaskedFootage, open_writer: WriterFactory, notes: Notes) -> AsyncGenerator[bytes]:
    """Yields the file. Raises as `MaskedFootage.read`; what was sent is not whole then."""
    collector, writer = ByteCollector(), None
    async with aclosing(footage.read()) as pieces:
        async for piece in pieces:
            if writer is None:
                writer = open_writer(collector, footage.format, notes)
            writer.write(line_up(piece, footage.window))
            yield collector.take()
    assert writer is not None, "there is a piece, or an error"
    writer.finish()
    yield collector.take()


async def stream_masked_mp4(footage: MaskedFootage, notes: Notes) -> AsyncGenerator[bytes]:
    """Yields the file. Raises as `MaskedFootage.read`; what was sent is not whole then.

    A fragment is held back until the next picture is there: that is when its last one ends.
    """
    count = 0
    held: list[Packet] = []
    async with aclosing(footage.read()) as pieces:
        async for piece in pieces:
            packets = line_up(piece, footage.window)
            first = next((packet for packet in packets if not packet.is_audio), None)
            if not count and not held:
                yield make_init(footage.format, make_udta(notes))
            elif first is not None and any(not packet.is_audio for packet in held):
                count += 1
                yield _make_fragment(count, held, first.dts_90k, footage.audio)
                held = []
            held += packets
    yield _make_fragment(count + 1, held, footage.window.to_90k - footage.window.first_90k, footage.audio)


def _make_fragment(number: int, packets: Sequence[Packet], end_90k: int, audio: AudioFormat | None) -> bytes:
    tracks = []
    video = [packet for packet in packets if not packet.is_audio]
    sound = [packet for packet in packets if packet.is_audio]
    if video:
        tracks.append(TrackFragment(video, end_90k))
    if sound and audio is not None:
        tracks.append(TrackFragment(sound, sound[-1].dts_90k + packet_duration_90k(audio, sound[-1].data)))
    return b"".join(make_fragment(number, tracks)) if tracks else b""


async def begin(blocks: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    """Waits for the first block: a child that does not start, or footage that cannot be decoded, is an answer of its
    own then and no file that breaks off.
    """
    first = await anext(blocks)

    async def all_blocks() -> AsyncGenerator[bytes]:
        yield first
        async with aclosing(blocks):
            async for block in blocks:
                yield block

    return all_blocks()
