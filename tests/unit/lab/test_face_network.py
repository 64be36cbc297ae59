"""Hazards of the face detector's release: outputs under each other's names, another size than it was exported with."""

from pathlib import Path

import numpy as np
import pytest

keras = pytest.importorskip("keras")
ov = pytest.importorskip("openvino")

from vedette.lab.export import export_openvino  # noqa: E402 -- needs the extra
from vedette.lab.faces.network import STRIDES, as_yunet, build_face_detector, output_names  # noqa: E402 -- likewise

WIDTHS = {"cls": 1, "obj": 1, "bbox": 4, "kps": 10}


def test_each_output_has_its_own_name_and_the_answer_of_the_trained_network(tmp_path: Path) -> None:
    keras.utils.set_random_seed(3)
    model = build_face_detector()
    export_openvino(as_yunet(model), output_names(), (1, 3, 64, 64), tmp_path, "faces")
    network = ov.Core().read_model(tmp_path / "faces.xml")
    network.reshape([1, 3, 96, 96])
    compiled = ov.Core().compile_model(network, "CPU")
    picture = np.random.default_rng(1).integers(0, 256, (1, 3, 96, 96)).astype(np.float32)
    answer = {next(iter(port.get_names())): data for port, data in compiled(picture).items()}
    cells = np.asarray(model(picture.transpose(0, 2, 3, 1) / 255))
    assert set(answer) == {f"{kind}_{stride}" for kind in WIDTHS for stride in STRIDES}
    first = 0
    for stride in STRIDES:
        rows = cells[:, first : first + (96 // stride) ** 2]
        first += rows.shape[1]
        np.testing.assert_allclose(answer[f"cls_{stride}"], 1 / (1 + np.exp(-rows[..., :1])), atol=2e-3)
        np.testing.assert_allclose(answer[f"bbox_{stride}"], rows[..., 1:5], atol=2e-2)
        np.testing.assert_allclose(answer[f"kps_{stride}"], rows[..., 5:], atol=2e-2)
        assert np.array_equal(answer[f"cls_{stride}"], answer[f"obj_{stride}"])
