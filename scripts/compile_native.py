"""Compiles the modules that every packet passes, with mypyc, and the networks in integers, anew.

Needs a C compiler and Python's headers. Exit code 1 where they are missing or it fails: the recorder then runs from the
sources and all networks on OpenVINO, which takes more processor time and nothing else (`vedette.runtime.native`).
"""

import ast
import itertools
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from vedette.runtime.native import (
    GROUP,
    KERNEL_BUILDS,
    KERNEL_SOURCES,
    KERNELS,
    NATIVE,
    NATIVE_MODULES,
    PACKAGE,
    SUMS,
    kernel_name,
    sum_file,
)

ROOT = Path(__file__).resolve().parent.parent
COMPILER = os.environ.get("CC", (sysconfig.get_config_var("CC") or "cc").split()[0])


def find_lack() -> str | None:
    """What it would take to compile, as Debian packages."""
    if shutil.which(COMPILER) is None:
        return "gcc python3-dev"
    if not Path(sysconfig.get_path("include"), "Python.h").is_file():
        return "python3-dev"
    return None


def find_source(module: str) -> Path | None:
    """Where a module of ours is written; None: it is none."""
    path = PACKAGE.parent.joinpath(*module.split("."))
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)


def find_used(modules: tuple[str, ...]) -> list[Path]:
    """Their sources and those of all that they import, directly or not: what types say there is compiled in."""
    found: set[Path] = set()
    waiting = list(modules)
    while waiting:
        source = find_source(waiting.pop())
        if source is None or source in found:
            continue
        found.add(source)
        for node in ast.walk(ast.parse(source.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                waiting += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            elif isinstance(node, ast.Import):
                waiting += [alias.name for alias in node.names]
    return sorted(found)


def compile_into(folder: Path, scratch: Path) -> None:
    """Compiles all modules; `folder` then holds one library for each, as a package would."""
    from mypyc.build import mypycify  # noqa: PLC0415 -- takes a second, which is not spent where a compiler is missing
    from setuptools import Distribution  # noqa: PLC0415 -- as above

    sources = [str(find_source(module)) for module in NATIVE_MODULES]
    options = ["--config-file", str(ROOT / "pyproject.toml"), "--cache-dir", str(scratch / "mypy")]
    extensions = mypycify(
        [*options, *sources],
        opt_level="1",  # as quick as 3 when it runs, and made in two thirds of the time
        debug_level="0",
        group_name=GROUP,
        target_dir=str(scratch / "c"),
    )
    command = Distribution({"name": GROUP, "ext_modules": extensions}).get_command_obj("build_ext")
    command.build_lib, command.build_temp = str(folder), str(scratch / "o")
    command.ensure_finalized()
    command.run()


def compile_kernels(folder: Path) -> None:
    """Compiles each once for each kind of x86 processor."""
    if platform.machine() != "x86_64":
        return
    for kernel, (name, sets, _) in itertools.product(KERNELS, KERNEL_BUILDS):
        options = ["-std=c11", "-ffp-contract=off", "-O3", "-shared", "-fPIC", *(f"-m{one}" for one in sets)]
        output = str(folder / kernel_name(kernel, name))
        subprocess.run([COMPILER, *options, "-o", output, str(kernel), "-lm"], check=True)


def main() -> int:
    lack = find_lack()
    if lack is not None:
        print(f"it needs: apt-get install {lack}", file=sys.stderr)
        return 1
    os.chdir(PACKAGE.parent)
    shutil.rmtree(NATIVE, ignore_errors=True)
    with tempfile.TemporaryDirectory() as name:
        compile_into(Path(name, "made"), Path(name))
        compile_kernels(Path(name, "made"))
        shutil.move(Path(name, "made"), NATIVE)
    files = [*(path for path in NATIVE.rglob("*") if path.is_file()), *find_used(NATIVE_MODULES), *KERNEL_SOURCES]
    lines = [sum_file(os.path.relpath(path, NATIVE)) for path in sorted(files)]
    (NATIVE / SUMS).write_text("".join(f"{line}\n" for line in lines), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
