"""How coarsely the first pictures of a video were quantised. Runs in the jail: container and codec are parsed here.

Cheap only where the decoder tells it by the way: H.264. For MJPEG the packet has the table; for others nothing is told.
"""

import io
from dataclasses import dataclass

import av
from av.error import FFmpegError
from av.sidedata.encparams import VideoEncParams

_PICTURES = 12


@dataclass(frozen=True, slots=True)
class Coding:
    """What is known of a stream's quantiser.

    Attributes:
        qp: Mean over the blocks of the first pictures, 0 to 51 as H.264 has it; None where the decoder does not tell.
        jpeg: The first picture as JPEG, where the stream is MJPEG; else empty.
    """

    qp: float | None
    jpeg: bytes


def probe_coding(file: io.BufferedIOBase) -> Coding:
    """Looks at the first pictures of the first video track. What cannot be read tells nothing; never an error."""
    try:
        file.seek(0)
        container = av.open(file, "r", metadata_errors="ignore")
        stream = container.streams.video[0]
        if stream.codec_context.name == "mjpeg":
            return Coding(None, bytes(next(container.demux(stream))))
        stream.codec_context.options = {"export_side_data": "venc_params"}
        stream.thread_count = 1
        return Coding(_mean_qp(container, stream), b"")
    except (FFmpegError, ValueError, EOFError, IndexError, StopIteration, AttributeError):
        return Coding(None, b"")


def _mean_qp(container: av.container.InputContainer, stream: av.VideoStream) -> float | None:
    found = []
    for frame in container.decode(stream):
        parameters = frame.side_data.get("VIDEO_ENC_PARAMS")
        if not isinstance(parameters, VideoEncParams):
            break
        found.append(float(parameters.qp_map().mean()))
        if len(found) == _PICTURES:
            break
    return sum(found) / len(found) if found else None
