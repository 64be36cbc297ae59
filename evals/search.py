"""How exactly and how fast a gallery is searched (1:N), beside full scans, HNSW and the baselines of the works.

`--data DIR` holds `.npy` files (names and shapes: `evals.search_data`) or folders of pictures, `<class>/*.jpg`, of
which the first five each are enrolled and the others searched as frames of one track. The index is fitted as the
system does it and chooses its method itself. With 1,600 queries or more half of them are
given to the fit and the other half is measured; else entries of the gallery stand in. One thread.

`exact_rate`: the nearest neighbour found. `speedup_vs_blas`: against the full scan by a matrix-vector product.
`speedup_vs_hnsw`: against faiss HNSW32 with the narrowest beam that is as exact (the widest where none is: then
`hnsw_exact_rate` is lower). `evaluated_fraction`: numbers read, of those that a full scan reads.
"""

import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from benchmarks.search_embeddings import Embedder
from evals.common import SHARED, Figures, fingerprint, make_parser, write_result
from evals.search_data import SearchData, embed_folders, read_files
from evals.search_frames import measure_frames
from evals.search_published import print_published
from evals.search_rivals import (
    Answer,
    Contender,
    Entries,
    Search,
    build,
    make_blas,
    make_component_scan,
    make_forest,
    make_hnsw,
    make_kd_tree,
    make_linear_svm,
    make_perm_sort,
    run,
)
from vedette.runtime.clock import SystemClock
from vedette.search.compiled import CompiledKernels
from vedette.search.directed import DirectedEnumeration
from vedette.search.found import Method
from vedette.search.gallery import Gallery
from vedette.search.index import SearchIndex
from vedette.search.kernels import Floats, Kernels, Rows
from vedette.search.pnn import SequentialPnn
from vedette.search.projection import fit_projection
from vedette.search.safe import SafeTwd
from vedette.search.twd import PublishedTwd, Variant

BEAMS = (16, 32, 64, 128, 256)
RELEASE = "search-1"
_HALF_FROM = 1_600
_SLOW_QUERIES = 200
_GRANULES = (32, 64)


@dataclass(frozen=True, slots=True)
class Measured:
    """Attributes: the index; all lines of the table; how exact each line is (None: it names classes only); figures."""

    index: SearchIndex
    contenders: list[Contender]
    exact_rates: list[float | None]
    figures: Figures


def search_with(method: Method, entries: Entries) -> Search:
    """One of our methods as a contender."""

    def search(query: Floats) -> Answer:
        found = method.find(query, 1)
        return entries.answer(int(found.rows[0]), found.numbers_read)

    return search


def decide_with(method: PublishedTwd) -> Search:
    """The published decisions as a contender."""

    def search(query: Floats) -> Answer:
        answer = method.classify(query)
        assert answer is not None, "the gallery is not empty"
        return Answer(answer.row, answer.label, answer.numbers_read)

    return search


def sum_with(method: SequentialPnn) -> Search:
    """The probabilistic network as a contender."""

    def search(query: Floats) -> Answer:
        answer = method.classify(query)
        assert answer is not None, "the gallery is not empty"
        return Answer(-1, answer.label, answer.numbers_read)

    return search


def fit_index(entries: Entries, given: Floats | None, kernels: Kernels) -> tuple[SearchIndex, Contender]:
    """The index as its users meet it, checks and lock included."""
    index = SearchIndex(entries.vectors.shape[1], kernels, SystemClock())
    began = time.perf_counter()
    index.fit(entries.vectors, np.arange(len(entries.vectors)), entries.labels, given)
    built_s = time.perf_counter() - began

    def search(query: Floats) -> Answer:
        key, found = index.find(query)
        assert key is not None, "the gallery is not empty"
        return entries.answer(key, found.numbers_read)

    return index, Contender(f"index ({index.method})", search, built_s)


def split_queries(data: SearchData) -> tuple[Floats, Floats | None, Rows]:
    """Queries to measure, queries for the fit or None, and the labels of the first."""
    if len(data.queries) < _HALF_FROM:
        return data.queries, None, data.queries_labels
    half = len(data.queries) // 2
    return data.queries[half:], data.queries[:half], data.queries_labels[half:]


def measure_search(data: SearchData, kernels: Kernels) -> Measured:
    """Builds everything over one gallery and runs all queries through it."""
    queries, given, labels = split_queries(data)
    granule = min(_GRANULES[0], data.gallery.shape[1])
    entries = Entries(data.gallery, data.gallery_labels, fit_projection(data.gallery, granule))
    index, ours = fit_index(entries, given, kernels)
    began = time.perf_counter()
    graphs = make_hnsw(entries, BEAMS)
    built_s = time.perf_counter() - began
    fast = [
        ours,
        build("full scan, BLAS", lambda: make_blas(entries)),
        build("scan of 256 components", lambda: make_component_scan(entries)),
        *make_ours(entries, kernels, has_labels=data.has_labels),
        *(Contender(f"hnsw, ef={beam}", search, built_s) for beam, search in graphs.items()),
    ]
    slow = make_baselines(entries, kernels, has_labels=data.has_labels)
    run(fast, queries)
    run(slow, queries[:_SLOW_QUERIES])
    contenders = fast + slow
    nearest = find_nearest(entries, queries)
    rates = [one.exact_rate(nearest, lambda place, row: distance(entries, queries, place, row)) for one in contenders]
    return Measured(
        index, contenders, rates, make_figures(contenders, rates, entries, labels if data.has_labels else None)
    )


