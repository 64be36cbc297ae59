"""Principal components of a gallery, cut into granules. Pure.

A projection is fitted once and then frozen, so that rows can be added without touching the others; `tail_share` tells
when the rows that came later no longer look like those it was fitted on.
"""

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from vedette.core.errors import InvalidInputError
from vedette.search.kernels import Coarse, Floats, Sums

COMPONENTS = 256
"""As published: the first 256 carry 92 % of the energy of the features tried (docs/design/search.md)."""
_FITTED_ROWS = 20_000
"""A sample is enough: the directions of 256 components do not change with more, the time does."""
_SEED = 20180601


@dataclass(frozen=True, slots=True)
class Projection:
    """A mean and directions.

    Attributes:
        mean: (D,) float32.
        basis: (L, m, D) float32: granule, component, feature. Rows are of unit length and orthogonal; those past the
            last component are 0.
        energies: (L * m,) float64: variance along each component.
        total_energy: Of all D dimensions.
        skew: By how much rounding keeps `basis` from being orthonormal (Frobenius norm of its product less one).
        step: The width of a whole number of `quantize`: 256 of them hold four deviations of the first component.
    """

    mean: Floats
    basis: Floats
    energies: NDArray[np.float64]
    total_energy: float
    skew: float
    step: float = field(init=False)

    def __post_init__(self) -> None:
        largest = float(self.energies.max(initial=0.0))
        object.__setattr__(self, "step", 8 * math.sqrt(largest) / 255 if largest > 0 else 1.0)

    @property
    def levels(self) -> int:
        return int(self.basis.shape[0])

    @property
    def granule(self) -> int:
        return int(self.basis.shape[1])

    @property
    def dimensions(self) -> int:
        return int(self.basis.shape[2])

    def centre(self, vectors: Floats) -> Floats:
        """(..., D) less the mean."""
        centred: Floats = np.subtract(vectors, self.mean, dtype=np.float32)
        return centred

    def project(self, centred: Floats, level: int) -> Floats:
        """(m,): one granule of a centred query (D,). A granule nobody asks for costs nothing."""
        part: Floats = np.dot(self.basis[level], centred)
        return part

    def quantize(self, projected: NDArray[np.floating]) -> Coarse:
        """Components as whole numbers 0..255; what lies outside is cut off."""
        # np.clip takes three times as long for one query.
        inside = np.minimum(np.maximum(np.rint(projected / self.step) + 128, 0), 255)
        whole: Coarse = inside.astype(np.uint8)
        return whole

    def measure_whole(self, sums: Sums) -> Floats:
        """Squared distances from sums of squared differences of whole numbers."""
        distances: Floats = sums.astype(np.float32) * np.float32(self.step**2)
        return distances

    def project_rows(self, vectors: Floats) -> NDArray[np.float64]:
        """(N, L * m) in double precision, of rows (N, D) as they are."""
        flat = self.basis.reshape(-1, self.dimensions).astype(np.float64)
        return self.centre(vectors).astype(np.float64) @ flat.T

    def project_first(self, vectors: Floats) -> Floats:
        """(N, m): the first granule of rows (N, D), in single precision."""
        parts: Floats = self.centre(vectors) @ self.basis[0].T
        return parts

    def tail_share(self, vectors: Floats) -> float:
        """The part of the energy of rows (N, D) that lies outside the components: 0..1, 0 without rows."""
        centred = self.centre(vectors).astype(np.float64)
        total = float(np.square(centred).sum())
        inside = float(np.square(self.project_rows(vectors)).sum())
        return min(1.0, max(0.0, 1 - inside / total)) if total else 0.0

    def flatness(self) -> float:
        """How much more of the energy the first granule holds than it would in noise without any direction (1)."""
        if not self.total_energy:
            return 1.0
        share = float(self.energies[: self.granule].sum()) / self.total_energy
        return share * self.dimensions / min(self.granule, self.dimensions)


def fit_projection(vectors: Floats, granule: int, components: int = COMPONENTS) -> Projection:
    """Principal components of rows (R, D), R >= 1, in granules of `granule`."""
    if vectors.ndim != 2 or not vectors.size or not 0 < granule <= components:
        raise InvalidInputError(f"no components of {vectors.shape} in granules of {granule} of {components}")
    sample = vectors
    if len(vectors) > _FITTED_ROWS:
        sample = vectors[np.random.default_rng(_SEED).choice(len(vectors), _FITTED_ROWS, replace=False)]
    mean = sample.mean(axis=0, dtype=np.float64).astype(np.float32)
    centred = sample - mean
    values, directions = np.linalg.eigh((centred.T @ centred).astype(np.float64) / len(sample))
    kept = min(components, vectors.shape[1])
    order = np.argsort(-values, kind="stable")[:kept]
    levels = -(-kept // granule)
    basis = np.zeros((levels * granule, vectors.shape[1]), np.float32)
    basis[:kept] = directions[:, order].T
    energies = np.zeros(levels * granule)
    energies[:kept] = np.maximum(values[order], 0)
    return Projection(
        mean,
        basis.reshape(levels, granule, -1),
        energies,
        float(np.square(centred, dtype=np.float64).sum() / len(sample)),
        find_skew(basis[:kept]),
    )


def find_skew(basis: Floats) -> float:
    """How far rows (K, D) are from orthonormal."""
    exact = basis.astype(np.float64)
    return float(np.linalg.norm(exact @ exact.T - np.eye(len(exact))))
