"""How many threads numerical libraries make in each process: one, for parallel work is a process each.

OpenBLAS, on which NumPy, SciPy and OpenCV stand, would make one for each processor in each process, and they spin at
every start: 0.33 seconds of processor time for `import numpy` instead of 0.18 on two processors, 0.98 instead of 0.55
with SciPy and OpenCV.
"""

from collections.abc import MutableMapping

_THREADS = "OPENBLAS_NUM_THREADS"


def limit_numeric_threads(environment: MutableMapping[str, str]) -> None:
    """Before these libraries are imported. A number that is there already stays: somebody chose it."""
    environment.setdefault(_THREADS, "1")
