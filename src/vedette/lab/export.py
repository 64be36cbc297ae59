"""Turns a trained Keras model into an OpenVINO release of half-size weights, and prints what its manifest must say."""

import hashlib
import re
from pathlib import Path

import keras
import openvino as ov


def export_openvino(
    model: keras.Model, outputs: tuple[str, ...], shape: tuple[int, ...], folder: Path, name: str
) -> list[str]:
    """Writes `<name>.xml` and `<name>.bin` (fp16 weights, fixed input shape); returns manifest lines of both files."""
    folder.mkdir(parents=True, exist_ok=True)
    full = folder / "full.xml"
    model.export(str(full), format="openvino", verbose=False)
    network = ov.Core().read_model(full)
    network.reshape(list(shape))
    for output, name_of_output in zip(outputs_in_order(network), outputs, strict=True):
        output.get_tensor().set_names({name_of_output})
    ov.save_model(network, folder / f"{name}.xml", compress_to_fp16=True)
    for path in (full, full.with_suffix(".bin")):
        path.unlink()
    return describe_files(folder, name)


def describe_files(folder: Path, name: str) -> list[str]:
    """Sizes and hashes of a release's two files, as its manifest says them."""
    lines = []
    for suffix in (".xml", ".bin"):
        data = (folder / f"{name}{suffix}").read_bytes()
        lines.append(f"{name}{suffix}  bytes: {len(data)}  sha256: {hashlib.sha256(data).hexdigest()}")
    return lines


def outputs_in_order(network: ov.Model) -> list[ov.Output]:
    """The outputs as the Keras model has them: the export names them `Identity`, `Identity_1` ... and sorts by word."""

    def number(output: ov.Output) -> int:
        found = re.search(r"Identity_(\d+)", output.get_node().friendly_name)
        return int(found[1]) if found else 0

    return sorted(network.outputs, key=number)
