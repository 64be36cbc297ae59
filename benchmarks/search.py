"""Searching 10,000 and 50,000 embeddings of real pictures: ours, the full scan, and HNSW of equal exactness.

The embeddings are made on the first run (minutes) and kept in VEDETTE_EMBEDDINGS, a folder in the cache by default.
1,500 queries that are not in the gallery, one thread, projection included, all methods in turn in blocks of 50
queries, medians. Figures end in `_10k` and `_50k`:

`speedup_vs_blas`, `speedup_vs_hnsw`: of the calibrated search, confined to near cells or not, that is the fastest with
0.995 exact or more (else the most exact one). HNSW has the narrowest beam that is at least as exact, of the sweep
shown; where none is, the widest, and its exactness is in the figures. `speedup_vs_hnsw_998` is the same at 0.998.
`safe_speedup_vs_blas` is exact.
`twd_speedup_vs_components` is the published method (m = 64, per instance, as in the author's program) against the scan
of 256 components, with the difference of their accuracies in points.
"""

import os
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from benchmarks.common import Figures, make_parser, say, write_result
from benchmarks.search_embeddings import Embeddings, load_embeddings
from evals.search import decide_with, distance, find_nearest, search_with
from evals.search_rivals import Answer, Contender, Entries, make_blas, make_component_scan, make_hnsw, run
from vedette.runtime.clock import SystemClock
from vedette.search.calibrated import CalibratedTwd, Ratios, find_ratios
from vedette.search.cells import fit_centres
from vedette.search.compiled import CompiledKernels
from vedette.search.gallery import Gallery
from vedette.search.index import SearchIndex
from vedette.search.kernels import Floats, Kernels, Rows
from vedette.search.projection import Projection, fit_projection
from vedette.search.safe import SafeTwd
from vedette.search.twd import PublishedTwd, Variant

QUERIES, CALIBRATION = 1_500, 1_000
SIZES = {"10k": 10_000, "50k": 50_000}
BEAMS = (16, 24, 32, 48, 64, 96, 128, 256)
MISS_SHARES = (0.005, 0.003, 0.002, 0.001)
GRANULES = (16, 24, 32, 64)
CLASSES_AT = 64
"""The published method per class keeps all entries of a class: with ten large ones it reads almost everything."""


@dataclass(frozen=True, slots=True)
class Line:
    """One contender, measured."""

    name: str
    median_us: float
    exact_rate: float
    accuracy: float
    read_share: float
    build_s: float


def cache_folder() -> Path:
    """Where embeddings are kept."""
    default = Path(__file__).resolve().parents[1] / ".cache" / "embeddings"
    return Path(os.environ.get("VEDETTE_EMBEDDINGS", default))


def measure_size(embeddings: Embeddings, size: int, queries: int, kernels: Kernels) -> list[Line]:
    """All methods over the first `size` rows; the last `queries` rows are searched."""
    vectors, labels = embeddings.rows[:size], embeddings.labels[:size]
    asked, own = embeddings.rows[-queries:], embeddings.labels[-queries:]
    entries = Entries(vectors, labels, fit_projection(vectors, 32))
    contenders = [
        Contender("full scan, BLAS", make_blas(entries)),
        Contender("256 components, BLAS", make_component_scan(entries)),
        *make_graphs(entries),
    ]
    for granule in GRANULES:
        contenders += make_ours(entries, granule, kernels)
    contenders.append(make_index(entries, kernels))
    say(f"{size} entries: {len(contenders)} methods")
    run(contenders, asked)
    nearest = find_nearest(entries, asked)
    return [summarize(one, entries, asked, own, nearest) for one in contenders]


def make_graphs(entries: Entries) -> list[Contender]:
    began = time.perf_counter()
    graphs = make_hnsw(entries, BEAMS)
    built_s = time.perf_counter() - began
    return [Contender(f"HNSW ef={beam}", search, built_s) for beam, search in graphs.items()]


def make_ours(entries: Entries, granule: int, kernels: Kernels) -> list[Contender]:
    """The published methods, the exact one, and the calibrated one at several shares, over granules of one width."""
    began = time.perf_counter()
    projection = fit_projection(entries.vectors, granule)
    centres = fit_centres(projection, entries.vectors)
    gallery = make_gallery(entries, projection, centres)
    built_s = time.perf_counter() - began
    made = [Contender(f"SAFE m={granule}", search_with(SafeTwd(gallery, kernels), entries), built_s)]
    for variant in Variant if granule == CLASSES_AT else [Variant.PER_INSTANCE]:
        published = decide_with(PublishedTwd(gallery, kernels, variant))
        made += [Contender(f"TWD {variant} m={granule}", published)]
    began = time.perf_counter()
    ratios = learn(entries, projection, centres, kernels)
    built_s += time.perf_counter() - began
    for share in MISS_SHARES:
        for name, terms in (("CAL", ratios.terms(share)), ("CAL near cells", ratios.terms_with_cells(share))):
            method = CalibratedTwd(gallery, kernels, terms)
            made.append(Contender(f"{name} m={granule} miss={share}", search_with(method, entries), built_s))
    return made


