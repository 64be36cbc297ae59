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


def quantize(
    model: ov.Model,
    inputs: Sequence[NDArray[np.generic]],
    *,
    is_thorough: bool = False,
    is_wide: bool = False,
    spares_stem: bool = False,
    spares_head: bool = False,
) -> ov.Model:
    """The model in int8.

    Args:
        model: Stays as it is.
        inputs: Each of exactly its shape, a few hundred.
        is_thorough: Biases are corrected by what the layers before really give, not by a guess.
        is_wide: What lies between layers reaches as far as any input took it, not as far as inputs do on average.
        spares_stem: The first convolution stays as it is: what it rounds goes through all layers.
        spares_head: What comes behind the last convolution stays as it is: it makes boxes, or is too small to gain.
    """
    os.environ["NNCF_CI"] = "1"
    import nncf  # noqa: PLC0415 -- reads the line above when it is loaded
    from nncf.quantization.range_estimator import (  # noqa: PLC0415 -- as above
        RangeEstimatorParameters,
        RangeEstimatorParametersSet,
    )

    nncf.set_log_level(40)
    ranges = RangeEstimatorParametersSet.MINMAX if is_wide else RangeEstimatorParameters()
    spared = (_find_stem(model) if spares_stem else []) + (_find_head(model) if spares_head else [])
    with redirect_stdout(sys.stderr):  # it draws its progress where results go
        dataset = nncf.Dataset(list(inputs))
        return nncf.quantize(
            model.clone(),
            dataset,
            subset_size=len(inputs),
            fast_bias_correction=not is_thorough,
            ignored_scope=nncf.IgnoredScope(names=spared, validate=False),
            advanced_parameters=nncf.AdvancedQuantizationParameters(activations_range_estimator_params=ranges),
        )


def _find_stem(model: ov.Model) -> list[str]:
    """Name of the first convolution."""
    return [next(one for one in model.get_ordered_ops() if one.get_type_name() == "Convolution").get_friendly_name()]


def _find_head(model: ov.Model) -> list[str]:
    """Names of the operations behind the last convolution."""
    operations = model.get_ordered_ops()
    last = max(index for index, one in enumerate(operations) if one.get_type_name() == "Convolution")
    behind = [one for one in operations[last + 1 :] if one.get_type_name() not in {"Constant", "Result"}]
    return [one.get_friendly_name() for one in behind]


def quantize_release(
    folder: Path,
    name: str,
    inputs: Sequence[NDArray[np.float32]],
    *,
    is_thorough: bool = True,
    is_wide: bool = False,
    spares_stem: bool = False,
    spares_head: bool = False,
) -> None:
    """Writes `<name>-int8.xml` and `.bin` beside the release `<name>`. Arguments as of `quantize`."""
    model = ov.Core().read_model(folder / f"{name}.xml")
    quantized = quantize(
        model, inputs, is_thorough=is_thorough, is_wide=is_wide, spares_stem=spares_stem, spares_head=spares_head
    )
    ov.save_model(quantized, folder / f"{name}-int8.xml", compress_to_fp16=True)
