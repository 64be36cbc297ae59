"""Every frame sent is stored, once, while the whole system is busy: analysis on, two people watching.

The simulator numbers every frame in an SEI message; the numbers are read back from the stored files.
"""

import threading
import time
from contextlib import ExitStack, suppress

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from benchmarks.common import make_clip, make_parser, say, working_folder, write_result
from benchmarks.kill import read_numbers
from benchmarks.simulate import Simulation
from tests.support.box import Api, Box, running_box, wait_for
from vedette.adapters.sqlite_recording_catalog import SqliteRecordingCatalog
from vedette.recording.reader import FootageReader


def add_cameras(api: Api, urls: list[str]) -> list[str]:
    """Adds the cameras untested (a test would open a second connection and be sent frames of its own)."""
    return [
        api.post("/cameras?test=0", {"name": f"Camera {number}", "main": {"url": url}, "record": "main"})["id"]
        for number, url in enumerate(urls)
    ]


def watch(box: Box, api: Api, camera: str, stop: threading.Event, seen: list[int]) -> None:
    """One viewer of one camera, by the socket that the console uses. Counts what arrives."""
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in api.cookies)
    url = f"ws://localhost:{box.port}/api/v1/live?camera={camera}&stream=main"
    with connect(url, additional_headers={"Cookie": cookies}, origin=box.url, max_size=None) as socket:
        while not stop.is_set():
            try:
                message = socket.recv(timeout=1.0)
            except TimeoutError:
                continue
            except ConnectionClosed:
                return
            if isinstance(message, bytes):
                seen.append(len(message))


def main() -> None:
    parser = make_parser(__doc__, seconds=600)
    parser.add_argument("--cameras", type=int, default=8)
    parser.add_argument("--viewers", type=int, default=2)
    options = parser.parse_args()
    with working_folder() as folder, ExitStack() as stack:
        clip = make_clip(folder / "clip.mp4", size="1280x720", rate="2M")
        simulation = stack.enter_context(Simulation(clip, options.cameras, numbered=True))
        with running_box(data=folder / "d") as box:
            api = box.api()
            cameras = add_cameras(api, simulation.urls)
            stop, seen = threading.Event(), [[] for _ in range(options.viewers)]
            viewers = [
                threading.Thread(target=watch, args=(box, api, cameras[number % len(cameras)], stop, seen[number]))
                for number in range(options.viewers)
            ]
            for viewer in viewers:
                viewer.start()
            started = time.monotonic()
            while (left := options.seconds - (time.monotonic() - started)) > 0:
                time.sleep(min(30.0, left))
                say(f"{time.monotonic() - started:.0f} s: {sum(simulation.ask('sent'))} frames sent")
            sent = simulation.ask("stall")
            with suppress(AssertionError):  # then the figures tell what is missing
                wait_for("the last frames on disk", lambda: stored_count(api, cameras) >= sum(sent), timeout_s=15.0)
            stop.set()
            for viewer in viewers:
                viewer.join()
        reader = FootageReader(lambda: [box.data / "volumes" / "main"], SqliteRecordingCatalog, time.time_ns)
        stored = [read_numbers(reader, camera) for camera in cameras]
    twice = sum(len(numbers) - len(set(numbers)) for numbers in stored)
    holes = sum(max(numbers) - min(numbers) + 1 - len(set(numbers)) for numbers in stored if numbers)
    write_result(
        "completeness",
        {
            "frames_sent": sum(sent),
            "frames_stored": sum(map(len, stored)),
            "frames_missing": sum(sent) - sum(len(set(numbers)) for numbers in stored),
            "frames_twice": twice,
            "holes": holes,
            "cameras": options.cameras,
            "viewers": options.viewers,
            "messages_watched": sum(map(len, seen)),
            "seconds": options.seconds,
        },
        {},
        options.json,
    )


def stored_count(api: Api, cameras: list[str]) -> int:
    """Frames that the recordings list knows of."""
    everything = "from=2000-01-01T00:00:00Z&to=2100-01-01T00:00:00Z"
    runs = [run for camera in cameras for run in api.get(f"/cameras/{camera}/recordings?{everything}")["runs"]]
    return sum(run["frames"] for run in runs)


if __name__ == "__main__":
    main()
