"""The jailed worker of `vedette enhance`: decodes one file, enlarges it, encodes the result, without files or network.

Started by `vedette.node.enhance` as `python -m vedette.node.enhance_worker --channel FD --file FD ...`, never by hand.
The order is that of docs/design/jail.md: confine, then import and warm up, then lock, then say so. Heavy modules are
imported inside functions, because the first layer must hold before they load.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vedette.runtime.jail import Jail
from vedette.runtime.worker_channel import open_inherited_channel

if TYPE_CHECKING:
    from vedette.vision.enhance.messages import EnhanceTerms
    from vedette.vision.enhance.session import EnhanceSession

HEADROOM_BYTES = 3 << 30
"""An 8K picture and the encoder's references of it."""


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """What the command line says. `width` 0: only to say what the file is, or to cut a still picture out of it."""

    channel: int
    file: int
    width: int
    height: int
    weight_set: str
    format: str
    corner: str
    note: str
    threads: int
    niceness: int


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one worker until its parent closes the channel."""
    options = parse_options(arguments)
    os.nice(options.niceness)
    jail = Jail()
    jail.confine_files()
    channel = open_inherited_channel(options.channel)
    session = prepare(options)
    report = jail.lock(headroom_bytes=HEADROOM_BYTES)
    channel.send(0, report.state.encode())
    while (message := channel.receive()) is not None:
        channel.send(*session.handle(message.kind, message.payload))
    return 0


def prepare(options: WorkerOptions) -> "EnhanceSession":
    """Imports, compiles and runs everything once, while files can still be read."""
    import cv2  # noqa: PLC0415 -- after the first layer of the jail
    import msgspec  # noqa: PLC0415 -- as above

    from vedette.node.vision_warmup import warm_up  # noqa: PLC0415 -- as above
    from vedette.vision.enhance.messages import EnhanceTerms  # noqa: PLC0415 -- as above
    from vedette.vision.enhance.session import EnhanceSession  # noqa: PLC0415 -- as above

    cv2.setNumThreads(1)
    warm_up(None)
    file = os.fdopen(options.file, "rb")
    given = {"format": options.format, "corner": options.corner, "note": options.note}
    terms = msgspec.convert(given, EnhanceTerms)
    warm_up_pictures(terms)
    if not options.width:
        return EnhanceSession(file, None, terms)
    from vedette.adapters.enlarger import open_strip_network  # noqa: PLC0415 -- as above
    from vedette.node.model_selftests import run_selftest  # noqa: PLC0415 -- as above
    from vedette.vision.enhance.bank import MODEL, read_bank  # noqa: PLC0415 -- as above
    from vedette.vision.enhance.strips import FLAT_BELOW, StripRunner  # noqa: PLC0415 -- as above
    from vedette.vision.models.registry import ModelRegistry  # noqa: PLC0415 -- as above

    registry = ModelRegistry(Path())
    model = registry.load(registry.find_named(MODEL))
    run_selftest(model)
    weights = read_bank(model).get(options.weight_set)
    runner = StripRunner(
        (options.width, options.height),
        lambda width, height: open_strip_network(weights, width, height, options.threads),
        flat_below=FLAT_BELOW,
    )
    return EnhanceSession(file, runner.enlarge, terms)


def warm_up_pictures(terms: "EnhanceTerms") -> None:
    """Runs the picture coders once: what is loaded lazily fails after the lock."""
    import cv2  # noqa: PLC0415 -- as above
    import numpy as np  # noqa: PLC0415 -- as above

    from vedette.vision.enhance.picture import encode_picture, enhance_bgr  # noqa: PLC0415 -- as above

    image = enhance_bgr(np.zeros((32, 48, 3), np.uint8), lambda luma: luma.repeat(2, 0).repeat(2, 1), terms.corner)
    for kind in ("jpeg", "png", "bmp"):
        cv2.imdecode(np.frombuffer(encode_picture(image, kind), np.uint8), cv2.IMREAD_COLOR)


def parse_options(arguments: Sequence[str] | None) -> WorkerOptions:
    parser = argparse.ArgumentParser(prog="enhance_worker")
    for name in ("channel", "file"):
        parser.add_argument(f"--{name}", type=int, required=True)
    for name, default in (("width", 0), ("height", 0), ("threads", 1), ("niceness", 0)):
        parser.add_argument(f"--{name}", type=int, default=default)
    for name, value in (("weight-set", ""), ("format", "png"), ("corner", "bottom-right"), ("note", "")):
        parser.add_argument(f"--{name}", default=value)
    return WorkerOptions(**vars(parser.parse_args(arguments)))


if __name__ == "__main__":
    sys.exit(main())
