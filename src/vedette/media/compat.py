"""The compatibility child: media that is not RTSP, read by libav where it can do no harm.

Started by `vedette.camera.compat` as `python -m vedette.media.compat --channel FD ...`, never by hand. It confines
itself, warms up, locks itself (`vedette.runtime.jail`) and only then sees the first foreign byte. The parent
fetches from the network and sends what it got; the child answers with packets. For a local file the parent passes
the open descriptor. libav is imported inside functions: the first layer of the jail must hold before it loads.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict

from vedette.core.errors import InvalidInputError
from vedette.media.compat_wire import Kind, decode_picture, encode_tracks, encode_unit
from vedette.media.compat_wire import Tracks as _Tracks
from vedette.runtime.jail import Jail
from vedette.runtime.worker_channel import WorkerChannel, open_inherited_channel

HEADROOM_BYTES = 768 << 20
"""Decoding and encoding one 8K picture needs about 400 MB."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs until the source or the parent ends."""
    parser = argparse.ArgumentParser(prog="compat")
    parser.add_argument("--channel", type=int, required=True)
    parser.add_argument("--mode", choices=("stream", "pictures", "file"), required=True)
    parser.add_argument("--format", default="")
    parser.add_argument("--file", type=int, default=-1)
    options = parser.parse_args(arguments)
    jail = Jail()
    jail.confine_files()
    channel = open_inherited_channel(options.channel)
    from vedette.media import compat_demux  # noqa: PLC0415 -- after the first layer of the jail

    compat_demux.warm_up()
    report = jail.lock(headroom_bytes=HEADROOM_BYTES)
    channel.send(Kind.READY, json.dumps(asdict(report)).encode())
    try:
        if options.mode == "pictures":
            _encode_pictures(channel)
        else:
            _demux(channel, options.format or None, options.file)
        channel.send(Kind.ENDED, b"")
    except compat_demux.ForeignCodecError as error:
        channel.send(Kind.UNSUPPORTED, error.message.encode("ascii", "replace"))
        return 1
    except InvalidInputError as error:
        channel.send(Kind.FAILED, error.message.encode("ascii", "replace"))
        return 1
    except (BrokenPipeError, ConnectionResetError):
        return 0  # the parent is gone: nothing is left to do
    return 0


def _encode_pictures(channel: WorkerChannel) -> None:
    from vedette.media.compat_demux import JpegEncoder  # noqa: PLC0415 -- loaded by `main` already

    encoder = JpegEncoder(lambda nal: channel.send(Kind.PARAMETER_SET, nal))
    channel.send(Kind.TRACKS, encode_tracks(_Tracks("h264")))
    while (message := channel.receive()) is not None and message.kind == Kind.PICTURE:
        for unit in encoder.encode(*decode_picture(message.payload)):
            channel.send(Kind.UNIT, encode_unit(unit))


def _demux(channel: WorkerChannel, container_format: str | None, file: int) -> None:
    from vedette.media.compat_demux import ByteSource, ForeignReader  # noqa: PLC0415 -- loaded by `main` already

    def more() -> bytes:
        message = channel.receive()
        return message.payload if message is not None and message.kind == Kind.DATA else b""

    source = os.fdopen(file, "rb") if file >= 0 else ByteSource(more)
    reader = ForeignReader(source, container_format, lambda nal: channel.send(Kind.PARAMETER_SET, nal))
    channel.send(Kind.TRACKS, encode_tracks(reader.tracks()))
    for unit in reader.units():
        channel.send(Kind.UNIT, encode_unit(unit))


if __name__ == "__main__":
    sys.exit(main())
