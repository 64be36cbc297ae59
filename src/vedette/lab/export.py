"""Turns a trained Keras model into an OpenVINO release of half-size weights, and prints what its manifest must say."""

import hashlib
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
    for index, output in enumerate(outputs):
        network.output(index).get_tensor().set_names({output})
    ov.save_model(network, folder / f"{name}.xml", compress_to_fp16=True)
    for path in (full, full.with_suffix(".bin")):
        path.unlink()
    lines = []
    for suffix in (".xml", ".bin"):
        data = (folder / f"{name}{suffix}").read_bytes()
        lines.append(f"{name}{suffix}  bytes: {len(data)}  sha256: {hashlib.sha256(data).hexdigest()}")
    return lines
