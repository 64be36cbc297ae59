"""What the users of compiled kernels share: loading one, and memory that it may work on."""

import ctypes
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from vedette.core.errors import InvalidInputError

NumberT = TypeVar("NumberT", np.uint8, np.int16, np.float32)
_ALIGNED_TO = 64


def load_library(path: Path, sizes: Sequence[str], others: Sequence[str]) -> ctypes.CDLL:
    """Loads a kernel.

    Args:
        path: Where it is.
        sizes: Its functions that answer with a size.
        others: Its other functions.

    Raises:
        InvalidInputError: it cannot be loaded, or is another library.
    """
    try:
        library = ctypes.CDLL(str(path))
        for name in others:
            getattr(library, name).restype = None
        for name in sizes:
            getattr(library, name).restype = ctypes.c_size_t
    except (OSError, AttributeError) as error:
        raise InvalidInputError(f"{path} cannot be used: {error}", "Run `make setup`.") from error
    return library


def make_aligned(count: int, kind: type[NumberT]) -> NDArray[NumberT]:
    """Zeros that begin where a line of the processor's cache does."""
    size = count * np.dtype(kind).itemsize
    space = np.zeros(size + _ALIGNED_TO, np.uint8)
    begin = -space.ctypes.data % _ALIGNED_TO
    return space[begin : begin + size].view(kind)


def align(array: NDArray[NumberT]) -> NDArray[NumberT]:
    """A copy that begins there, and is one piece."""
    copy = make_aligned(array.size, array.dtype.type)
    copy[:] = array.reshape(-1)
    return copy


def address(array: NDArray[np.generic]) -> ctypes.c_void_p:
    """Where it begins. It must live as long as that is used."""
    return ctypes.c_void_p(array.ctypes.data)
