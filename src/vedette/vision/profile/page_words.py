"""The sentences of a profile's page: key to English and Vietnamese, from `page_words.yaml`."""

from collections.abc import Mapping
from pathlib import Path

import msgspec
import yaml

_FILE = Path(__file__).with_suffix(".yaml")


def read_words() -> Mapping[str, tuple[str, str]]:
    """All of them."""
    return msgspec.convert(yaml.safe_load(_FILE.read_text("utf-8")), dict[str, tuple[str, str]])