def make_gallery(entries: Entries, projection: Projection, centres: Floats) -> Gallery:
    gallery = Gallery(entries.vectors.shape[1], projection, centres)
    gallery.add(entries.vectors, np.arange(len(entries.vectors)), entries.labels)
    return gallery


def learn(entries: Entries, projection: Projection, centres: Floats, kernels: Kernels) -> Ratios:
    """Ratios of entries that stand in for queries, taken out of a gallery of the others."""
    count = min(CALIBRATION, len(entries.vectors) // 10)
    order = np.random.default_rng(1).permutation(len(entries.vectors))
    out, rest = order[:count], np.sort(order[count:])
    others = Gallery(entries.vectors.shape[1], projection, centres)
    others.add(entries.vectors[rest], rest, entries.labels[rest])
    return find_ratios(others, kernels, entries.vectors[out])


def make_index(entries: Entries, kernels: Kernels) -> Contender:
    """The index as its users meet it: it chooses, and checks what it is given."""
    index = SearchIndex(entries.vectors.shape[1], kernels, SystemClock())
    began = time.perf_counter()
    index.fit(entries.vectors, np.arange(len(entries.vectors)), entries.labels)
    built_s = time.perf_counter() - began

    def search(query: Floats) -> Answer:
        key, found = index.find(query)
        return entries.answer(key or 0, found.numbers_read)

    return Contender(f"index ({index.method})", search, built_s)


def summarize(one: Contender, entries: Entries, asked: Floats, own: Rows, nearest: NDArray[np.float64]) -> Line:
    rate = one.exact_rate(nearest, lambda place, row: distance(entries, asked, place, row))
    read = float(np.mean([answer.numbers_read for answer in one.answers])) / entries.vectors.size
    return Line(one.name, one.median_us, rate or 0.0, one.accuracy(own), read, one.build_s)


def make_figures(lines: list[Line], suffix: str) -> Figures:
    """Ratios of medians."""
    by_name = {line.name: line for line in lines}
    blas, components = by_name["full scan, BLAS"], by_name["256 components, BLAS"]
    safe = min((line for line in lines if line.name.startswith("SAFE")), key=lambda line: line.median_us)
    twd, index = by_name["TWD per_instance m=64"], lines[-1]
    best, rival = compare(lines, 0.995)
    best_998, rival_998 = compare(lines, 0.998)
    figures: Figures = {
        "exact_rate": best.exact_rate,
        "speedup_vs_blas": blas.median_us / best.median_us,
        "speedup_vs_hnsw": rival.median_us / best.median_us,
        "hnsw_exact_rate": rival.exact_rate,
        "evaluated_fraction": best.read_share,
        "us_per_query": best.median_us,
        "exact_rate_998": best_998.exact_rate,
        "speedup_vs_hnsw_998": rival_998.median_us / best_998.median_us,
        "safe_exact_rate": safe.exact_rate,
        "safe_speedup_vs_blas": blas.median_us / safe.median_us,
        "twd_speedup_vs_components": components.median_us / twd.median_us,
        "twd_accuracy_points": 100 * (twd.accuracy - components.accuracy),
        "index_exact_rate": index.exact_rate,
        "index_speedup_vs_blas": blas.median_us / index.median_us,
        "blas_us": blas.median_us,
    }
    return {f"{name}_{suffix}": value for name, value in figures.items()}


def compare(lines: list[Line], wanted: float) -> tuple[Line, Line]:
    """Our fastest that is so exact, and the fastest HNSW that is as exact as ours; without one, the most exact."""
    ours = [line for line in lines if line.name.startswith("CAL")]
    fit = [line for line in ours if line.exact_rate >= wanted]
    best = min(fit, key=lambda line: line.median_us) if fit else max(ours, key=lambda line: line.exact_rate)
    graphs = [line for line in lines if line.name.startswith("HNSW")]
    equal = [line for line in graphs if line.exact_rate >= best.exact_rate]
    return best, (min(equal, key=lambda line: line.median_us) if equal else graphs[-1])


def print_lines(lines: list[Line]) -> None:
    print(f"{'method':32} {'us':>9} {'exact':>7} {'label':>6} {'read':>6} {'build s':>8}")
    for line in lines:
        print(
            f"{line.name:32} {line.median_us:9.1f} {line.exact_rate:7.4f} {line.accuracy:6.3f} "
            f"{line.read_share:6.3f} {line.build_s:8.2f}"
        )


def main() -> None:
    parser = make_parser(__doc__, 0.0)
    parser.add_argument("--sizes", nargs="+", choices=list(SIZES), default=list(SIZES))
    parser.add_argument("--queries", type=int, default=QUERIES)
    options = parser.parse_args()
    embeddings, kernels = load_embeddings(cache_folder()), CompiledKernels()
    figures: Figures = {}
    details: dict[str, object] = {"queries": options.queries}
    for name in options.sizes:
        with threadpool_limits(1):
            lines = measure_size(embeddings, SIZES[name], options.queries, kernels)
        print_lines(lines)
        figures |= make_figures(lines, name)
        details[name] = [[line.name, line.median_us, line.exact_rate, line.accuracy, line.build_s] for line in lines]
    write_result("search", figures, details, options.json)


if __name__ == "__main__":
    main()
