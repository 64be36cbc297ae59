"""What holds for every test."""

import os

import pytest
from hypothesis import HealthCheck, settings

from tests.support.warm_networks import open_shelf
from vedette.runtime.threads import limit_numeric_threads

limit_numeric_threads(os.environ)  # several processes test at a time

# No test depends on how fast the machine is.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")


@pytest.fixture(scope="session", autouse=True)
def shelf_of_networks(tmp_path_factory: pytest.TempPathFactory) -> None:
    own = tmp_path_factory.getbasetemp()
    open_shelf(own.parent if "PYTEST_XDIST_WORKER" in os.environ else own)
