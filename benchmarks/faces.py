"""What it costs to compare a face with a list: 1:N for lists of 1 to 100,000 people, and taking such a list over.

`match_ms_N` is one comparison of a track's template with N people (median of repeats), as the analyzer makes it at each
new good moment of a face; `take_ms_N` is what a changed list costs, checks of every template included. Templates are
random directions: the time does not depend on what they are.
"""

import statistics
import time

import numpy as np

from benchmarks.common import Figures, make_parser, say, write_result
from vedette.core.faces import TEMPLATE_NUMBERS
from vedette.core.watchlists import FaceMark, Ground, ListKind, ListOrder, ListSubject, Watchlist, WatchlistEntry
from vedette.vision.recognize.face_gallery import FaceLists
from vedette.vision.recognize.face_terms import MatchTerms

SIZES = (1, 1_000, 100_000)
TERMS = MatchTerms("benchmark", 0.42, 0.475)


def make_order(people: int) -> ListOrder:
    """A list of people of random templates."""
    rows = np.random.default_rng(people).standard_normal((people, TEMPLATE_NUMBERS)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    mark = FaceMark("person", Ground.CONSENT, "file", "2026-01-01", TERMS.release, 1)
    entries = tuple(WatchlistEntry(str(number), "reason", "owner", face=mark) for number in range(people))
    listed = Watchlist("list", "List", ListKind.WANTED, ListSubject.FACES, "owner", "benchmark")
    return ListOrder(listed, entries, rows.astype("<f4").tobytes())


def measure(people: int, seconds: float) -> tuple[float, float, int]:
    """Milliseconds of one comparison (median), and of taking the list over; and how many comparisons."""
    order = make_order(people)
    began_s = time.perf_counter()
    lists = FaceLists([order], TERMS)
    take_ms = (time.perf_counter() - began_s) * 1000
    rng = np.random.default_rng(7)
    times_ms: list[float] = []
    until_s = time.perf_counter() + seconds
    while time.perf_counter() < until_s or not times_ms:
        probe = rng.standard_normal(TEMPLATE_NUMBERS).astype(np.float32)
        probe /= np.linalg.norm(probe)
        began_s = time.perf_counter()
        lists.find("camera", probe, 0)
        times_ms.append((time.perf_counter() - began_s) * 1000)
    return statistics.median(times_ms), take_ms, len(times_ms)


def main() -> None:
    given = make_parser(__doc__, 3.0).parse_args()
    figures: Figures = {}
    details: dict[str, object] = {}
    for people in SIZES:
        match_ms, take_ms, repeats = measure(people, given.seconds)
        details[f"repeats_{people}"] = repeats
        figures |= {f"match_ms_{people}": round(match_ms, 4), f"take_ms_{people}": round(take_ms, 1)}
        say(f"{people:>7} people: {match_ms:.3f} ms a comparison, {take_ms:.0f} ms to take the list over")
    write_result("faces", figures, details, given.json)


if __name__ == "__main__":
    main()
