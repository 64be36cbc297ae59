"""What lists cost: one match among many plates, and a change on its way from the database to the analyzer.

`match_us` is one vehicle against 100,000 plates in the dictionary, `scan_us` the same by comparing with each plate, as
a list does without one; `match_10_us` among ten. `patterns_us` is one vehicle against the 5,000 entries with wildcards
that are allowed. `change_s` is one entry more on a list of 100,000: storing, loading, hashing and sending it, the
analyzer's parsing and making it ready, without waiting; `change_cpu_s` its processor time. `import_s` is a sheet of
100,000 rows, read, checked and stored.
"""

import asyncio
import hashlib
import resource
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from benchmarks.common import make_parser, say, working_folder, write_result
from vedette.adapters.database import Database
from vedette.adapters.database_cameras import SqlCameraStore
from vedette.adapters.database_watchlists import SqlWatchlistStore
from vedette.core.objects import PlateReading
from vedette.core.watchlists import (
    ListKind,
    ListOrder,
    ListSubject,
    VehicleMark,
    Watchlist,
    WatchlistEntry,
    WatchlistOrder,
)
from vedette.node.analyzer_watchlists import ListsInForce, parse_order
from vedette.runtime.clock import SystemClock
from vedette.watchlists.administration import WatchlistAdministration
from vedette.watchlists.forms import VehicleForm, WatchlistForm
from vedette.watchlists.vehicles import VehicleLists, VehicleSeen

MANY, PATTERNS, FEW = 100_000, 5_000, 10


def plate_of(number: int) -> str:
    return f"{10 + number % 90}{'ABCDEFGHKL'[number % 10]}{number:06d}"


def make_lists(plates: list[str]) -> VehicleLists:
    watchlist = Watchlist("L", "List", ListKind.WANTED, ListSubject.VEHICLES, "owner", "benchmark")
    entries = [WatchlistEntry(str(n), "x", "y", vehicle=VehicleMark(plate)) for n, plate in enumerate(plates)]
    return VehicleLists([ListOrder(watchlist, tuple(entries))])


def see(text: str) -> VehicleSeen:
    return VehicleSeen(PlateReading(text, 0.97, "read"), "car", "red")


def time_us(work: Callable[[int], object], seconds: float) -> float:
    """The median of repeats, each as many calls as fit a twentieth of the time."""
    repeats: list[float] = []
    count, until = 0, time.perf_counter() + seconds
    while time.perf_counter() < until:
        began, done = time.perf_counter(), 0
        while time.perf_counter() - began < seconds / 20:
            work(count)
            count, done = count + 7919, done + 1
        repeats.append((time.perf_counter() - began) / done * 1e6)
    return statistics.median(repeats)


def measure_matching(seconds: float) -> dict[str, float]:
    plates = [plate_of(n) for n in range(MANY)]
    began = time.perf_counter()
    many, few = make_lists(plates), make_lists(plates[:FEW])
    built_s = time.perf_counter() - began
    patterns = make_lists([f"{plate[:5]}?{plate[6:]}*" for plate in plates[:PATTERNS]])
    matches = sum(bool(many.find("A", see(plates[n]), 0)) for n in range(0, MANY, 97))
    assert matches == len(range(0, MANY, 97)), "every plate is found"
    return {
        "match_us": time_us(lambda n: many.find("A", see(plates[n % MANY]), 0), seconds),
        "match_10_us": time_us(lambda n: few.find("A", see(plates[n % FEW]), 0), seconds),
        "scan_us": time_us(lambda n: [plate for plate in plates if plate == plates[n % MANY]], seconds),
        "patterns_us": time_us(lambda n: patterns.find("A", see(plates[n % MANY]), 0), seconds),
        "make_ready_s": built_s,
    }


async def measure_change(folder: Path) -> dict[str, float]:
    clock = SystemClock()
    async with Database(folder / "v.db") as database:
        lists = WatchlistAdministration(
            store=SqlWatchlistStore(database),
            cameras=SqlCameraStore(database),
            clock=clock,
            on_change=lambda: None,
        )
        form = WatchlistForm("List", "wanted", "vehicles", "owner", "benchmark")
        list_id = (await lists.add_list(form, "owner")).watchlist.list_id
        rows = "".join(f"{plate_of(n)},reported stolen,police\n" for n in range(MANY - 5))
        began = time.perf_counter()
        await lists.import_sheet(list_id, f"plate,reason,owner\n{rows}".encode(), "owner", "UTC", is_whole=False)
        imported_s = time.perf_counter() - began
        changes, processor, size = [], [], 0
        for number in range(5):
            began, began_cpu = time.perf_counter(), time.process_time()
            await lists.add_entry(list_id, VehicleForm(f"99Z9{number}", "", "", "stolen", "police"), "owner")
            orders = await lists.load_orders()
            digest = hashlib.sha256(msgspec.json.encode(orders)).hexdigest()
            body = msgspec.json.encode(WatchlistOrder(digest, orders))
            await ListsInForce().take(parse_order(body))
            changes.append(time.perf_counter() - began)
            processor.append(time.process_time() - began_cpu)
            size = len(body)
    return {
        "import_s": imported_s,
        "change_s": statistics.median(changes),
        "change_cpu_s": statistics.median(processor),
        "order_mb": size / 1e6,
    }


def main() -> None:
    options = make_parser(__doc__, 4.0).parse_args()
    say("matching")
    figures = measure_matching(options.seconds)
    figures["scan_ratio"] = figures["scan_us"] / figures["match_us"]
    say("a change")
    with working_folder() as folder:
        figures |= asyncio.run(measure_change(folder))
    figures["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    write_result("watchlists", figures, {"plates": MANY, "patterns": PATTERNS}, options.json)


if __name__ == "__main__":
    main()
