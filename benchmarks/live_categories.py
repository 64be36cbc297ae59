"""What own categories cost a live camera: milliseconds of the worker for each look at an object, and for each object.

The street of `tests.support.striped_people` through the analyzer and its real jailed workers, three times with the
attributes of people alone and three with a set of categories besides, in turn; the best round of each is told.
`per_look_ms` is the time that the worker says a look took (mean); `per_object_ms` all looks at a track together (mean
over tracks that were looked at). The mirror of models and the shared pictures are needed, as for the integration tests.
"""

import asyncio
import statistics
from collections import defaultdict
from pathlib import Path
from unittest import mock

from benchmarks.common import Figures, make_parser, working_folder, write_result
from tests.support.encoded import EncodedStream, encode_pictures
from tests.support.feed_server import to_packets
from tests.support.models import install_models
from tests.support.running_analyzer import running
from tests.support.striped_people import FPS, FRAMES, NAME, film_street, teach_dress
from vedette.core.assignment import AnalyzerAssignment, CameraAnalysis
from vedette.core.media import StreamFormat, StreamRole
from vedette.core.time import NS_PER_S
from vedette.node.category_shelf import CategoryShelf
from vedette.node.picture_vectors import PictureVectors
from vedette.runtime.clock import SystemClock
from vedette.vision.recognize.describer import Ask, TrackDescriber

_START_NS = 1_750_000_000 * NS_PER_S
_ROUNDS = 3
_MODELS = ("mobilenet-v2-imagenet", "pvb-2004-int8", "person-attributes-0230")


class Looks:
    """Notes what each look took, in milliseconds per object of it."""

    def __init__(self) -> None:
        self.by_track: dict[int, list[float]] = defaultdict(list)
        self._take = TrackDescriber.take

    def take(self, describer: TrackDescriber, ask: Ask, payload: bytes) -> int:
        spent_us = self._take(describer, ask, payload)
        for track_id in ask.track_ids:
            self.by_track[track_id].append(spent_us / 1000 / len(ask.track_ids))
        return spent_us

    @property
    def per_look_ms(self) -> float:
        return statistics.mean(spent for track in self.by_track.values() for spent in track)

    @property
    def per_object_ms(self) -> float:
        return statistics.mean(sum(track) for track in self.by_track.values())


async def watch(folder: Path, models: Path, film: EncodedStream, categories: tuple[str, ...]) -> Looks:
    """One camera over the whole film."""
    scripts = {"A/sub": (StreamFormat("run-1", film.video), to_packets(film.packets, _START_NS))}
    camera = CameraAnalysis("A", "Street", StreamRole.SUB, recognize=("attributes",), categories=categories)
    looks = Looks()

    def take(describer: TrackDescriber, ask: Ask, payload: bytes) -> int:
        return looks.take(describer, ask, payload)

    with mock.patch.object(TrackDescriber, "take", take):
        async with running(folder, scripts, 1e9, models=models) as box:
            await box.analyzer.take_assignment(AnalyzerAssignment(1, (camera,)))
            await box.until(lambda: box.camera("A").get("analysed") == FRAMES, 240)
    return looks


async def measure(folder: Path) -> Figures:
    models = folder / "models"
    registry = install_models(models, *_MODELS)
    vectors = PictureVectors(registry, SystemClock())
    dress = await teach_dress(vectors)
    await vectors.close()
    film = encode_pictures(film_street()[0], fps=FPS)
    found: dict[str, list[Looks]] = {"without": [], "with": []}
    for number in range(_ROUNDS):
        for name, sets in (("without", ()), ("with", (NAME,))):
            data = folder / f"{name}{number}"
            CategoryShelf(data / "categories").save(dress)
            found[name].append(await watch(data, models, film, sets))
    figures: Figures = {}
    for name, rounds in found.items():
        figures[f"per_look_ms_{name}"] = round(min(one.per_look_ms for one in rounds), 2)
        figures[f"per_object_ms_{name}"] = round(min(one.per_object_ms for one in rounds), 1)
        figures[f"looks_per_object_{name}"] = round(
            statistics.mean(len(track) for one in rounds for track in one.by_track.values()), 1
        )
        figures[f"objects_{name}"] = len(rounds[0].by_track)
    return figures


def main() -> None:
    options = make_parser(__doc__, FRAMES / FPS).parse_args()
    with working_folder() as folder:
        write_result("live_categories", asyncio.run(measure(folder)), {"rounds": _ROUNDS}, options.json)


if __name__ == "__main__":
    main()
