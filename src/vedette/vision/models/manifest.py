"""What a model manifest says, and the check that it says all of it.

A manifest is the allow-list entry of one model release: files by sha256, source, licence, preprocessing, labels
and thresholds, measured accuracy with the command that measured it. Only formats that carry no code may be
named (OpenVINO IR, ONNX, TFLite): a pickle can run whatever it likes at load. Pure.
"""

import re
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Any, Literal

import msgspec
import yaml

from vedette.core.detections import CLASS_NAMES
from vedette.core.errors import InvalidInputError
from vedette.vision.models.selftest import QUANTILES, SelfTest

_SAFE_FORMATS = frozenset({".xml", ".bin", ".onnx", ".tflite"})
_HEX = re.compile(r"[0-9a-f]*")
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,60}")
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""Of libyaml where there is one: every start of a worker reads all manifests, a third of a second in plain Python."""
_STEP_PX, _MOST_SIDE_PX = 32, 2048
"""A detector's coarsest cells are 32 pixels wide."""


class ModelFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file of a release. `path` is its place in a mirror and, under the model's name, in the installation.

    Exactly one of the hashes is given: some publishers state SHA-384 only.
    """

    path: str
    bytes: int
    url: str = ""
    sha256: str = ""
    sha384: str = ""

    @property
    def file_name(self) -> str:
        return PurePosixPath(self.path).name


class ModelInput(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a picture is prepared for the model.

    Attributes:
        enlarge: A face detector is shown a picture that is smaller than its input up to so many times as large.
    """

    name: str
    width: int
    height: int
    layout: Literal["NCHW", "NHWC"]
    colour: Literal["BGR", "RGB", "GREY"]
    range: tuple[float, float]
    resize: Literal["plain", "aligned", "padded", "cropped"]
    enlarge: float = 1.0


