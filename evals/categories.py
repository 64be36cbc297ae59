"""The operator's own categories: accuracy on pictures that were not taught, with few pictures a category.

`--data` has a folder of pictures per category; of Caltech-101 every tenth folder is taken (`--every 10`), ten in all.
With 5 and 10 pictures a category the rest judges, three draws with fixed seeds; the L2 is chosen by folds as in the
product. `nearest` is the nearest centroid, `s` the seconds of the head alone,
`ms_per_image` one embedding on one thread.
"""

import time
from pathlib import Path

import cv2
import numpy as np

from evals.common import SHARED, Figures, fingerprint, make_parser, models_folder, write_result
from vedette.node.category_folders import SUFFIXES
from vedette.node.embeddings import load_embedder
from vedette.vision.categories.embedding import EMBEDDING_MODEL
from vedette.vision.categories.fitting import Chosen, choose_terms, fit_head
from vedette.vision.categories.head import Head, Labels, Vectors, with_temperature
from vedette.vision.categories.training import measure_ece, say_nearest, sort_by_sureness
from vedette.vision.models.registry import ModelRegistry

_DRAWS, _MOST_FOLDERS = 3, 10


def main() -> None:
    parser = make_parser(__doc__, SHARED / "data/caltech101")
    parser.add_argument("--every", type=int, default=1, help="take every n-th folder; ten at most")
    given = parser.parse_args()
    folders = sorted(path for path in given.data.iterdir() if path.is_dir())[:: given.every][:_MOST_FOLDERS]
    files = [sorted(file for file in folder.iterdir() if file.suffix.lower() in SUFFIXES) for folder in folders]
    with models_folder(EMBEDDING_MODEL) as models:
        vectors, labels, per_image_ms = embed_all(ModelRegistry(models), files)
    figures: Figures = {"categories": len(folders), "pictures": len(labels), "ms_per_image": per_image_ms}
    for taught in (5, 10):
        figures |= measure(vectors, labels, taught)
    chosen = [file for category in files for file in category]
    write_result(figures, f"{EMBEDDING_MODEL} and a linear head", fingerprint(chosen, given.data), given.json)


def embed_all(registry: ModelRegistry, files: list[list[Path]]) -> tuple[Vectors, Labels, float]:
    """(N, D) vectors, (N,) labels, and the least milliseconds of one."""
    embedder = load_embedder(registry)
    rows, labels, times_ms = [], [], []
    for label, category in enumerate(files):
        for file in category:
            image = cv2.imread(str(file))
            if image is None:
                continue
            began = time.perf_counter()
            rows.append(embedder.embed(np.asarray(image, np.uint8)))
            times_ms.append(1e3 * (time.perf_counter() - began))
            labels.append(label)
    return np.stack(rows), np.array(labels, np.int64), round(min(times_ms), 1)


def measure(vectors: Vectors, labels: Labels, taught: int) -> Figures:
    """Means over the draws with so many taught pictures a category."""
    found = [measure_draw(vectors, labels, taught, seed) for seed in range(_DRAWS)]
    return {f"{name}_{taught}": round(float(np.mean([one[name] for one in found])), 4) for name in found[0]}


def measure_draw(vectors: Vectors, labels: Labels, taught: int, seed: int) -> dict[str, float]:
    noise = np.random.default_rng(seed)
    rows = np.concatenate([noise.permutation(np.flatnonzero(labels == one))[:taught] for one in np.unique(labels)])
    rest = np.setdiff1d(np.arange(len(labels)), rows)
    began = time.perf_counter()
    head = teach_head(vectors[rows], labels[rows])
    seconds = time.perf_counter() - began
    shares, truth = head.shares(vectors[rest]), labels[rest]
    right = shares.argmax(axis=1) == truth
    return {
        "accuracy": float(right.mean()),
        "nearest": float((say_nearest(vectors[rows], labels[rows], vectors[rest]) == truth).mean()),
        "ece": measure_ece(sort_by_sureness(shares.max(axis=1), right)),
        "s": seconds,
    }


def teach_head(vectors: Vectors, labels: Labels) -> Head:
    """As the product, without its judgement."""
    count = int(labels.max()) + 1
    *_, chosen = choose_terms(vectors, labels, count)
    assert isinstance(chosen, Chosen)
    return with_temperature(fit_head(vectors, labels, count, chosen.l2), chosen.temperature)


if __name__ == "__main__":
    main()