def make_ours(entries: Entries, kernels: Kernels, *, has_labels: bool) -> list[Contender]:
    """The exact variant, and with labels the published ones, over granules of 32 and 64."""
    made = []
    for granule in sorted({min(granule, entries.vectors.shape[1]) for granule in _GRANULES}):
        gallery = Gallery(entries.vectors.shape[1], fit_projection(entries.vectors, granule))
        gallery.add(entries.vectors, np.arange(len(entries.vectors)), entries.labels)
        made.append(Contender(f"safe, m={granule}", search_with(SafeTwd(gallery, kernels), entries)))
        if has_labels:
            for variant in Variant:
                search = decide_with(PublishedTwd(gallery, kernels, variant))
                made.append(Contender(f"TWD {variant}, m={granule}", search))
    return made


def make_baselines(entries: Entries, kernels: Kernels, *, has_labels: bool) -> list[Contender]:
    """Those of the published tables."""
    gallery = Gallery(entries.vectors.shape[1], entries.projection)
    gallery.add(entries.vectors, np.arange(len(entries.vectors)), entries.labels)
    directed = DirectedEnumeration(gallery, kernels)
    made = [
        Contender("ML-ANN", search_with(directed, entries)),
        build("perm-sort", lambda: make_perm_sort(entries, directed.pivots)),
        build("KD-tree, 64 components", lambda: make_kd_tree(entries)),
    ]
    if has_labels and len(np.unique(entries.labels)) > 1:
        made += [
            Contender("PNN", sum_with(SequentialPnn(gallery, kernels))),
            build("linear SVM", lambda: make_linear_svm(entries)),
            build("random forest", lambda: make_forest(entries)),
        ]
    return made


def distance(entries: Entries, queries: Floats, place: int, row: int) -> float:
    """Squared, in double precision."""
    return float(np.square(entries.vectors[row].astype(np.float64) - queries[place]).sum())


def find_nearest(entries: Entries, queries: Floats) -> NDArray[np.float64]:
    """(Q,) the least distance of each query."""
    blas = make_blas(entries)
    return np.array([distance(entries, queries, place, blas(query).row) for place, query in enumerate(queries)])


def make_figures(
    contenders: list[Contender], rates: list[float | None], entries: Entries, labels: Rows | None
) -> Figures:
    """The figures of the page, of the index (first) against the others."""
    ours, blas = contenders[:2]
    exact = rates[0] or 0.0
    graphs = [(one, rate or 0.0) for one, rate in zip(contenders, rates, strict=True) if one.name.startswith("hnsw")]
    rival, rival_rate = next(((one, rate) for one, rate in graphs if rate >= exact), graphs[-1])
    read = np.mean([one.numbers_read for one in ours.answers]) / entries.vectors.size
    figures: Figures = {
        "exact_rate": exact,
        "speedup_vs_blas": blas.median_us / ours.median_us,
        "speedup_vs_hnsw": rival.median_us / ours.median_us,
        "evaluated_fraction": float(read),
        "hnsw_exact_rate": rival_rate,
        "us_per_query": ours.median_us,
        "entries": len(entries.vectors),
        "dimensions": entries.vectors.shape[1],
        "queries": len(ours.answers),
    }
    if labels is not None:
        for one in contenders:
            name = "".join(sign if sign.isalnum() else "_" for sign in one.name.lower())
            figures[f"accuracy_{name}"] = one.accuracy(labels[: len(one.answers)])
    return figures


def print_table(measured: Measured, labels: Rows | None) -> None:
    """One line for each method."""
    print(f"{'method':28} {'us':>9} {'exact':>7} {'accuracy':>8} {'build s':>8}")
    for one, rate in zip(measured.contenders, measured.exact_rates, strict=True):
        exact = f"{rate:.4f}" if rate is not None else "-"
        accuracy = f"{one.accuracy(labels[: len(one.answers)]):.4f}" if labels is not None else "-"
        print(f"{one.name:28} {one.median_us:9.1f} {exact:>7} {accuracy:>8} {one.build_s:8.2f}")
    test = measured.index.self_test
    print(f"self-test: {test.queries} queries, flatness {test.flatness:.1f}")
    for figure in test.figures:
        share = f" miss {figure.miss_share}" if figure.miss_share else ""
        shown = f"{figure.median_us:.1f} us, exact {figure.exact_rate:.3f}, read {figure.read_share:.3f}"
        print(f"  {figure.name}{share}: {shown}")


def read_data(folder: Path) -> SearchData:
    """Files where there are any, else pictures."""
    if any(folder.rglob("*.npy")):
        return read_files(folder)
    embed = Embedder()
    return embed_folders(folder, lambda path: embed(np.asarray(cv2.imread(str(path)), np.uint8)))


def main() -> None:
    options = make_parser(__doc__, SHARED / "data" / "caltech101").parse_args()
    data = read_data(options.data)
    with threadpool_limits(1):
        measured = measure_search(data, CompiledKernels())
    figures = measured.figures
    labels = split_queries(data)[2] if data.has_labels else None
    print_table(measured, labels)
    if data.has_labels and (data.tracks >= 0).any():
        figures |= measure_frames(data)
    print_published()
    write_result(figures, RELEASE, fingerprint(data.paths, options.data), options.json)


if __name__ == "__main__":
    main()
