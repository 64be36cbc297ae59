"""Post-training quantisation of a release to int8, calibrated on pictures that the model was taught.

NNCF's default for CPUs: symmetric weights per channel, asymmetric activations, biases corrected. NNCF reports its use
over the network unless it is told that it runs in a build: it is told so here.
"""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import openvino as ov
from numpy.typing import NDArray

CALIBRATION_INPUTS = 300


def quantize_release(folder: Path, name: str, inputs: Sequence[NDArray[np.float32]]) -> None:
    """Writes `<name>-int8.xml` and `.bin` beside the release `<name>`.

    Args:
        folder: Where the release is.
        name: Of its files, without an ending.
        inputs: Of the model, each of exactly its shape; a few hundred.
    """
    os.environ["NNCF_CI"] = "1"
    import nncf  # noqa: PLC0415 - reads the line above when it is loaded

    network = ov.Core().read_model(folder / f"{name}.xml")
    quantized = nncf.quantize(network, nncf.Dataset(list(inputs)), subset_size=len(inputs))
    ov.save_model(quantized, folder / f"{name}-int8.xml", compress_to_fp16=True)
