"""Writes Matroska by packet copy: to a file, or to something that only takes bytes (an HTTP answer).

libav's muxer does the work; it needs seeks only to fill in duration and index at the end, so a streamed file has none
and players find them by themselves. MKV has no edit list: the file starts at the key frame.
"""

import io
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Protocol

import av
from av.container import InputContainer, OutputContainer
from av.stream import Stream

from vedette.core.media import Packet, StreamFormat
from vedette.core.time import TICKS_PER_S
from vedette.media.errors import MalformedMediaError
from vedette.media.fmp4 import make_init

_TIME_BASE = Fraction(1, TICKS_PER_S)


class ByteSink(Protocol):
    """What the file is written to."""

    def write(self, data: bytes, /) -> int: ...


class MkvWriter:
    """One file. Use as: `begin`, `write` in decoding order, `finish`. Not thread-safe."""

    def __init__(
        self, sink: ByteSink | Path, stream_format: StreamFormat, notes: Mapping[str, str] | None = None
    ) -> None:
        """Begins the file. `notes`: facts about it, written as tags."""
        # The parameter sets reach libav through an init segment of ours, never through a camera's own container.
        with av.open(io.BytesIO(make_init(stream_format)), "r", format="mp4") as described:
            self._output, self._streams = _open_output(sink, described, notes or {})

    def write(self, packets: Sequence[Packet]) -> None:
        """Writes packets; video and audio in any order that is near decoding order."""
        try:
            self._mux(packets)
        except av.error.FFmpegError as exc:
            raise MalformedMediaError(f"the footage does not fit into a Matroska file: {exc}") from exc

    def _mux(self, packets: Sequence[Packet]) -> None:
        for packet in packets:
            out = av.Packet(packet.data)
            out.stream = self._streams[packet.is_audio]
            out.time_base = _TIME_BASE
            out.pts, out.dts = packet.pts_90k, packet.dts_90k
            out.is_keyframe = packet.is_key
            self._output.mux(out)

    def finish(self) -> None:
        self._output.close()


def _open_output(
    sink: ByteSink | Path, described: InputContainer, notes: Mapping[str, str]
) -> tuple[OutputContainer, dict[bool, Stream]]:
    if isinstance(sink, Path):
        output = av.open(str(sink), "w", format="matroska")
    else:
        output = av.open(sink, "w", format="matroska", options={"live": "1"})
    output.metadata.update(notes)
    streams: dict[bool, Stream] = {}
    for source in described.streams:
        if source.type in {"video", "audio"}:
            stream = output.add_stream_from_template(source)
            stream.time_base = _TIME_BASE
            streams[source.type == "audio"] = stream
    output.start_encoding()
    return output, streams
