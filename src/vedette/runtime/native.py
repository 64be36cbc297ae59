"""The modules that every packet passes, compiled: the same code, a sixth less processor time for the recorder.

`scripts/compile_native.py` compiles them with mypyc at set-up, where there is a C compiler. A process that has called
`use_native` loads them. Where nothing was compiled, or a source was edited since, it loads the sources. Design:
docs/design/ingest.md.
"""

import hashlib
import importlib
import os
import sys
from collections.abc import Sequence
from importlib.machinery import EXTENSION_SUFFIXES, ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType

import vedette

PACKAGE = Path(vedette.__file__).parent
NATIVE = PACKAGE / "native"
NATIVE_MODULES = (
    "vedette.camera.assembler",
    "vedette.camera.audio_payload",
    "vedette.camera.counters",
    "vedette.camera.rtp",
    "vedette.camera.time_mapping",
    "vedette.camera.video_payload",
    "vedette.core.time",
    "vedette.recording.feed_hub",
    "vedette.recording.fragmenter",
)
"""They call each other without looking at the interpreter, so they are loaded together or not at all."""
GROUP = "vedette_native"
LIBRARY = f"{GROUP}__mypyc"
"""What mypyc calls the library that holds them all; beside it lies a small one for each name."""
SUMS = "SHA256SUMS"
"""Beside the libraries: their sums, and those of the sources that they were made from (`sha256sum -c SHA256SUMS`)."""
SUFFIX = EXTENSION_SUFFIXES[0]


def library_name(module: str) -> str:
    """Where under `NATIVE` it is."""
    return f"{module.replace('.', '/')}{SUFFIX}"


def sum_file(name: str) -> str:
    """Its line in `SUMS`, as sha256sum(1) writes it. Raises OSError: it cannot be read."""
    return f"{hashlib.sha256((NATIVE / name).read_bytes()).hexdigest()}  {name}"


def is_compiled() -> bool:
    """Whether the libraries are there, whole, and of these sources: one that was cut short ends whoever loads it."""
    try:
        lines = (NATIVE / SUMS).read_text("utf-8").splitlines()
        names = [line.partition("  ")[2] for line in lines]
        needed = {library_name(module) for module in (LIBRARY, *NATIVE_MODULES)}
        return needed <= set(names) and lines == [sum_file(name) for name in names]
    except (OSError, UnicodeDecodeError):
        return False


def use_native() -> bool:
    """Lets this process load the compiled modules. False: there are none, or `VEDETTE_NATIVE=0` asks for the sources.

    Also where one of the modules is loaded already: their users would hold two kinds of each class.
    """
    is_wanted = os.environ.get("VEDETTE_NATIVE") != "0"
    if not is_wanted or any(module in sys.modules for module in NATIVE_MODULES) or not is_compiled():
        return False
    finder = _Finder()
    sys.meta_path.insert(0, finder)
    try:
        importlib.import_module(LIBRARY)
    except ImportError:  # made on another system
        sys.meta_path.remove(finder)
        return False
    return True


class _Finder:
    """A finder of `sys.meta_path`."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002 -- of the protocol
        target: ModuleType | None = None,  # noqa: ARG002 -- of the protocol
    ) -> ModuleSpec | None:
        if fullname != LIBRARY and fullname not in NATIVE_MODULES:
            return None
        return spec_from_file_location(fullname, NATIVE / library_name(fullname))
