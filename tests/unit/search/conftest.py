"""Galleries to search, and both kinds of inner loops."""

import pytest

from vedette.search.compiled import CompiledKernels
from vedette.search.kernels import Kernels, NumpyKernels


@pytest.fixture(scope="session")
def compiled() -> CompiledKernels:
    return CompiledKernels()


@pytest.fixture(params=["numpy", "compiled"])
def kernels(request: pytest.FixtureRequest, compiled: CompiledKernels) -> Kernels:
    return NumpyKernels() if request.param == "numpy" else compiled
