"""Which makes can be told, for whoever offers them. Loads nothing that looks at pictures."""

import asyncio

from vedette.vision.models.registry import ModelRegistry
from vedette.vision.recognize.make_forms import MakeWords, read_make_words


class InstalledMakes:
    """The labels of the installed model of makes, as they are now: it may be added while the system runs."""

    def __init__(self, registry: ModelRegistry) -> None:
        self._registry = registry

    async def read(self) -> MakeWords:
        return await asyncio.to_thread(read_make_words, self._registry)
