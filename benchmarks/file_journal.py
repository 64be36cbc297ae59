"""What it costs that the analysis of a file goes on after a restart: the journal's size, its share of the time, and how
fast a journal is followed again.

`--clip FILE --models DIR`: analysed with and without a journal in turns (`--rounds`), with every recognizer that is
installed. The journal's cost is processor time of this process, as a share of all with the worker's.
"""

import asyncio
import os
import resource
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from typing_extensions import override

from benchmarks.common import Figures, make_parser, say, write_result
from vedette.adapters.journal_box import JournalBox
from vedette.behavior.rules import default_rules
from vedette.node.analyzer_pool import choose_model
from vedette.node.file_analysis import FileAnalysis, Kept
from vedette.node.file_journal import FileJournal, Step
from vedette.node.file_plan import FilePlan, plan_ahead
from vedette.node.recognizers import find_recognizers
from vedette.runtime.clock import SystemClock
from vedette.vision.models.registry import ModelRegistry
from vedette.vision.recognize.forms import GROUPS


def make_plan(models: Path) -> FilePlan:
    registry = ModelRegistry(models)
    model, _ = choose_model(registry)
    ahead = plan_ahead(len(os.sched_getaffinity(0)), 1)
    found = find_recognizers(registry, GROUPS)
    return FilePlan(
        model, models.absolute(), (), 0.0, annotate=False, recognizers=found.names, ahead=ahead, forms=found.forms
    )


def spent_s() -> float:
    """Processor time of this process and of workers that are over."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


@dataclass(frozen=True, slots=True)
class Run:
    """Processor time of this process, and with its worker; pictures that were analysed."""

    own_s: float
    all_s: float
    pictures: int


class TimedJournal(FileJournal):
    """Knows how long it took to be followed again: from its first step to its end."""

    began: tuple[float, float] | None = None
    ended = (0.0, 0.0)

    @override
    def read_steps(self) -> list[Step]:
        self.began = self.began or (time.perf_counter(), time.process_time())
        steps = super().read_steps()
        self.ended = time.perf_counter(), time.process_time()
        return steps

    @property
    def replay_s(self) -> tuple[float, float]:
        """Of wall and processor."""
        assert self.began is not None
        return self.ended[0] - self.began[0], self.ended[1] - self.began[1]


async def analyse(clip: Path, plan: FilePlan, folder: Path, journal: FileJournal | None) -> Run:
    rules = default_rules(has_model=bool(plan.model))
    kept = None if journal is None else Kept(journal, "benchmark")
    analysis = FileAnalysis(clip, plan, rules, is_picture=False, kept=kept)
    own_s, all_s = time.process_time(), spent_s()
    outcome = await analysis.run(folder, lambda _, __: None)
    return Run(time.process_time() - own_s, spent_s() - all_s, outcome.frames_analyzed)


async def measure(clip: Path, plan: FilePlan, rounds: int) -> Figures:
    box, clock = JournalBox(bytes(32)), SystemClock()
    with_it, without, replays = list[Run](), list[Run](), list[tuple[float, float]]()
    with tempfile.TemporaryDirectory() as name:
        path, folder = Path(name) / "journal", Path(name) / "result"
        for number in range(rounds):
            path.unlink(missing_ok=True)
            with_it.append(await analyse(clip, plan, folder, FileJournal(path, "benchmark", box, clock, 0)))
            without.append(await analyse(clip, plan, folder, None))
            whole = TimedJournal(path, "benchmark", box, clock, 0)
            await analyse(clip, plan, folder, whole)
            replays.append(whole.replay_s)
            say(f"round {number + 1}: {with_it[-1]}, without {without[-1]}, followed again in {replays[-1]}")
        size = path.stat().st_size
    pictures = with_it[0].pictures
    own_ms = [statistics.median(run.own_s for run in runs) / pictures * 1000 for runs in (with_it, without)]
    all_ms = statistics.median(run.all_s for run in without) / pictures * 1000
    return {
        "pictures": pictures,
        "journal_bytes": size,
        "bytes_a_picture": round(size / pictures, 1),
        "parent_ms_a_picture": round(own_ms[0], 3),
        "parent_ms_a_picture_without": round(own_ms[1], 3),
        "all_ms_a_picture_without": round(all_ms, 2),
        "overhead_percent": round((own_ms[0] - own_ms[1]) / all_ms * 100, 2),
        "replay_pictures_s": round(pictures / statistics.median(wall for wall, _ in replays)),
        "replay_pictures_cpu_s": round(pictures / statistics.median(own for _, own in replays)),
    }


def main() -> None:
    parser = make_parser(__doc__, 0.0)
    parser.add_argument("--clip", type=Path, required=True)
    parser.add_argument("--models", type=Path, required=True, help="folder of installed models")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    plan = make_plan(given.models)
    details: dict[str, object] = {"model": plan.model, "recognizers": plan.recognizers, "rounds": given.rounds}
    write_result("file_journal", asyncio.run(measure(given.clip, plan, given.rounds)), details, given.json)


if __name__ == "__main__":
    main()
