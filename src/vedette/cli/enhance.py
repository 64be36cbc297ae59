"""`vedette enhance`: a picture or video at twice its size."""

import asyncio
import os
import sys
from pathlib import Path
from typing import get_args

import click

from vedette.core.errors import InvalidInputError
from vedette.node.enhance import EnhancePlan, enhance_file
from vedette.vision.enhance.messages import Corner
from vedette.vision.enhance.network import SCALE

_TOLD_EVERY_S = 10.0


@click.command("enhance")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("-o", "--out", required=True, type=click.Path(path_type=Path), help="Result: .jpg, .png, .bmp or .mp4.")
@click.option("--scale", type=int, default=SCALE, show_default=True, help="Only 2.")
@click.option(
    "--label",
    type=click.Choice(get_args(Corner)),
    default="bottom-right",
    show_default=True,
    help="Corner of the label that says that the picture is enhanced. There is always one.",
)
@click.option("--threads", type=click.IntRange(1, 64), default=None, help="[processors, 4 at most]")
def command(path: Path, out: Path, scale: int, label: Corner, threads: int | None) -> None:
    """Enlarge a picture or a video by super-resolution.

    The result says in its metadata and in the picture that it is enhanced: details are estimated. It is no
    evidence, and sound is left out.
    """
    if scale != SCALE:
        raise InvalidInputError(f"a scale of {scale} is not offered: the network was trained for {SCALE} alone")
    plan = EnhancePlan(label, threads or min(4, len(os.sched_getaffinity(0))))
    made = asyncio.run(enhance_file(path, out, plan, _Told().tell))
    if made.jail != "holds":
        sys.stderr.write(f"the jail of the decoder: {made.jail}; `vedette doctor` says why\n")
    sys.stderr.write(f"{out}: {made.width} x {made.height}, {made.release}, weight set {made.weight_set}\n")


class _Told:
    """Tells how far a video is, now and then."""

    def __init__(self) -> None:
        self._last_s = 0.0

    def tell(self, at_s: float, duration_s: float) -> None:
        if at_s >= self._last_s + _TOLD_EVERY_S:
            self._last_s = at_s
            sys.stderr.write(f"{at_s:.0f} s" + (f" of {duration_s:.0f} s\n" if duration_s else "\n"))
