"""The numbers that the console checks its super-resolution with are those of the weights that are there."""

import json

import numpy as np

from scripts.enhance_vectors import FILE, make_vectors


def test_vectors_are_of_these_weights() -> None:
    kept, made = json.loads(FILE.read_text(encoding="utf-8")), make_vectors()
    kept_sets, made_sets = kept.pop("sets"), made.pop("sets")
    assert kept == made
    assert list(kept_sets) == list(made_sets)
    for name, one in made_sets.items():
        assert kept_sets[name]["qp_max"] == one["qp_max"]
        old, new = (
            np.frombuffer(bytes.fromhex(each[name]["output"]), np.uint8).astype(int) for each in (kept_sets, made_sets)
        )
        assert np.abs(old - new).max() <= 1, "run `python -m scripts.enhance_vectors`"  # a half may round either way
