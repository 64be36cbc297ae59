"""Post-training quantisation to int8, calibrated on what the model meets in its work.

NNCF's default for CPUs: symmetric weights per channel, asymmetric activations, biases corrected. NNCF reports its use
over the network unless it is told that it runs in a build: it is told so here, and is imported nowhere else.
"""

import os
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np
import openvino as ov
from numpy.typing import NDArray


def quantize(model: ov.Model, inputs: Sequence[NDArray[np.generic]], *, is_thorough: bool = False) -> ov.Model:
    """The model in int8; the given one stays as it is. `inputs`: each of exactly its shape, a few hundred.

    `is_thorough`: biases are corrected by what the layers before really give, not by a guess.
    """
    os.environ["NNCF_CI"] = "1"
    import nncf  # noqa: PLC0415 - reads the line above when it is loaded

    nncf.set_log_level(40)
    with redirect_stdout(sys.stderr):  # it draws its progress where results go
        dataset = nncf.Dataset(list(inputs))
        return nncf.quantize(model.clone(), dataset, subset_size=len(inputs), fast_bias_correction=not is_thorough)


def quantize_release(folder: Path, name: str, inputs: Sequence[NDArray[np.float32]]) -> None:
    """Writes `<name>-int8.xml` and `.bin` beside the release `<name>`."""
    quantized = quantize(ov.Core().read_model(folder / f"{name}.xml"), inputs, is_thorough=True)
    ov.save_model(quantized, folder / f"{name}-int8.xml", compress_to_fp16=True)
