"""The receive path alone: N simulated cameras into a receiver that only counts, on asyncio's and uvloop's loop.

What recording adds, and the comparison with ffmpeg, is `benchmarks.record`.
"""

import argparse
import asyncio
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence

from benchmarks.common import make_clip, make_parser, say, working_folder, write_result
from benchmarks.simulate import Simulation
from vedette.camera.factory import SourceFactory
from vedette.core.assignment import StreamSource
from vedette.core.media import Packet, StreamFormat, StreamRole
from vedette.runtime.clock import SystemClock

WARM_UP_S = 5.0
REPEATS = 3


class Counting:
    """Counts and forgets."""

    def __init__(self) -> None:
        self.units = 0
        self.size_bytes = 0

    def on_format(self, stream_format: StreamFormat) -> None: ...

    def on_packet(self, packet: Packet) -> None:
        self.units += 1
        self.size_bytes += len(packet.data)

    def on_silence(self, silent_s: float) -> None:
        say(f"no video for {silent_s:.1f} s")


async def receive(urls: Sequence[str], seconds: float) -> dict[str, float]:
    """Receives all streams in this process; returns CPU in percent of one core and rates."""
    factory, counting = SourceFactory(SystemClock()), Counting()

    async def one(url: str) -> None:
        source = factory.make(StreamSource(StreamRole.MAIN, url, record=False, transport="tcp"))
        async with source.open() as session:
            await session.deliver(counting)

    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(one(url)) for url in urls]
        await asyncio.sleep(WARM_UP_S)
        units, size_bytes = counting.units, counting.size_bytes
        cpu, started = time.process_time(), time.monotonic()
        await asyncio.sleep(seconds)
        span = time.monotonic() - started
        measured = {
            "cpu_percent": (time.process_time() - cpu) / span * 100,
            "units_per_s": (counting.units - units) / span,
            "mbit_per_s": (counting.size_bytes - size_bytes) * 8 / span / 1e6,
            "resident_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }
        for task in running:
            task.cancel()
    return measured


def run_child(loop: str, seconds: float, urls: Sequence[str]) -> None:
    """Measures in a fresh process."""
    factory: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop
    if loop == "uvloop":
        import uvloop  # noqa: PLC0415 -- only this side needs it

        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        print(json.dumps(runner.run(receive(urls, seconds))))


def main() -> None:
    parser = make_parser(__doc__, seconds=10.0)
    parser.add_argument("--cameras", type=int, default=60)
    parser.add_argument("--child", nargs=argparse.REMAINDER, help="internal")
    options = parser.parse_args()
    if options.child:
        run_child(options.child[0], float(options.child[1]), options.child[2:])
        return
    results: dict[str, list[dict[str, float]]] = {"asyncio": [], "uvloop": []}
    with working_folder() as folder:
        clip = make_clip(folder / "clip.mp4")
        for _ in range(REPEATS):
            for loop, kept in results.items():
                with Simulation(clip, options.cameras) as simulation:
                    command = [sys.executable, "-m", "benchmarks.ingest", "--child", loop, str(options.seconds)]
                    done = subprocess.run([*command, *simulation.urls], check=True, capture_output=True, text=True)
                kept.append(json.loads(done.stdout))
                say(f"{loop}: {kept[-1]}")
    figures = {
        f"{loop}_{name}": statistics.median(one[name] for one in kept)
        for loop, kept in results.items()
        for name in kept[0]
    }
    write_result("ingest", {"cameras": options.cameras, **figures}, {"runs": results}, options.json)


if __name__ == "__main__":
    main()
