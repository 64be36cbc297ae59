"""The modules that every packet passes, compiled: the same code, a sixth less processor time for the recorder.

`scripts/compile_native.py` compiles them with mypyc at set-up, where there is a C compiler, into a folder that is named
after their sources and the interpreter. A process loads them from there once it has called `use_native`. Without that
folder, because nothing was compiled or a source was edited since, it loads the sources. Design: docs/design/ingest.md.
"""

import hashlib
import importlib
import os
import sys
import sysconfig
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType

import vedette

PACKAGE = Path(vedette.__file__).parent
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
SUFFIX = str(sysconfig.get_config_var("EXT_SUFFIX"))


def find_source(module: str) -> Path:
    """Where a module of ours is written."""
    return PACKAGE.parent.joinpath(*module.split(".")).with_suffix(".py")


def native_folder() -> Path:
    """Where the compiled modules of these very sources are, if they were compiled for this interpreter."""
    digest = hashlib.sha256(SUFFIX.encode())
    for module in NATIVE_MODULES:
        digest.update(hashlib.sha256(find_source(module).read_bytes()).digest())
    return PACKAGE / "native" / digest.hexdigest()[:16]


def sum_libraries(folder: Path) -> str:
    """SHA-256 and name of every library, as sha256sum(1) writes it. Raises OSError: one is missing."""
    names = [f"{name.replace('.', '/')}{SUFFIX}" for name in (LIBRARY, *NATIVE_MODULES)]
    return "".join(f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in names)


def is_compiled() -> bool:
    """Whether they are there, whole: a library that was cut short would end the process that loads it."""
    folder = native_folder()
    try:
        return sum_libraries(folder) == (folder / SUMS).read_text("ascii")
    except (OSError, UnicodeDecodeError):
        return False


def use_native() -> bool:
    """Lets this process load the compiled modules. False: there are none, or `VEDETTE_NATIVE=0` asks for the sources.

    Also where one of the modules is loaded already: their users would hold two kinds of each class.
    """
    if os.environ.get("VEDETTE_NATIVE") == "0" or any(module in sys.modules for module in NATIVE_MODULES):
        return False
    if not is_compiled():
        return False
    finder = _Finder(native_folder())
    sys.meta_path.insert(0, finder)
    try:
        importlib.import_module(LIBRARY)
    except ImportError:  # made on another system
        sys.meta_path.remove(finder)
        return False
    return True


class _Finder(MetaPathFinder):
    def __init__(self, folder: Path) -> None:
        self._files = {name: folder.joinpath(*name.split(".")) for name in (LIBRARY, *NATIVE_MODULES)}

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002 -- of the protocol
        target: ModuleType | None = None,  # noqa: ARG002 -- of the protocol
    ) -> ModuleSpec | None:
        file = self._files.get(fullname)
        return None if file is None else spec_from_file_location(fullname, f"{file}{SUFFIX}")
