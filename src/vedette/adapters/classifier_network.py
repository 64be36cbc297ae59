"""Chooses what runs a classifier of small pictures on this machine: integers, compiled at set-up, or OpenVINO.

Design: docs/design/classifier.md.
"""

from vedette.adapters.native_classifier import NativeClassifier
from vedette.adapters.openvino_network import OpenVinoNetwork
from vedette.core.errors import InvalidInputError
from vedette.runtime.cpu import read_cpu_flags
from vedette.runtime.native import CLASSIFY_KERNEL, find_kernel
from vedette.vision.models.kept import NOTHING_KEPT, KeptNetworks
from vedette.vision.models.registry import InstalledModel

ClassifierNetwork = NativeClassifier | OpenVinoNetwork


def open_classifier(model: InstalledModel, kept: KeptNetworks = NOTHING_KEPT) -> ClassifierNetwork:
    """The classifier on one thread: compiled, where a library answers as the model did where it was measured.

    Args:
        model: Any classifier; those in int8 may be compiled.
        kept: What OpenVINO compiled at earlier starts.

    Raises:
        InvalidInputError: the model cannot be read.
        SelfTestFailedError: it does not answer as it did where it was measured.
    """
    library = find_kernel(CLASSIFY_KERNEL, read_cpu_flags())
    if library is not None:
        try:
            return NativeClassifier(library, model)
        except InvalidInputError:  # of another form, or in floats
            pass
    return OpenVinoNetwork(model, kept=kept)
