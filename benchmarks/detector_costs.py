"""What a picture costs each detector in each input size on this machine, as the analyzer measures it: processor time of
one look at a whole picture, in a jailed worker.

`--models DIR`: a folder of installed models; without one the embedded detectors. `--detectors NAME[@WxH]...`: those
alone. Medians over `--rounds` workers.
"""

import asyncio
import os
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.common import Figures, make_parser, say, write_result
from vedette.node.analyzer_costs import measure_costs
from vedette.vision.models.registry import ModelRegistry
from vedette.vision.models.sized import SizedModel, list_sizes, parse_sized_model


def list_detectors(models: Path) -> list[SizedModel]:
    registry = ModelRegistry(models)
    installed = [one for one in registry.manifests() if one.task == "detection" and registry.is_installed(one)]
    return [model for manifest in installed for model, _ in list_sizes(manifest)]


async def measure(models: Path, detectors: Sequence[SizedModel], rounds: int) -> Figures:
    replies = []
    for number in range(rounds):
        replies.append(await measure_costs(models, detectors))
        say(f"round {number + 1}, load {os.getloadavg()[0]:.1f}: {replies[-1]}")
    figures: Figures = {"base_ms": round(statistics.median(reply.base_ms for reply in replies), 3)}
    for index, detector in enumerate(detectors):
        if not replies[0].failures[index]:
            figures[f"{detector} ms"] = round(statistics.median(reply.costs_ms[index] for reply in replies), 2)
    return figures


def main() -> None:
    parser = make_parser(__doc__, 0.0)
    parser.add_argument("--models", type=Path, help="folder of installed models")
    parser.add_argument("--detectors", type=parse_sized_model, nargs="+")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as nothing:
        models = given.models or Path(nothing)
        figures = asyncio.run(measure(models, given.detectors or list_detectors(models), given.rounds))
    write_result("detector_costs", figures, {"rounds": given.rounds}, given.json)


if __name__ == "__main__":
    main()
