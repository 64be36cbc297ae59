"""What is compiled at set-up, where there is a C compiler (`scripts/compile_native.py`), and who may load it.

The modules that every packet passes, by mypyc: the same code, a sixth less processor time for the recorder. A process
that has called `use_native` loads them (docs/design/ingest.md). And two networks in integers: super-resolution
(docs/design/enhance.md) and the classifiers of pictures (docs/design/classifier.md). Where nothing was compiled, or a
source was edited since, the sources are run, and OpenVINO.
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
ENHANCE_KERNEL = PACKAGE / "vision" / "enhance" / "integer_kernel.c"
CLASSIFY_KERNEL = PACKAGE / "vision" / "classify" / "winograd_kernel.c"
KERNELS = (ENHANCE_KERNEL, CLASSIFY_KERNEL)
KERNEL_SOURCES = (*KERNELS, PACKAGE / "vision" / "integer_products.h")
KERNEL_BUILDS = (
    ("avx512vnni", ("avx2", "fma", "avx512vl", "avx512vnni"), frozenset({"avx2", "fma", "avx512vl", "avx512_vnni"})),
    ("avx2", ("avx2", "fma"), frozenset({"avx2", "fma"})),
)
"""The best first: name, the compiler's instruction sets, and the processor's flags that it needs."""
SUFFIX = EXTENSION_SUFFIXES[0]


def library_name(module: str) -> str:
    """Where under `NATIVE` it is."""
    return f"{module.replace('.', '/')}{SUFFIX}"


def kernel_name(kernel: Path, build: str) -> str:
    """Where under `NATIVE` one of `KERNELS` is."""
    return f"{kernel.stem}-{build}.so"


def sum_file(name: str) -> str:
    """Its line in `SUMS`, as sha256sum(1) writes it. Raises OSError: it cannot be read."""
    return f"{hashlib.sha256((NATIVE / name).read_bytes()).hexdigest()}  {name}"


def is_compiled() -> bool:
    """Whether the libraries are there, whole, and of these sources: one that was cut short ends whoever loads it."""
    return bool(_find_listed())


def _find_listed() -> frozenset[str]:
    """What `SUMS` names; nothing where one of its sums is wrong or a file that is needed is missing."""
    try:
        lines = (NATIVE / SUMS).read_text("utf-8").splitlines()
        names = [line.partition("  ")[2] for line in lines]
        needed = {library_name(module) for module in (LIBRARY, *NATIVE_MODULES)}
        needed |= {os.path.relpath(source, NATIVE) for source in KERNEL_SOURCES}
        is_whole = needed <= set(names) and lines == [sum_file(name) for name in names]
        return frozenset(names if is_whole else ())
    except (OSError, UnicodeDecodeError):
        return frozenset()


def is_wanted() -> bool:
    """Whether compiled code may be loaded: `VEDETTE_NATIVE=0` asks for the sources."""
    return os.environ.get("VEDETTE_NATIVE") != "0"


def find_kernel(kernel: Path, flags: frozenset[str]) -> Path | None:
    """The library of one of `KERNELS` that suits a processor with these flags best; None where there is none."""
    listed = _find_listed() if is_wanted() else frozenset()
    fitting = (kernel_name(kernel, name) for name, _, needed in KERNEL_BUILDS if needed <= flags)
    return next((NATIVE / name for name in fitting if name in listed), None)


def use_native() -> bool:
    """Lets this process load the compiled modules. False: there are none, or they are not wanted.

    Also where one of the modules is loaded already: their users would hold two kinds of each class.
    """
    if not is_wanted() or any(module in sys.modules for module in NATIVE_MODULES) or not is_compiled():
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