class InputSize(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Another input size, in pixels, at which a detector may be run; `quality` is its own, see `ModelManifest`."""

    width: int
    height: int
    quality: float


class MeasuredAccuracy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One measured figure: what, on which data, by which command."""

    figure: str
    value: float
    data: str
    command: str


Task = Literal[
    "detection",
    "face_detection",
    "face_embedding",
    "face_age_sex",
    "face_glasses",
    "face_liveness",
    "person_attributes",
    "vehicle_attributes",
    "vehicle_make",
    "object_kinds",
    "person_embedding",
    "pose",
    "plate_detection",
    "plate_reading",
    "super_resolution",
    "picture_classification",
]


class ModelManifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One model release. Field meanings: docs/design/vision.md.

    Attributes:
        converted: The same weights in another format, accepted instead of `files`: what a mirror may have.
        obtain: `mirror`: the publisher has them only in a format that may carry code, so they are converted by hand
            and come from a mirror; `url` then names where the weights are from. `embedded`: we trained them, and they
            are part of this package (`vision/weights`), without a `url`. `own`: somebody put them here himself
            (`vision/models/own.py`).
        selftest: What it must answer each time it is loaded.
        parameters: How many numbers training chose; 0 where nobody counted.
        needs_motion: A detector that is to be believed only where something moves (`vision/naming.py`).
        quality: Of a detector at its own input size, 0 to 1, by which detectors are compared
            (`vision/model_choice.py`): the mean of its `recall_ratio` figures. The standard pack's detector is what
            they are ratios of: 1.
        sizes: Other input sizes of a detector; empty: its own alone.
    """

    name: str
    task: Task
    release: str
    packs: list[str]
    licence: str
    origin: str
    runtime: Literal["openvino"]
    precision: Literal["fp32", "fp16", "int8"]
    files: list[ModelFile]
    input: ModelInput
    outputs: dict[str, str]
    labels: list[str]
    thresholds: dict[str, float]
    accuracy: list[MeasuredAccuracy]
    converted: list[ModelFile] = []  # msgspec copies it for each manifest
    obtain: Literal["source", "mirror", "embedded", "own"] = "source"
    selftest: SelfTest | None = None
    parameters: int = 0
    needs_motion: bool = False
    quality: float = 0.0
    sizes: list[InputSize] = []

    @property
    def input_sizes(self) -> list[InputSize]:
        """All sizes that it may be run at, its own first."""
        return [InputSize(self.input.width, self.input.height, self.quality), *self.sizes]

    @property
    def variants(self) -> list[list[ModelFile]]:
        """The sets of files of which any one is the model."""
        return [self.files, self.converted] if self.converted else [self.files]


@lru_cache(maxsize=256)
def parse_manifest(text: str, source: str) -> ModelManifest:
    """Parses and checks one manifest; the same text once, as a registry reads all of them for every model.

    Raises:
        InvalidInputError: what is wrong, with every fault found.
    """
    try:
        fields: Any = yaml.load(text, _Loader)  # noqa: S506 -- both are safe loaders
        manifest = msgspec.convert(fields, ModelManifest)
    except (yaml.YAMLError, msgspec.ValidationError) as error:
        raise InvalidInputError(f"the model manifest {source} is not valid: {error}") from error
    faults = [*_find_faults(manifest)]
    if faults:
        raise InvalidInputError(f"the model manifest {source} is not valid: {'; '.join(faults)}")
    return manifest


def _find_faults(manifest: ModelManifest) -> list[str]:
    faults = []
    if not _NAME.fullmatch(manifest.name):
        faults.append(f"the name {manifest.name!r} may have only a-z, 0-9, dot, dash and underscore")
    if not manifest.files:
        faults.append("it names no files")
    faults += _find_selftest_faults(manifest.selftest) if manifest.selftest else []
    faults += _find_size_faults(manifest)
    unknown = sorted(set(manifest.labels) - set(CLASS_NAMES))
    if unknown and manifest.task == "detection":
        faults.append(f"labels {unknown} are no object classes of the house")
    for file in manifest.files + manifest.converted:
        path = PurePosixPath(file.path)
        if path.is_absolute() or ".." in path.parts:
            faults.append(f"{file.path} leaves the model folder")
        if path.suffix not in _SAFE_FORMATS:
            faults.append(f"{file.path} is of a format that may carry code")
        hashes = (len(file.sha256), len(file.sha384))
        if hashes not in {(64, 0), (0, 96)} or not _HEX.fullmatch(file.sha256 + file.sha384) or file.bytes <= 0:
            faults.append(f"{file.path} has no valid sha256 (or sha384) and size")
        if not file.url.startswith("https://") and manifest.obtain not in {"embedded", "own"}:
            faults.append(f"{file.path} has no https source")
    return faults


def _find_size_faults(manifest: ModelManifest) -> list[str]:
    sizes = [(size.width, size.height) for size in manifest.input_sizes]
    faults = []
    if manifest.sizes and manifest.task != "detection":
        faults.append("only a detector has other input sizes")
    if len(set(sizes)) < len(sizes):
        faults.append("an input size is named twice")
    if any(side % _STEP_PX or not 0 < side <= _MOST_SIDE_PX for size in sizes[1:] for side in size):
        faults.append(f"other input sizes are multiples of {_STEP_PX} up to {_MOST_SIDE_PX}")
    if not all(0 <= size.quality <= 1 for size in manifest.input_sizes):
        faults.append("quality lies from 0 to 1")
    return faults


def _find_selftest_faults(test: SelfTest) -> list[str]:
    if (
        not test.outputs
        or not 0 < test.tolerance < 1
        or len(test.shape) != 4
        or test.shape[0] != 1
        or min(test.shape) < 1
    ):
        return ["its self-test has no outputs, no shape, or a tolerance that is none"]
    wrong = [name for name, vector in test.outputs.items() if len(vector.quantiles) != len(QUANTILES)]
    return [f"its self-test of {', '.join(wrong)} has not {len(QUANTILES)} quantiles"] if wrong else []
