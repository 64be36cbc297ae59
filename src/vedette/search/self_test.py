"""Chooses how a gallery is searched, by measuring; never by what was found elsewhere.

Held-out queries are searched by every method, one after the other for each query. The full scan is what they are held
against. A method that is not exact as often as it must be, or not faster, is not taken: 200 queries do not tell 0.99
from 0.995, so a calibration must hold on those that it was learnt from as well. Where the gallery is flat, granules say
nothing, and a calibration that looks good on a few queries is not believed at all.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from vedette.core.errors import InvalidInputError
from vedette.runtime.clock import Clock
from vedette.search.brute_force import BruteForce
from vedette.search.calibrated import ALL, NEAR, CalibratedTerms, CalibratedTwd, Ratios, find_ratios
from vedette.search.found import Method
from vedette.search.gallery import Gallery
from vedette.search.kernels import Floats, Kernels, Rows
from vedette.search.safe import SafeTwd

_FLAT_FACTOR = 1.5
"""Times what noise can show at most. 5,000 embeddings of pictures (1,392 numbers): flatness 40, as many rows of noise:
2.2, and 4.3 in 1,000 rows, because few rows of many dimensions lie in some direction by chance."""
MISS_SHARES = (0.01, 0.005, 0.002, 0.001)
"""Tried from the fastest on."""
MIN_CALIBRATION = 400
"""Queries below which a quantile of 0.998 is made of nothing."""
WORTH = 0.9
"""A method takes the full scan's place when it needs at most so much of its time."""


@dataclass(frozen=True, slots=True)
class MethodFigures:
    """What was measured of one method.

    Attributes:
        exact_rate: Share of queries with the same nearest distance as the full scan; of those that a calibration was
            learnt from, where it did not hold there.
        median_us: Of one query.
        read_share: Numbers read, of those that a full scan reads.
        miss_share: Of a calibration, else 0.
    """

    name: str
    exact_rate: float
    median_us: float
    read_share: float
    miss_share: float = 0.0


@dataclass(frozen=True, slots=True)
class SelfTest:
    """Result: the method, all figures, and how far from flat the gallery is."""

    chosen: str
    flatness: float
    queries: int
    figures: tuple[MethodFigures, ...]


def run_self_test(
    gallery: Gallery, kernels: Kernels, clock: Clock, held_out: tuple[Floats, Floats], exact_target: float
) -> tuple[Method, SelfTest]:
    """Tries the methods that fit the gallery.

    Args:
        gallery: Without the held-out entries.
        kernels: The loops.
        clock: Times each query.
        held_out: Queries to calibrate with (may be none) and to test with.
        exact_target: How often a calibrated search must find the nearest neighbour.
    """
    calibration, queries = held_out
    brute = BruteForce(gallery, kernels)
    if gallery.granules is None or not len(queries) or not len(gallery):
        return brute, SelfTest(brute.name, 1.0, 0, ())
    flatness = gallery.granules.projection.flatness()
    methods: list[Method] = [brute, SafeTwd(gallery, kernels)]
    shares, nearest = [0.0, 0.0], np.zeros(0, np.int64)
    if len(calibration) >= MIN_CALIBRATION and not is_flat(flatness, len(gallery), gallery.dimensions):
        ratios = find_ratios(gallery, kernels, calibration)
        terms, nearest = make_terms(ratios), ratios.rows
        methods += [CalibratedTwd(gallery, kernels, one) for one in terms]
        shares += [one.miss_share for one in terms]
    figures = measure_methods(methods, gallery, clock, queries, shares)

    def find_rate(place: int) -> float:
        return find_exact_rate(methods[place], gallery, kernels, calibration, nearest)

    best, figures = choose_held(figures, exact_target, find_rate)
    return methods[best], SelfTest(figures[best].name, flatness, len(queries), tuple(figures))


