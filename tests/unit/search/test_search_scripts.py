"""Hazards of the scripts behind the figures: a rival that is not what it says, data read otherwise than meant."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.search import Line as BenchLine
from benchmarks.search import compare, make_figures, measure_size
from benchmarks.search_embeddings import Embeddings, pool_quarters
from evals.search import measure_search
from evals.search_data import SearchData, embed_folders, read_files
from evals.search_frames import measure_frames
from tests.support.galleries import make_classes
from vedette.search.kernels import Kernels, NumpyKernels


def make_data(seed: int = 1) -> SearchData:
    vectors, labels = make_classes(seed, 30, 14, 64, spread=0.5)
    is_query = np.arange(len(vectors)) % 14 >= 10
    kept, asked = labels[~is_query], labels[is_query]
    return SearchData(vectors[~is_query], kept, vectors[is_query], asked, asked, ())


def test_evaluation_finds_every_rival_as_good_as_it_must_be() -> None:
    measured = measure_search(make_data(), NumpyKernels())
    rates = {one.name: rate for one, rate in zip(measured.contenders, measured.exact_rates, strict=True)}
    exact = [name for name in rates if name.startswith(("index", "full", "safe", "hnsw, ef=256", "KD-tree"))]
    assert len(exact) == 6
    assert all(rates[name] == 1.0 for name in exact), rates
    assert rates["ML-ANN"] is not None
    assert rates["linear SVM"] is None
    figures = measured.figures
    assert figures["exact_rate"] == 1.0
    assert figures["evaluated_fraction"] >= 1.0, "a gallery of 300 is scanned in full"
    for name in ("twd_per_class__m_32", "linear_svm", "random_forest", "pnn", "perm_sort", "full_scan__blas"):
        assert 0.7 < figures[f"accuracy_{name}"] <= 1.0, name
    assert figures["speedup_vs_hnsw"] > 0


def test_evaluation_without_labels_has_no_accuracies() -> None:
    data = make_data()
    bare = SearchData(data.gallery, data.gallery_labels * 0 - 1, data.queries, data.tracks * 0 - 1, data.tracks, ())
    measured = measure_search(bare, NumpyKernels())
    assert not [name for name in measured.figures if name.startswith("accuracy")]
    assert measured.figures["exact_rate"] == 1.0


def test_frames_together_are_better_than_one_and_not_all_are_needed() -> None:
    figures = measure_frames(make_data(3))
    assert figures["frames_accuracy_summed"] >= figures["frames_accuracy_single"]
    assert figures["frames_accuracy_stopped"] >= figures["frames_accuracy_summed"] - 0.05
    assert 0 < figures["frames_saved"] <= 0.75


def test_benchmark_compares_at_equal_exactness(compiled: Kernels) -> None:
    vectors, labels = make_classes(4, 40, 30, 128, spread=0.5)
    order = np.random.default_rng(4).permutation(len(vectors))
    lines = measure_size(Embeddings(vectors[order], labels[order]), 1100, 60, compiled)
    by_name = {line.name: line for line in lines}
    assert all(by_name[f"SAFE m={granule}"].exact_rate == 1.0 for granule in (16, 24, 32, 64))
    assert by_name["HNSW ef=256"].exact_rate > 0.95
    figures = make_figures(lines, "small")
    assert figures["safe_exact_rate_small"] == 1.0
    assert figures["index_exact_rate_small"] >= 0.95


def test_a_faster_graph_that_finds_less_is_no_rival() -> None:
    ours = BenchLine("CAL m=32", 50.0, 0.996, 0.5, 0.1, 1.0)
    loose = BenchLine("CAL m=16", 20.0, 0.98, 0.5, 0.1, 1.0)
    narrow, wide = (
        BenchLine("HNSW ef=16", 10.0, 0.9, 0.5, 0.0, 9.0),
        BenchLine("HNSW ef=64", 90.0, 0.997, 0.5, 0.0, 9.0),
    )
    assert compare([ours, loose, narrow, wide], 0.995) == (ours, wide)
    assert compare([loose, narrow], 0.995) == (loose, narrow), "none is as exact: its own figure says so"


def test_files_are_found_by_name_or_by_size(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    rows, asked = rng.random((50, 8)), rng.random((9, 8), np.float32)
    np.save(tmp_path / "b_faces.npy", rows)
    np.save(tmp_path / "a_probes.npy", asked)
    found = read_files(tmp_path)
    assert (found.gallery.shape, found.queries.shape, found.has_labels) == ((50, 8), (9, 8), False)
    assert found.gallery.dtype == np.float32
    (tmp_path / "a_probes.npy").unlink()
    alone = read_files(tmp_path)
    assert (len(alone.gallery), len(alone.queries)) == (45, 5)
    np.save(tmp_path / "queries.npy", asked)
    np.save(tmp_path / "queries_labels.npy", np.arange(9))
    np.save(tmp_path / "gallery_labels.npy", np.arange(50))
    np.save(tmp_path / "queries_tracks.npy", np.zeros(9))
    labelled = read_files(tmp_path)
    assert labelled.has_labels
    assert labelled.queries_labels.tolist() == list(range(9))
    assert labelled.tracks.tolist() == [0] * 9


@pytest.mark.parametrize("hazard", ["nothing", "not finite", "other width"])
def test_files_that_cannot_be_meant_end_it(tmp_path: Path, hazard: str) -> None:
    if hazard != "nothing":
        rows = np.ones((20, 4), np.float32)
        rows[3, 1] = np.nan if hazard == "not finite" else 1
        np.save(tmp_path / "gallery.npy", rows)
        np.save(tmp_path / "queries.npy", np.ones((2, 5 if hazard == "other width" else 4), np.float32))
    with pytest.raises(SystemExit):
        read_files(tmp_path)


def test_folders_enrol_the_first_five(tmp_path: Path) -> None:
    for name in ("ant", "bee"):
        for number in range(7):
            path = tmp_path / name / f"{number}.jpg"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(b"x")
    data = embed_folders(tmp_path, lambda path: np.full(4, int(path.stem), np.float32))
    assert data.gallery[:, 0].tolist() == [0, 1, 2, 3, 4] * 2
    assert data.queries_labels.tolist() == data.tracks.tolist() == [0, 0, 1, 1]


def test_quarters_are_pooled_by_place() -> None:
    plane = np.kron(np.array([[1, 2], [3, 4]], np.float32), np.ones((3, 3), np.float32))
    assert pool_quarters(np.stack([plane, plane * 10])).tolist() == [1, 2, 3, 4, 10, 20, 30, 40]
