"""Opus: how long a packet lasts, and its configuration in both spellings."""

import pytest

from vedette.core.media import Codec
from vedette.media.audio_samples import opus_samples, packet_duration_90k
from vedette.media.errors import MalformedMediaError
from vedette.media.opus_config import make_opus_format, read_opus_config, read_opus_head


@pytest.mark.parametrize(
    ("toc", "second", "samples"),
    [
        (0 << 3, b"", 480),  # SILK, 10 ms
        (3 << 3, b"", 2880),  # SILK, 60 ms
        (13 << 3, b"", 960),  # hybrid, 20 ms
        (16 << 3, b"", 120),  # CELT, 2.5 ms
        (31 << 3, b"", 960),  # CELT, 20 ms
        (31 << 3 | 1, b"", 1920),  # two of one size
        (31 << 3 | 2, b"", 1920),
        (31 << 3 | 3, b"\x83", 2880),  # three, variable
        (31 << 3 | 3, b"", 0),  # the count is missing
    ],
)
def test_table_of_contents_tells_the_length(toc: int, second: bytes, samples: int) -> None:
    assert opus_samples(bytes([toc]) + second) == samples


def test_a_packet_without_data_counts_as_the_usual_one() -> None:
    assert packet_duration_90k(make_opus_format(1)) == 1800
    assert packet_duration_90k(make_opus_format(1), bytes([3 << 3])) == 5400


def test_configuration_of_a_file_and_of_the_house_are_the_same_facts() -> None:
    head = b"OpusHead\x01\x02" + (312).to_bytes(2, "little") + (44_100).to_bytes(4, "little") + bytes(3)
    found = read_opus_head(head)
    assert found == make_opus_format(2, 312)
    assert found is not None
    assert (found.codec, found.sample_rate_hz, found.channels) == (Codec.OPUS, 48_000, 2)
    assert read_opus_config(found.config) == found


@pytest.mark.parametrize("config", [b"", bytes(11), make_opus_format(1).config[:-1] + b"\x01"])
def test_configurations_of_more_than_two_channels_or_none_are_refused(config: bytes) -> None:
    with pytest.raises(MalformedMediaError):
        read_opus_config(config)
    assert read_opus_head(b"OpusHead" + config) is None
