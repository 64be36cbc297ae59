"""The masking child: a camera's stream in, the same stream with hidden parts filled out.

Started by `vedette.streaming.mask_worker` as `python -m vedette.media.mask_child --channel FD`, never by hand. It
confines itself, warms up, locks itself (`vedette.runtime.jail`) and only then sees the first byte of a camera.
libav is imported inside functions: the first layer of the jail must hold before it loads.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict

import msgspec

from vedette.core.errors import InvalidInputError
from vedette.media.mask_wire import MaskKind, MaskSetup, Pictures, decode_packet
from vedette.runtime.jail import Jail
from vedette.runtime.worker_channel import WorkerChannel, open_inherited_channel

HEADROOM_BYTES = 768 << 20
"""Decoding and encoding 8K pictures needs about 400 MB."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs until the parent closes the channel. What cannot be decoded ends it: nothing is shown then."""
    parser = argparse.ArgumentParser(prog="mask_child")
    parser.add_argument("--channel", type=int, required=True)
    parser.add_argument("--niceness", type=int, default=0)
    options = parser.parse_args(arguments)
    os.nice(options.niceness)
    jail = Jail()
    jail.confine_files()
    channel = open_inherited_channel(options.channel)
    from vedette.media import mask_codec  # noqa: PLC0415 -- after the first layer of the jail

    mask_codec.warm_up()
    report = jail.lock(headroom_bytes=HEADROOM_BYTES)
    channel.send(MaskKind.READY, json.dumps(asdict(report)).encode())
    try:
        _serve(channel)
    except InvalidInputError as error:
        sys.stderr.write(f"{error.message}\n")
        return 1
    except (BrokenPipeError, ConnectionResetError):
        return 0  # the parent is gone: nothing is left to do
    return 0


def _serve(channel: WorkerChannel) -> None:
    from vedette.media.mask_codec import MaskingTranscoder  # noqa: PLC0415 -- loaded by `main` already

    transcoder: MaskingTranscoder | None = None
    while (message := channel.receive()) is not None:
        answer = Pictures([])
        if message.kind == MaskKind.SETUP:
            transcoder = MaskingTranscoder(msgspec.msgpack.decode(message.payload, type=MaskSetup))
        elif message.kind == MaskKind.PACKET and transcoder is not None:
            pts_90k, data, is_key, decode_only = decode_packet(message.payload)
            answer = transcoder.push(pts_90k, data, is_key=is_key, decode_only=decode_only)
        elif message.kind == MaskKind.FLUSH and transcoder is not None:
            answer = transcoder.flush()
        channel.send(MaskKind.PICTURES, msgspec.msgpack.encode(answer))


if __name__ == "__main__":
    sys.exit(main())
