"""A layer that is missing must be visible, never skipped silently."""

import struct

import pytest

from vedette.runtime import landlock, seccomp
from vedette.runtime.cpu import multiplies_bfloat16, preferred_precisions, read_cpu_flags
from vedette.runtime.jail import JailReport

ALL = dict.fromkeys(("files_before_import", "landlock", "seccomp", "rlimits", "uid", "no_new_privs"), True)


@pytest.mark.parametrize(
    ("missing", "state"),
    [
        ((), "holds"),
        (("uid",), "weakened"),
        (("landlock",), "weakened"),
        (("seccomp",), "weakened"),
        (("landlock", "seccomp"), "absent"),
        (tuple(ALL), "absent"),
    ],
)
def test_state_follows_the_layers(missing: tuple[str, ...], state: str) -> None:
    report = JailReport(7, {**ALL, **dict.fromkeys(missing, False)}, dict.fromkeys(missing, "this kernel has none"))
    assert report.state == state
    assert all(name in report.detail for name in missing)


def test_kernel_without_landlock_is_an_error_not_a_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landlock, "find_abi", lambda: 0)
    with pytest.raises(OSError, match="no Landlock"):
        landlock.restrict_files(())


def test_unknown_architecture_has_no_filter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seccomp.platform, "machine", lambda: "m68k")
    with pytest.raises(OSError, match="m68k"):
        seccomp.install()


@pytest.mark.parametrize("name", ["x86_64", "aarch64"])
def test_filter_program_is_sound(name: str) -> None:
    """Every jump lands inside the program and the last instruction denies."""
    arch = seccomp._ARCHITECTURES[name]
    program = seccomp.build_filter(arch)
    ops = [struct.unpack_from("=HBBI", program, at) for at in range(0, len(program), 8)]
    assert len(ops) < 4096
    for index, (code, if_true, if_false, _) in enumerate(ops):
        if code in {0x15, 0x35, 0x45}:
            assert index + 1 + max(if_true, if_false) < len(ops)
    assert ops[-1][0] == 0x06
    assert ops[-1][3] >> 16 == 5, "the default is an error number"
    assert len(set(arch.allowed)) == len(arch.allowed)


def test_forbidden_calls_are_not_on_the_lists() -> None:
    x86_forbidden = {2, 4, 6, 21, 41, 42, 49, 56, 57, 58, 59, 62, 82, 83, 87, 101, 105, 155, 157, 165, 200, 234, 257}
    assert not x86_forbidden & set(seccomp._X86_64.allowed)
    arm_forbidden = {56, 48, 79, 198, 200, 203, 220, 221, 117, 129, 130, 131, 146, 40, 51, 167, 281, 425}
    assert not arm_forbidden & set(seccomp._AARCH64.allowed)


def test_precision_follows_the_processor(tmp_path: pytest.TempPathFactory) -> None:
    info = tmp_path / "cpuinfo"
    info.write_text("processor : 0\nflags\t\t: fpu avx2 avx512_vnni\n")
    assert preferred_precisions(read_cpu_flags(info))[0] == "int8"
    assert preferred_precisions(frozenset({"avx2"}))[0] == "fp16"
    assert read_cpu_flags(tmp_path / "none") == frozenset()
    assert multiplies_bfloat16(frozenset({"avx512f", "avx512_bf16"}))
    assert not multiplies_bfloat16(frozenset({"avx512f", "avx512_vnni"}))
