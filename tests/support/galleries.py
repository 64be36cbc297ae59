"""Made galleries: classes in a few directions, as embeddings have them; flat noise; copies."""

import numpy as np

from vedette.search.gallery import Gallery
from vedette.search.projection import fit_projection


def make_classes(
    seed: int, classes: int, each: int, dimensions: int = 64, spread: float = 0.6
) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors with falling energy (as principal components have it), and their labels."""
    rng = np.random.default_rng(seed)
    falling = (1 / np.sqrt(1 + np.arange(dimensions))).astype(np.float32)
    turned = np.linalg.qr(rng.standard_normal((dimensions, dimensions)))[0].astype(np.float32)
    centres = rng.standard_normal((classes, dimensions)).astype(np.float32)
    noise = rng.standard_normal((classes, each, dimensions)).astype(np.float32)
    vectors = ((centres[:, None] + spread * noise) * falling).reshape(-1, dimensions) @ turned
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float32), np.repeat(np.arange(classes), each)


def make_flat(seed: int, rows: int, dimensions: int = 64) -> np.ndarray:
    """Noise without any direction: what granules say of it is worth nothing."""
    vectors = np.random.default_rng(seed).standard_normal((rows, dimensions)).astype(np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def fill_gallery(
    vectors: np.ndarray, labels: np.ndarray | None = None, granule: int = 8, components: int = 64
) -> Gallery:
    """A gallery with granules, keys 0, 1, 2 ..."""
    gallery = Gallery(vectors.shape[1], fit_projection(vectors, granule, components))
    keys = np.arange(len(vectors))
    gallery.add(vectors, keys, keys if labels is None else labels)
    return gallery
