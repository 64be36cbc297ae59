"""Archives to teach from, and an embedder that needs no model: what a picture's bytes say is the vector it gets."""

import asyncio
import io
import zlib
from collections.abc import AsyncIterator, Mapping
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np

from tests.support.kept_sets import HERE, draw_like
from vedette.core.errors import InvalidInputError, VedetteError
from vedette.vision.categories.category_set import EmbeddingRef
from vedette.vision.categories.head import Vectors
from vedette.vision.classify.changes import CHANGES
from vedette.vision.picture import Image


def name_pictures(*categories: str, count: int = 6) -> dict[str, bytes]:
    """Names in an archive to what `BytesEmbedder` takes for pictures."""
    return {f"{one}/{row}.jpg": f"{one} {row}".encode() for one in categories for row in range(count)}


def pack_zip(files: Mapping[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return packed.getvalue()


async def in_blocks(data: bytes, size: int = 1 << 16) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


class BytesEmbedder:
    """Pictures are `b"<category> <number>"`; anything without a space is none. `hold` stops it before the
    next one; `missing` is raised instead of naming itself.
    """

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.gate.set()
        self.missing: VedetteError | None = None

    @property
    def embedding(self) -> EmbeddingRef:
        if self.missing:
            raise self.missing
        return HERE

    def hold(self) -> None:
        self.gate.clear()

    async def embed(self, picture: bytes) -> Vectors:
        await self.gate.wait()
        category, space, _ = picture.partition(b" ")
        if not space:
            raise InvalidInputError("this is no picture that can be looked at")
        return np.asarray(draw_like(zlib.crc32(category) % 1000, seed=zlib.crc32(picture))[0], np.float32)

    async def embed_changed(self, picture: bytes) -> list[tuple[Vectors, Image]]:
        """Every change makes another picture of the same category."""
        versions = [picture, *(picture + str(change).encode() for change in CHANGES)]
        return [(await self.embed(each), np.zeros((4, 6, 3), np.uint8)) for each in versions]
