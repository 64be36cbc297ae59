"""A gallery as bytes, and back. The caller seals and writes them: vectors of faces are biometric data.

    b"VDTGAL" | version u16 | length of the head u32 | head (JSON) | arrays, little-endian | SHA-256 of all before

The head names the arrays with their types and shapes. Nothing in it is executed. What can be computed again (granules,
tails, who lies in which cell) is not stored. Version 1 had no centres of cells, and is read as well.
"""

import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from vedette.core.errors import StorageError
from vedette.search.calibrated import CalibratedTerms
from vedette.search.decision import Thresholds
from vedette.search.kernels import Floats, Rows
from vedette.search.projection import Projection, find_skew
from vedette.search.self_test import SelfTest

VERSION = 2
_READ_VERSIONS = (1, VERSION)
_MAGIC = b"VDTGAL"
_PREFIX = struct.Struct("<6sHI")
_DIGEST_BYTES = 32
_MAX_HEAD_BYTES = 1 << 16
_TYPES = {"<f4": np.float32, "<f8": np.float64, "<i8": np.int64}


class GalleryDamagedError(StorageError):
    """Stored bytes are not a gallery, or not the one that was stored."""

    code = "gallery_damaged"


@dataclass(frozen=True, slots=True)
class StoredGallery:
    """All that an index needs to go on where it was."""

    vectors: Floats
    keys: Rows
    labels: Rows
    projection: Projection | None
    centres: Floats | None
    terms: CalibratedTerms | None
    thresholds: Thresholds | None
    self_test: SelfTest


class _Array(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    type: str
    shape: tuple[int, ...]


class _Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    arrays: tuple[_Array, ...]
    terms: CalibratedTerms | None
    thresholds: Thresholds | None
    self_test: SelfTest
    total_energy: float | None


def store_gallery(stored: StoredGallery) -> bytes:
    """Makes the bytes of a gallery."""
    arrays: list[NDArray[np.generic]] = [stored.vectors, stored.keys, stored.labels]
    projection = stored.projection
    if projection is not None:
        arrays += [projection.mean, projection.basis, projection.energies]
    if stored.centres is not None:
        arrays.append(stored.centres)
    described = tuple(_Array(array.dtype.newbyteorder("<").str, array.shape) for array in arrays)
    energy = projection.total_energy if projection is not None else None
    head = msgspec.json.encode(_Head(described, stored.terms, stored.thresholds, stored.self_test, energy))
    parts = [_PREFIX.pack(_MAGIC, VERSION, len(head)), head]
    parts += [np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes() for array in arrays]
    body = b"".join(parts)
    return body + hashlib.sha256(body).digest()


def read_gallery(data: bytes) -> StoredGallery:
    """Reads the bytes of a gallery.

    Raises:
        GalleryDamagedError: they are cut, changed, of another version, or not a gallery. Nothing is taken from them.
    """
    if len(data) < _PREFIX.size + _DIGEST_BYTES:
        raise GalleryDamagedError(f"{len(data)} bytes are no gallery.")
    magic, version, head_bytes = _PREFIX.unpack_from(data)
    if magic != _MAGIC or head_bytes > _MAX_HEAD_BYTES:
        raise GalleryDamagedError("These bytes are no gallery.")
    if version not in _READ_VERSIONS:
        raise GalleryDamagedError(f"The gallery has version {version}; versions {_READ_VERSIONS} are known.")
    body = memoryview(data)[:-_DIGEST_BYTES]
    if hashlib.sha256(body).digest() != data[-_DIGEST_BYTES:]:
        raise GalleryDamagedError("The gallery was cut or changed.", "Enrol again, or restore a backup.")
    try:
        head = msgspec.json.decode(body[_PREFIX.size : _PREFIX.size + head_bytes], type=_Head)
        arrays = _read_arrays(body[_PREFIX.size + head_bytes :], head.arrays)
        return _assemble(head, arrays)
    except (ValueError, msgspec.DecodeError) as error:
        raise GalleryDamagedError("The gallery contradicts itself.") from error


def _read_arrays(data: memoryview, described: Sequence[_Array]) -> list[NDArray[np.generic]]:
    arrays: list[NDArray[np.generic]] = []
    for one in described:
        if one.type not in _TYPES or any(side < 0 for side in one.shape):
            raise ValueError(one.type)
        size = int(np.prod(one.shape, dtype=object)) * np.dtype(one.type).itemsize
        if size > len(data):
            raise ValueError(size)
        arrays.append(np.frombuffer(data[:size], one.type).astype(_TYPES[one.type]).reshape(one.shape))
        data = data[size:]
    if len(data):
        raise ValueError(len(data))
    return arrays


def _assemble(head: _Head, arrays: list[NDArray[np.generic]]) -> StoredGallery:
    """Checks that the arrays belong together; ValueError when not."""
    expected = ["<f4", "<i8", "<i8"] + (["<f4", "<f4", "<f8"] if head.total_energy is not None else [])
    has_centres = len(expected) == 6 and len(head.arrays) == 7
    if [one.type for one in head.arrays] != expected + ["<f4"] * has_centres:
        raise ValueError(expected)
    vectors, keys, labels = arrays[0].astype(np.float32), arrays[1].astype(np.int64), arrays[2].astype(np.int64)
    if vectors.ndim != 2 or keys.shape != vectors.shape[:1] or labels.shape != keys.shape:
        raise ValueError(vectors.shape)
    projection = None
    if head.total_energy is not None:
        mean, basis = arrays[3].astype(np.float32), arrays[4].astype(np.float32)
        energies = arrays[5].astype(np.float64)
        levels, granule, dimensions = basis.shape
        if mean.shape != (dimensions,) or dimensions != vectors.shape[1] or energies.shape != (levels * granule,):
            raise ValueError(basis.shape)
        flat = basis.reshape(-1, dimensions)
        skew = find_skew(flat[np.abs(flat).max(axis=1) > 0])
        projection = Projection(mean, basis, energies, head.total_energy, skew)
    centres = arrays[6].astype(np.float32) if has_centres else None
    if centres is not None and not np.isfinite(centres).all():
        raise ValueError(centres.shape)
    return StoredGallery(vectors, keys, labels, projection, centres, head.terms, head.thresholds, head.self_test)
