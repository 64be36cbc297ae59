"""Loads clips for simulated cameras, each once, however many cameras show it, and encodes variants of them."""

import asyncio
import itertools
import tempfile
from pathlib import Path

from vedette.core.errors import InvalidInputError
from vedette.media.encode import VideoEncoding, reencode_clip
from vedette.testing.faults import ClipVariant, Fault
from vedette.testing.source import SimSource, SourceOptions, load_source

_MAX_VARIANT_S = 60
"""Longer clips are cut: a variant is encoded while somebody waits."""


class SourceLibrary:
    """Loads in a thread; hands the same object out for the same clip."""

    def __init__(self, options: SourceOptions) -> None:
        self._options = options
        self._sources: dict[tuple[Path, ClipVariant | None], SimSource] = {}

    async def load(self, item: Path | SimSource) -> SimSource:
        """Loads a file, or takes a source as it is.

        Raises:
            UnreadableFileError: see `vedette.media.demux.read_clip`.
        """
        return item if isinstance(item, SimSource) else await self._find(item, None)

    async def load_for_fault(self, fault: Fault, present: SimSource) -> SimSource:
        """Loads what a `source` fault changes a stream to, that showed `present` at first.

        Raises:
            InvalidInputError: a variant is wanted of a source that has no file.
        """
        path = fault.file or present.path
        if fault.file is None and fault.variant is None:
            return present
        if path is None:
            raise InvalidInputError(f"{present.name} has no file that could be encoded again.")
        return await self._find(path, fault.variant)

    async def _find(self, path: Path, variant: ClipVariant | None) -> SimSource:
        key = (path, variant)
        if key not in self._sources:
            if variant is None:
                self._sources[key] = await asyncio.to_thread(load_source, path, self._options)
            else:
                original = await self._find(path, None)
                self._sources[key] = await asyncio.to_thread(_encode, original, path, variant, self._options)
        return self._sources[key]


def _encode(original: SimSource, path: Path, variant: ClipVariant, options: SourceOptions) -> SimSource:
    video = original.format.video
    fps = max(round(original.fps), 1)
    count = min(len(original.frames), _MAX_VARIANT_S * fps)
    width, height = variant.size or (video.width // 2 * 2, video.height // 2 * 2)
    encoding = VideoEncoding(
        codec=variant.codec or video.codec,
        width=width,
        height=height,
        fps=fps,
        key_frames=plan_key_frames(variant.gop_s, count, fps),
        preset="ultrafast",
    )
    with tempfile.TemporaryDirectory(prefix="vedette-sim-") as folder:
        made = Path(folder) / f"variant-of-{path.stem}.mp4"
        reencode_clip(path, made, encoding, count)
        return load_source(made, options)


def plan_key_frames(gop_s: tuple[float, ...], count: int, fps: int) -> frozenset[int]:
    """Returns which of `count` frames are key frames when the distances are used in turn."""
    keys: set[int] = set()
    index = 0
    for distance_s in itertools.cycle(gop_s):
        if index >= count:
            return frozenset(keys)
        keys.add(index)
        index += max(round(distance_s * fps), 1)
    raise InvalidInputError("no distance of key frames given")
