"""Compiles the modules that every packet passes (`vedette.runtime.native`) with mypyc; quick when it is done already.

Needs a C compiler and Python's headers. Exit code 1 where they are missing or it fails: the recorder then runs from the
sources, which takes more processor time and nothing else.
"""

import os
import shutil
import sys
import sysconfig
import tempfile
from pathlib import Path

from vedette.runtime.native import (
    GROUP,
    NATIVE_MODULES,
    PACKAGE,
    SUMS,
    find_source,
    is_compiled,
    native_folder,
    sum_libraries,
)

ROOT = Path(__file__).resolve().parent.parent
COMPILER = (sysconfig.get_config_var("CC") or "cc").split()[0]


def find_lack() -> str | None:
    """What it would take to compile, as Debian packages."""
    if shutil.which(os.environ.get("CC", COMPILER)) is None:
        return "gcc python3-dev"
    if not Path(sysconfig.get_path("include"), "Python.h").is_file():
        return "python3-dev"
    return None


def compile_into(folder: Path, scratch: Path) -> None:
    """Compiles all modules; `folder` then holds one library for each, as a package would."""
    from mypyc.build import mypycify  # noqa: PLC0415 -- takes a second, which is not spent when it is done already
    from setuptools import Distribution  # noqa: PLC0415 -- as above

    sources = [str(find_source(module)) for module in NATIVE_MODULES]
    options = ["--config-file", str(ROOT / "pyproject.toml"), "--cache-dir", str(scratch / "mypy")]
    extensions = mypycify(
        [*options, *sources], opt_level="1", debug_level="0", group_name=GROUP, target_dir=str(scratch / "c")
    )
    command = Distribution({"name": GROUP, "ext_modules": extensions}).get_command_obj("build_ext")
    command.build_lib, command.build_temp = str(folder), str(scratch / "o")
    command.parallel = len(os.sched_getaffinity(0))
    command.ensure_finalized()
    command.run()


def main() -> int:
    if is_compiled():
        return 0
    lack = find_lack()
    if lack is not None:
        print(f"it needs: apt-get install {lack}", file=sys.stderr)
        return 1
    os.chdir(PACKAGE.parent)
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        made, folder = scratch / "made", native_folder()
        compile_into(made, scratch)
        (made / SUMS).write_text(sum_libraries(made), "ascii")
        shutil.rmtree(folder.parent, ignore_errors=True)  # of earlier sources
        folder.parent.mkdir()
        shutil.move(made, folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
