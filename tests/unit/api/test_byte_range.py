"""The Range header: what players send, and what they should not."""

import pytest

from vedette.api.byte_range import UnsatisfiableRangeError, read_byte_range


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, None),
        ("", None),
        ("bytes=0-", (0, 1000)),
        ("bytes=10-19", (10, 20)),
        ("bytes=990-5000", (990, 1000)),
        ("bytes=-100", (900, 1000)),
        ("bytes=-5000", (0, 1000)),
        ("bytes=-", None),
        ("bytes=1-2,4-5", None),
        ("chunks=1-2", None),
        ("bytes=" + "9" * 40 + "-", None),
    ],
)
def test_range(header, expected) -> None:
    assert read_byte_range(header, 1000) == expected


@pytest.mark.parametrize("header", ["bytes=1000-", "bytes=5000-6000", "bytes=20-10", "bytes=-0"])
def test_range_outside_the_file_is_refused(header) -> None:
    with pytest.raises(UnsatisfiableRangeError):
        read_byte_range(header, 1000)
