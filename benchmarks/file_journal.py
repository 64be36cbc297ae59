"""What it costs that the analysis of a file goes on after a restart: the journal's size, its share of the time, and how
fast a journal is followed again.

`--clip FILE --models DIR`: analysed with and without a journal in turns (`--rounds`), with every recognizer that is
installed. Processor time is that of this process and its worker. What a whole journal takes to be followed again
(`replay_s`) is the time until the end less what a start takes without a journal.
"""

import asyncio
import os
import resource
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.common import Figures, make_parser, say, write_result
from vedette.adapters.journal_box import JournalBox
from vedette.behavior.rules import default_rules
from vedette.node.analyzer_pool import choose_model
from vedette.node.file_analysis import FileAnalysis, Kept
from vedette.node.file_journal import FileJournal
from vedette.node.file_plan import FilePlan, plan_ahead
from vedette.node.recognizers import find_recognizers
from vedette.runtime.clock import SystemClock
from vedette.vision.models.registry import ModelRegistry
from vedette.vision.recognize.forms import GROUPS
from vedette.vision.wire import FileInfo


def make_plan(models: Path) -> FilePlan:
    registry = ModelRegistry(models)
    model, _ = choose_model(registry)
    ahead = plan_ahead(len(os.sched_getaffinity(0)), 1)
    recognizers = find_recognizers(registry, GROUPS).names
    return FilePlan(model, models.absolute(), (), 0.0, annotate=False, recognizers=recognizers, ahead=ahead)


def spent_s() -> float:
    """Processor time of this process and of workers that are over."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


@dataclass(frozen=True, slots=True)
class Run:
    """Seconds until its first news, from there to its end, and of the processor in all; pictures that were analysed."""

    start_s: float
    wall_s: float
    processor_s: float
    pictures: int


async def analyse(clip: Path, plan: FilePlan, folder: Path, journal: FileJournal | None) -> Run:
    rules = default_rules(has_model=bool(plan.model))
    kept = None if journal is None else Kept(journal, "benchmark")
    analysis = FileAnalysis(clip, plan, rules, is_picture=False, kept=kept)
    before_s, news_s = spent_s(), [time.perf_counter()]

    def note(_: float, __: FileInfo) -> None:
        if len(news_s) == 1:
            news_s.append(time.perf_counter())

    outcome = await analysis.run(folder, note)
    end_s = time.perf_counter()
    first_s = news_s[-1] if len(news_s) > 1 else end_s  # all of it was in the journal
    return Run(first_s - news_s[0], end_s - first_s, spent_s() - before_s, outcome.frames_analyzed)


async def measure(clip: Path, plan: FilePlan, rounds: int) -> Figures:
    box, clock = JournalBox(bytes(32)), SystemClock()
    with_it, without, again = list[Run](), list[Run](), list[Run]()
    with tempfile.TemporaryDirectory() as name:
        path, folder = Path(name) / "journal", Path(name) / "result"
        for number in range(rounds):
            path.unlink(missing_ok=True)
            with_it.append(await analyse(clip, plan, folder, FileJournal(path, "benchmark", box, clock, 0)))
            without.append(await analyse(clip, plan, folder, None))
            again.append(await analyse(clip, plan, folder, FileJournal(path, "benchmark", box, clock, 0)))
            say(f"round {number + 1}: {with_it[-1]}, without {without[-1]}, again {again[-1]}")
        size = path.stat().st_size
    pictures, pairs = with_it[0].pictures, list(zip(with_it, without, strict=True))
    start_s = statistics.median(run.start_s for run in without)
    replay_s = max(1e-3, statistics.median(run.start_s for run in again) - start_s)
    return {
        "pictures": pictures,
        "journal_bytes": size,
        "bytes_a_picture": round(size / pictures, 1),
        "processor_ratio": round(statistics.median(a.processor_s / b.processor_s for a, b in pairs), 3),
        "wall_ratio": round(statistics.median(a.wall_s / b.wall_s for a, b in pairs), 3),
        "start_s": round(start_s, 2),
        "replay_s": round(replay_s, 2),
        "replay_pictures_s": round(pictures / replay_s),
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
