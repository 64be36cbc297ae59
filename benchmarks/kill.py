"""SIGKILL of the recorder at random moments: what is lost, does every file play, is the index right.

Lost seconds are counted by the numbers that the simulator writes into every picture: those sent before the
kill and in no file after it.
"""

import random
import shutil
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from benchmarks.common import make_clip, make_parser, percentile, say, working_folder, write_result
from benchmarks.recorder import ALWAYS, RecorderUnderTest
from benchmarks.simulate import Simulation
from vedette.core.media import StreamRole
from vedette.media.fmp4 import parse_fragment
from vedette.node.volume_check import check
from vedette.recording.check import CheckLevel
from vedette.recording.reader import FootageReader
from vedette.testing.rtp import read_frame_number

FPS = 25


def read_numbers(reader: FootageReader, camera: str) -> list[int]:
    numbers = []
    for part in reader.find_fragments(camera, StreamRole.MAIN, *ALWAYS, 10_000_000):
        data = reader.read_fragment(part)
        track = parse_fragment(data).video
        if track is None:
            continue
        at = track.offset
        for size in track.sizes_bytes:
            number = read_frame_number(data[at : at + size])
            if number is not None:
                numbers.append(number)
            at += size
    return numbers


def count_unreadable(files: list[Path]) -> int:
    ffprobe = shutil.which("ffprobe")
    if ffprobe is None:
        raise SystemExit("ffprobe is needed: install ffmpeg")
    bad = 0
    for file in files:
        command = [ffprobe, "-v", "error", "-count_packets", "-show_entries", "stream=nb_read_packets",
                   "-of", "csv=p=0", str(file)]  # fmt: skip
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        first = result.stdout.split("\n", maxsplit=1)[0].strip(",")
        bad += result.returncode != 0 or not first.isdigit() or int(first) == 0
    return bad


def main() -> None:
    parser = make_parser(__doc__, seconds=0)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--cameras", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--longest", type=float, default=5.0, help="seconds between two kills at most")
    parser.add_argument(
        "--shortest", type=float, help="and at least; from 7 on the recorder rests between its turns when it is killed"
    )
    parser.add_argument("--size", default="1920x1080")
    parser.add_argument("--rate", default="4M")
    parser.add_argument("--gop", type=int, default=50)
    options = parser.parse_args()
    shortest_s = min(0.5, options.longest / 4) if options.shortest is None else options.shortest
    rng = random.Random(options.seed)
    with working_folder() as folder:
        clip = make_clip(folder / "clip.mp4", size=options.size, rate=options.rate, gop=options.gop)
        data = folder / "data"
        data.mkdir()
        sent: list[list[int]] = []
        bad_rows = 0
        with Simulation(clip, options.cameras, numbered=True) as simulation:
            recorder = RecorderUnderTest(data, simulation.urls)
            recorder.start()
            try:
                with suppress(KeyboardInterrupt):  # a long drill may be cut short: the figures say how long it was
                    for kill in range(options.kills):
                        recorder.wait_stored(1)
                        time.sleep(rng.uniform(shortest_s, options.longest))
                        numbers = simulation.ask("numbers")
                        recorder.kill()
                        sent.append(numbers)
                        recorder.start()
                        recorder.wait_stored(0)
                        if kill % max(10, options.kills // 10) == 0:
                            bad_rows += len(check(data / "volumes" / "main", CheckLevel.HASH).findings)
                            say(f"{kill + 1} kills")
                if recorder.process.poll() is not None:
                    recorder.start()
                recorder.wait_stored(25)
                recorder.stop()
            finally:
                recorder.kill()
        bad_rows += len(check(data / "volumes" / "main", CheckLevel.HASH).findings)
        reader = recorder.reader()
        lost_s: list[float] = []
        twice = unexplained = 0
        for number, camera in enumerate(recorder.cameras):
            stored = read_numbers(reader, camera)
            twice += len(stored) - len(set(stored))
            for numbers in sent:
                last = max((value for value in stored if value < numbers[number]), default=-1)
                lost_s.append((numbers[number] - 1 - last) / FPS)
            gaps = reader.find_gaps(camera, StreamRole.MAIN, *ALWAYS)
            unexplained += sum(gap.reason == "unknown" for gap in gaps)
        files = list((data / "volumes").rglob("*.mp4"))
        write_result(
            "kill",
            {
                "lost_max_s": max(lost_s),
                "lost_p50_s": percentile(lost_s, 50),
                "unreadable_files": count_unreadable(files),
                "bad_index_rows": bad_rows,
                "unexplained_gaps": unexplained,
                "frames_twice": twice,
                "kills": len(sent),
                "cameras": options.cameras,
            },
            {"files": len(files), "lost_p95_s": percentile(lost_s, 95)},
            options.json,
        )


if __name__ == "__main__":
    main()
