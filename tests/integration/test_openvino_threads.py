"""Hazard: threads that come to OpenVINO's binding for the first time at once wait for each other for ever."""

import subprocess
import sys

import pytest

_RACE = """
import sys, threading
import vedette.adapters.openvino_kept
import numpy as np
import openvino as ov
from openvino import opset13 as ops

picture = ops.parameter([1, 4], np.uint8)
network = ov.Core().compile_model(ov.Model([ops.relu(ops.convert(picture, "f32"))], [picture], "x"), "CPU")
requests = [network.create_infer_request() for _ in range(8)]
together = threading.Barrier(len(requests))

def use(request):
    together.wait()
    request.get_tensor(network.inputs[0]).data[:] = np.zeros((1, 4), np.uint8)

sys.setswitchinterval(1e-6)
threads = [threading.Thread(target=use, args=(request,)) for request in requests]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
"""


@pytest.mark.parametrize("attempt", range(4))
def test_threads_may_use_networks_at_once_from_the_first_time_on(attempt: int) -> None:
    """Without what the adapter does at its import, three of eight such processes stood still."""
    subprocess.run([sys.executable, "-c", _RACE], check=True, timeout=60)
