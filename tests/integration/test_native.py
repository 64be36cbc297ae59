"""What every packet passes, compiled: it does what its sources do, and only exactly these sources."""

import platform
import subprocess
import sys
from pathlib import Path

import pytest

from vedette.runtime.native import NATIVE_MODULES, PACKAGE, is_compiled

ROOT = Path(__file__).parents[2]
TESTS = [
    *(ROOT / "tests/unit/camera").glob("test_*.py"),
    *(ROOT / "tests/unit/recording").glob("test_f*.py"),
    ROOT / "tests/unit/recording/test_stream_recorder.py",
    ROOT / "tests/unit/core/test_time.py",
    ROOT / "tests/security/test_fuzz_ingest.py",
]
COPY = """
import shutil, sys
from pathlib import Path
from vedette.runtime import native
shutil.copytree(native.PACKAGE, sys.argv[1], ignore=shutil.ignore_patterns("static", "weights", "__pycache__"))
"""
TELL = """
from vedette.runtime.native import use_native
print(use_native())
import vedette.camera.video_payload
print(vedette.camera.video_payload.__file__)
"""
FIND_KERNEL = """
from vedette.runtime.native import KERNELS, find_kernel
for kernel in KERNELS:
    print(find_kernel(kernel, frozenset({"avx2", "fma"})))
"""
pytestmark = pytest.mark.skipif(
    not is_compiled(), reason="not compiled at set-up: no C compiler, or sources edited since"
)


def run(code: str, *arguments: str, **environment: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", **environment},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


def test_unit_tests_and_fuzzing_pass_with_the_compiled_modules() -> None:
    code = f"""
import sys
from vedette.runtime.native import use_native
assert use_native()
import pytest
code = pytest.main(["-q", "-p", "no:cacheprovider", *sys.argv[1:]])
told = {{name: sys.modules[name].__file__ for name in {NATIVE_MODULES!r}}}
assert all(file.endswith(".so") for file in told.values()), told
sys.exit(code)
"""
    run(code, *map(str, sorted(TESTS)))


def test_sources_are_loaded_when_that_is_wanted() -> None:
    assert run(TELL)[0] == "True"
    told, file = run(TELL, VEDETTE_NATIVE="0")
    assert told == "False"
    assert Path(file) == PACKAGE / "camera" / "video_payload.py"


@pytest.mark.parametrize("fault", ["edited", "edited beside", "cut", "loaded"])
def test_anything_but_the_sources_own_libraries_is_not_loaded(tmp_path: Path, fault: str) -> None:
    copy = tmp_path / "vedette"
    run(COPY, str(copy))
    here = {"PYTHONPATH": str(tmp_path)}
    told, file = run(TELL, **here)
    assert (told, Path(file).suffix, Path(file).is_relative_to(copy)) == ("True", ".so", True)
    source, code = copy / "camera" / "video_payload.py", TELL
    if fault.startswith("edited"):
        edited = source if fault == "edited" else copy / "core" / "media.py"  # whose types are compiled in
        edited.write_text(edited.read_text() + "\n# changed\n")
    elif fault == "cut":
        (library,) = copy.glob("native/vedette_native__mypyc*")
        library.write_bytes(library.read_bytes()[:1000])
    else:
        code = f"import vedette.core.time{TELL}"
    assert run(code, **here) == ["False", str(source)]


@pytest.mark.skipif(platform.machine() != "x86_64", reason="networks are compiled for x86 alone")
@pytest.mark.parametrize(
    "changed",
    [
        "vision/enhance/integer_kernel.c",
        "native/integer_kernel-avx2.so",
        "vision/classify/winograd_kernel.c",
        "vision/integer_products.h",
    ],
)
def test_network_of_another_source_or_changed_is_not_loaded(tmp_path: Path, changed: str) -> None:
    copy = tmp_path / "vedette"
    run(COPY, str(copy))
    here = {"PYTHONPATH": str(tmp_path)}
    both = [str(copy / f"native/{name}_kernel-avx2.so") for name in ("integer", "winograd")]
    assert run(FIND_KERNEL, **here) == both
    with (copy / changed).open("ab") as file:
        file.write(b" ")
    assert run(FIND_KERNEL, **here) == ["None", "None"]


def test_library_that_is_not_listed_is_not_loaded(tmp_path: Path) -> None:
    copy = tmp_path / "vedette"
    run(COPY, str(copy))
    sums = copy / "native" / "SHA256SUMS"
    lines = sums.read_text().splitlines(keepends=True)
    sums.write_text("".join(line for line in lines if "_kernel-" not in line))
    assert run(FIND_KERNEL, PYTHONPATH=str(tmp_path)) == ["None", "None"]
