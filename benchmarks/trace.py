"""What the search of seen objects costs: keeping one, filling the galleries at the start, each kind of question.

All with `OBJECTS` kept, each with attributes, a third with a plate, half with a vector; no API.
`put_ms` is one object from the bus into store and gallery, `load_s` opening all sealed vectors into the gallery,
`likeness_ms` the 200 most alike of all, `likeness_camera_ms` among those of one camera, `trace_ms` by likeness with
what can be learned of travel.
"""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import numpy as np

from benchmarks.common import make_parser, say, working_folder, write_result
from vedette.adapters.database import Database
from vedette.adapters.database_cameras import SqlSettings
from vedette.adapters.database_objects import SqlObjectStore
from vedette.adapters.picture_reader import FilePictureReader
from vedette.adapters.sqlite_bus import SqliteConsumer
from vedette.adapters.template_box import TemplateBox
from vedette.core.ids import make_id
from vedette.core.messages import ObjectSeen
from vedette.core.objects import COLOUR_NAMES, AttributeValue, PlateReading, SealedVector, name_place
from vedette.core.time import NS_PER_S
from vedette.runtime.clock import SystemClock
from vedette.search.galleries import Galleries
from vedette.search.keeper import ObjectKeeper
from vedette.search.kernels import NumpyKernels
from vedette.search.objects import APPEARANCE, ObjectFilter
from vedette.search.service import ObjectSearch

OBJECTS, CAMERAS, RELEASE = 20_000, 16, "r1"
_START_NS = 1_750_000_000 * NS_PER_S


class Site:
    """A store with its search."""

    def __init__(self, database: Database, folder: Path) -> None:
        clock, self.box, self.store = SystemClock(), TemplateBox(b"k" * 32), SqlObjectStore(database)
        self.keeper, self.search = self.open(database, folder, clock)

    def open(self, database: Database, folder: Path, clock: SystemClock) -> tuple[ObjectKeeper, ObjectSearch]:
        galleries = Galleries(NumpyKernels(), clock)
        keeper = ObjectKeeper(
            consumer=SqliteConsumer(folder, "benchmark", clock),
            store=self.store,
            galleries=galleries,
            opener=self.box,
            pictures=FilePictureReader(folder),
            days=30,
            clock=clock,
        )
        search = ObjectSearch(
            store=self.store,
            galleries=galleries,
            keeper=keeper,
            opener=self.box,
            settings=SqlSettings(database),
            terms={},
            clock=clock,
        )
        return keeper, search

    def see(self, number: int, vector: bytes) -> ObjectSeen:
        at_ns = _START_NS + number * NS_PER_S
        identifier = make_id(at_ns, number.to_bytes(10, "big"))
        sealed = self.box.seal(name_place(APPEARANCE, identifier), vector) if number % 2 else ""
        plate = PlateReading(f"{10 + number % 89}A{number % 7000:05d}", 0.95, "read") if number % 3 == 0 else None
        looks = {"upper_colour": AttributeValue(COLOUR_NAMES[number % 11], 0.8), "hat": AttributeValue("no", 0.9)}
        return ObjectSeen(
            object_id=identifier,
            camera_id=f"CAMERA{number % CAMERAS:02d}",
            track_id=1,
            object_class="vehicle" if plate else "person",
            from_ns=at_ns,
            to_ns=at_ns + 5 * NS_PER_S,
            best_ns=at_ns,
            confidence=0.9,
            box_norm_xyxy=(0.1, 0.1, 0.2, 0.2),
            attributes=looks,
            plate=plate,
            vectors=(SealedVector(APPEARANCE, RELEASE, sealed),) if sealed else (),
        )


async def time_ms(work: Callable[[], Awaitable[object]], repeats: int = 15) -> float:
    taken = []
    for _ in range(repeats):
        began = time.perf_counter()
        await work()
        taken.append((time.perf_counter() - began) * 1e3)
    return statistics.median(taken)


async def measure(folder: Path, objects: int) -> dict[str, float]:
    rows = np.random.default_rng(7).standard_normal((objects, 256)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    async with Database(folder / "v.db") as database:
        site, put = Site(database, folder), []
        for number in range(objects):
            seen = site.see(number, rows[number].tobytes())
            began = time.perf_counter()
            await site.keeper.keep(seen)
            put.append((time.perf_counter() - began) * 1e3)
        keeper, search = site.open(database, folder, SystemClock())
        began = time.perf_counter()
        await keeper.load()
        loaded_s = time.perf_counter() - began
        record = await search.find_object(site.see(objects - 1 - objects % 2, b"").object_id)
        camera = ObjectFilter(cameras=("CAMERA01",))
        return {
            "put_ms": statistics.median(put),
            "load_s": loaded_s,
            "newest_ms": await time_ms(lambda: search.find(ObjectFilter())),
            "plate_ms": await time_ms(lambda: search.find(ObjectFilter(plate="1?A0*"))),
            "attributes_ms": await time_ms(lambda: search.find(ObjectFilter(attributes={"upper_colour": ("red",)}))),
            "likeness_ms": await time_ms(lambda: search.find_alike(record, APPEARANCE, ObjectFilter())),
            "likeness_camera_ms": await time_ms(lambda: search.find_alike(record, APPEARANCE, camera)),
            "trace_ms": await time_ms(lambda: search.trace(record, APPEARANCE, ObjectFilter())),
        }


def main() -> None:
    parser = make_parser(__doc__, 4.0)
    parser.add_argument("--objects", type=int, default=OBJECTS)
    options = parser.parse_args()
    say(f"keeping {options.objects} objects")
    with working_folder() as folder:
        figures = asyncio.run(measure(folder, options.objects))
    write_result("trace", figures, {"objects": options.objects, "cameras": CAMERAS}, options.json)


if __name__ == "__main__":
    main()
