"""A bus on which nothing is heard."""

from vedette.runtime.bus import Publisher


class SilentPublisher(Publisher):
    def publish_nowait(self, message: object) -> None: ...
    async def flush(self) -> None: ...
