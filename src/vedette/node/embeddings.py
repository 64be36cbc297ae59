"""Which model makes the vectors that categories are told by, and how it is made in the jail."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import IO, TYPE_CHECKING

from vedette.vision.categories.category_set import EmbeddingRef
from vedette.vision.categories.embedding import EMBEDDING, EMBEDDING_MODEL, EMBEDDING_OUTPUT, EMBEDDING_SIZE
from vedette.vision.categories.lessons import EmbeddingMissingError
from vedette.vision.models.kept import NOTHING_KEPT, KeptNetworks
from vedette.vision.models.registry import InstalledModel, ModelRegistry

if TYPE_CHECKING:
    from vedette.vision.categories.embedding import PictureEmbedder


def find_embedding(registry: ModelRegistry) -> EmbeddingRef:
    """The embedding that is installed and verified.

    Raises:
        EmbeddingMissingError: it is not; ModelRefusedError: its file differs.
    """
    manifest = registry.find_named(EMBEDDING_MODEL)
    if not registry.is_installed(manifest):
        raise EmbeddingMissingError(
            "the model by which categories are told is not installed", "Run `vedette models pull standard`."
        )
    registry.load(manifest)
    return EmbeddingRef(manifest.release, manifest.files[0].sha256, EMBEDDING_SIZE)


def load_embedder(
    registry: ModelRegistry, scratch: IO[bytes] | None = None, kept: KeptNetworks = NOTHING_KEPT
) -> "PictureEmbedder":
    """In the jail only. `scratch`, `kept`: as `OpenVinoNetwork` has them."""
    return make_embedder(registry.load(registry.find_named(EMBEDDING_MODEL)), scratch, kept)


def make_embedder(
    model: InstalledModel, scratch: IO[bytes] | None, kept: KeptNetworks = NOTHING_KEPT
) -> "PictureEmbedder":
    """In the jail only: it loads the inference runtime."""
    from vedette.adapters.openvino_network import OpenVinoNetwork  # noqa: PLC0415 -- in the jail only
    from vedette.vision.categories.embedding import PictureEmbedder  # noqa: PLC0415 -- as above

    return PictureEmbedder(OpenVinoNetwork(model, pooled_as=EMBEDDING_OUTPUT, scratch=scratch, kept=kept))


@contextmanager
def lend_scratch(recognizers: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Arguments for a worker with these recognizers; enter it while the worker starts. It may write nowhere, and the
    embedding's model is read from a path alone.
    """
    if EMBEDDING not in recognizers:
        yield ()
        return
    with TemporaryDirectory(prefix="vedette-vectors-") as folder:
        yield ("--scratch", folder)