def make_terms(ratios: Ratios) -> list[CalibratedTerms]:
    """What is tried: each share, with all entries read and, where there are cells, with the near ones."""
    terms = [ratios.terms(share) for share in MISS_SHARES]
    if ratios.slacks is not None:
        terms += [ratios.terms_with_cells(share) for share in MISS_SHARES]
    return terms


def find_exact_rate(method: Method, gallery: Gallery, kernels: Kernels, queries: Floats, nearest: Rows) -> float:
    """How often a method finds what is as near as the nearest row (Q,) of each query (Q, D)."""
    found = [method.find(query, 1).distances[0] for query in queries]
    rows = nearest[:, None]
    least = [kernels.measure(gallery.vectors, query, row)[0] for query, row in zip(queries, rows, strict=True)]
    return float((np.array(found) <= np.array(least)).mean())


def is_flat(flatness: float, count: int, dimensions: int) -> bool:
    """Whether noise could look so: its largest variance is (1 + sqrt(D / R))^2 of the mean (Marchenko and Pastur)."""
    return flatness < _FLAT_FACTOR * (1 + math.sqrt(dimensions / max(1, count))) ** 2


def make_method(name: str, gallery: Gallery, kernels: Kernels, terms: CalibratedTerms | None) -> Method:
    """The method that was chosen before, by name. Raises InvalidInputError when it does not fit the gallery."""
    if name in {ALL, NEAR} and terms is not None and (name == NEAR) == (terms.slack is not None):
        return CalibratedTwd(gallery, kernels, terms)
    if name == SafeTwd.name:
        return SafeTwd(gallery, kernels)
    if name == BruteForce.name:
        return BruteForce(gallery, kernels)
    raise InvalidInputError(f"no search is called {name!r} here")


def measure_methods(
    methods: Sequence[Method], gallery: Gallery, clock: Clock, queries: Floats, shares: Sequence[float]
) -> list[MethodFigures]:
    """Runs all methods on each query; the first of them is what the others are compared with."""
    shape = (len(methods), len(queries))
    took_ns, distances, read = np.zeros(shape), np.zeros(shape, np.float32), np.zeros(shape)
    for method in methods:
        method.find(queries[0], 1)  # the first call of all pays for cold caches
    for place, query in enumerate(queries):
        for number, method in enumerate(methods):
            began_ns = clock.mono_ns()
            found = method.find(query, 1)
            took_ns[number, place] = clock.mono_ns() - began_ns
            distances[number, place], read[number, place] = found.distances[0], found.numbers_read
    whole = len(gallery) * gallery.dimensions
    return [
        MethodFigures(
            name=method.name,
            exact_rate=float((distances[number] == distances[0]).mean()),
            median_us=float(np.median(took_ns[number])) / 1e3,
            read_share=float(read[number].mean()) / whole,
            miss_share=shares[number],
        )
        for number, method in enumerate(methods)
    ]


def choose_held(
    figures: Sequence[MethodFigures], exact_target: float, find_rate: Callable[[int], float]
) -> tuple[int, list[MethodFigures]]:
    """As `choose`, but a calibration is taken only if `find_rate`, of those that it was learnt from, bears it out.

    Returns the place of the best, and the figures with the rates that were found too low.
    """
    seen = list(figures)
    while True:
        best = choose(seen, exact_target)
        if not seen[best].miss_share or (rate := find_rate(best)) >= exact_target:
            return best, seen
        seen[best] = replace(seen[best], exact_rate=rate)


def choose(figures: Sequence[MethodFigures], exact_target: float) -> int:
    """The fastest that is exact enough; the full scan (the first) unless another is clearly faster."""
    best, best_us = 0, figures[0].median_us * WORTH
    for place, one in enumerate(figures[1:], 1):
        wanted = exact_target if one.miss_share else 1.0
        if one.exact_rate >= wanted and one.median_us < best_us and math.isfinite(one.median_us):
            best, best_us = place, one.median_us
    return best
