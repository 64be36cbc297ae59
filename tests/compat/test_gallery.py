"""Galleries that an older release stored are readable for ever. Version 1, without cells, from November 2026."""

from pathlib import Path

import numpy as np

from vedette.runtime.clock import SystemClock
from vedette.search.decision import Thresholds
from vedette.search.index import SearchIndex
from vedette.search.kernels import NumpyKernels
from vedette.search.stored import read_gallery

FILE = Path(__file__).parent / "gallery_1" / "calibrated.vdtgal"


def test_a_gallery_of_version_1_answers_as_it_did() -> None:
    data = FILE.read_bytes()
    stored = read_gallery(data)
    assert stored.centres is None
    index = SearchIndex.from_bytes(data, NumpyKernels(), SystemClock())
    assert (index.method, len(index), index.thresholds) == ("calibrated", 100, Thresholds(0.1, 0.2))
    queries = np.ascontiguousarray(stored.vectors[stored.keys.argsort()[::20]])
    assert index.search(queries, 2).keys.tolist() == [[0, 28], [140, 154], [280, 301], [420, 434], [560, 35]]
