"""Embeddings of real pictures to search among: CIFAR-10 through the backbone of FastestDet, cached in a working folder.

51,500 rows of 1,392 numbers of unit length, with the class of each picture: 50,000 of the pictures as they are, 1,500
of them mirrored. The order is drawn from a seed, so that the first N are of all classes.
"""

import io
import lzma
import os
import tarfile
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.common import say
from vedette.runtime.files import replace_file

SHARED = Path(os.environ.get("VEDETTE_SHARED", Path(__file__).resolve().parents[2] / "shared"))
_PICTURES = SHARED / "data" / "cifar10_train_jpeg.tar.xz"
_MODEL = SHARED / "models" / "detection" / "fastestdet_352.onnx"
_JOINED_STAGES = "Concat_230"
_SIDE_PX, _MIRRORED, _SEED, _SAY_EVERY = 352, 1_500, 10, 5_000


@dataclass(frozen=True, slots=True)
class Embeddings:
    """Rows: (N, D) float32 of unit length. Labels: (N,) int64."""

    rows: NDArray[np.float32]
    labels: NDArray[np.int64]


def load_embeddings(folder: Path) -> Embeddings:
    """Those of the working folder; makes them first where they are missing (minutes)."""
    rows, labels = folder / "cifar10_fastestdet.npy", folder / "cifar10_labels.npy"
    if not (rows.exists() and labels.exists()):
        folder.mkdir(parents=True, exist_ok=True)
        made = make_embeddings()
        _save(labels, made.labels)
        _save(rows, made.rows)
    return Embeddings(np.load(rows, allow_pickle=False), np.load(labels, allow_pickle=False))


def make_embeddings() -> Embeddings:
    """Reads the pictures and runs the network, one thread."""
    pictures, classes = read_pictures()
    order = np.random.default_rng(_SEED).permutation(len(pictures))
    mirrored = order[-_MIRRORED:]
    shown = [pictures[place] for place in order] + [pictures[place][:, ::-1] for place in mirrored]
    labels = np.concatenate([classes[order], classes[mirrored]])
    # Mirrored pictures lie among the others, not at the end where queries are taken from.
    mixed = np.random.default_rng(_SEED + 1).permutation(len(shown))
    embed = Embedder()
    return Embeddings(np.array([embed(shown[place]) for place in mixed], np.float32), labels[mixed])


def read_pictures() -> tuple[list[NDArray[np.uint8]], NDArray[np.int64]]:
    """BGR, and the number of the class in alphabetical order."""
    pictures, names = [], []
    with lzma.open(_PICTURES) as packed, tarfile.open(fileobj=io.BytesIO(packed.read())) as archive:
        for member in sorted((item for item in archive if item.isfile()), key=lambda item: item.name):
            file = archive.extractfile(member)
            if file is None or not member.name.endswith(".jpg"):
                continue
            image = cv2.imdecode(np.frombuffer(file.read(), np.uint8), cv2.IMREAD_COLOR)
            pictures.append(np.asarray(image, np.uint8))
            names.append(Path(member.name).parent.name)
    return pictures, np.unique(np.array(names), return_inverse=True)[1].astype(np.int64)


class Embedder:
    """One picture (H, W, 3) BGR to a vector of unit length: the three stages of the network, pooled.

    48 means of the first, 96 x 2 x 2 of the second, 192 x 2 x 2 of the third and its 192 means: 1,392 numbers.
    """

    def __init__(self) -> None:
        import openvino  # noqa: PLC0415  # the searches themselves do not need it

        core = openvino.Core()
        whole = core.read_model(_MODEL)
        joined = next(node for node in whole.get_ordered_ops() if node.get_friendly_name() == _JOINED_STAGES)
        stages = [joined.input(place).get_source_output() for place in range(3)]
        backbone = openvino.Model(stages, whole.get_parameters(), "backbone")
        self._run = core.compile_model(backbone, "CPU", {"INFERENCE_NUM_THREADS": 1})
        self._done = 0

    def __call__(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        planes = cv2.dnn.blobFromImage(np.ascontiguousarray(image), 1 / 255, (_SIDE_PX, _SIDE_PX))
        outputs = [np.asarray(output[0], np.float32) for output in self._run([planes]).values()]
        first, second, third = sorted(outputs, key=len)
        means = [first.mean(axis=(1, 2)), third.mean(axis=(1, 2))]
        vector = np.concatenate([*means, *(pool_quarters(stage) for stage in (second, third))])
        self._done += 1
        if self._done % _SAY_EVERY == 0:
            say(f"{self._done} pictures embedded")
        return vector / np.linalg.norm(vector)


def pool_quarters(planes: NDArray[np.float32]) -> NDArray[np.float32]:
    """(C, H, W), H and W even, to (C * 4,): the mean of each quarter of the picture."""
    channels, height, width = planes.shape
    return planes.reshape(channels, 2, height // 2, 2, width // 2).mean(axis=(2, 4)).ravel()


def _save(path: Path, array: NDArray[np.generic]) -> None:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    replace_file(path, buffer.getvalue())
