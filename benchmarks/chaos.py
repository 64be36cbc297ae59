"""Everything that goes wrong on a site, in real time, one after the other: what is lost, is it told, who else suffers.

Eight cameras record to two small ext4 volumes (loop mounts: this needs root), the even ones to `a`, the odd ones
to `b`. Each scene disturbs some of them; every picture carries its number. Wanted: cameras that are not disturbed
lose nothing; what the others lose lies in gaps with a reason; held footage stays, byte for byte.
"""

import hashlib
import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.common import make_clip, make_parser, say, working_folder, write_result
from benchmarks.recorder import ALWAYS, RecorderUnderTest, camera_id
from benchmarks.simulate import Simulation
from vedette.core.assignment import VolumeAssignment
from vedette.core.footage import FootageGap
from vedette.core.media import StreamRole
from vedette.core.recording_plan import Hold
from vedette.core.time import NS_PER_S
from vedette.media.fmp4 import parse_fragment
from vedette.node.volume_check import check
from vedette.recording.check import CheckLevel
from vedette.recording.reader import FootageReader
from vedette.testing.rtp import read_frame_number

CAMERAS = 8
VOLUME_MIB = 160
SETTLE_S = 4.0
HELD = 1
"""The camera whose footage is held; it records to `b`."""


@dataclass
class Site:
    """The system under test and its surroundings."""

    folder: Path
    simulation: Simulation
    recorder: RecorderUnderTest
    seconds: float
    devices: dict[str, str]
    quiet: set[int] = field(default_factory=lambda: set(range(CAMERAS)))

    def disk(self, name: str) -> Path:
        return self.folder / name

    def fault(self, camera: int, kind: str, value: float = 0.0) -> None:
        self.simulation.ask(f"fault cam{camera} {kind} {value}")

    def clear(self, camera: int) -> None:
        self.simulation.ask(f"clear cam{camera}")

    def disturb(self, *cameras: int) -> None:
        self.quiet -= set(cameras)

    def cameras_of(self, name: str) -> list[int]:
        return list(range(0 if name == "a" else 1, CAMERAS, 2))

    def wait(self, share: float = 1.0) -> None:
        time.sleep(self.seconds * share)


def flapping(site: Site) -> None:
    """A camera that breaks its connection again and again."""
    site.disturb(0)
    for _ in range(4):
        site.fault(0, "disconnect")
        site.wait(0.25)


def packet_loss(site: Site) -> None:
    """Two of a hundred packets are lost on the way."""
    site.disturb(1)
    site.fault(1, "loss", 0.02)
    site.wait()
    site.clear(1)


def resolution_change(site: Site) -> None:
    """A camera changes its picture size in the middle of its stream, and back."""
    site.disturb(2)
    site.fault(2, "source")
    site.wait()
    site.clear(2)


def timestamp_jump(site: Site) -> None:
    """A camera's clock jumps by an hour, forwards and back."""
    site.disturb(3)
    site.fault(3, "timestamp_jump", 3600)
    site.wait(0.5)
    site.fault(3, "timestamp_jump", -3600)
    site.wait(0.5)


def stall(site: Site) -> None:
    """A camera is silent for a while."""
    site.disturb(4)
    site.fault(4, "stall")
    site.wait()
    site.clear(4)


def kill(site: Site) -> None:
    """SIGKILL of the recorder, twice."""
    site.disturb(*range(CAMERAS))
    for _ in range(2):
        site.recorder.kill()
        site.recorder.start()
        site.recorder.wait_stored(25)
        site.wait(0.5)


def clock_steps(site: Site) -> None:
    """Our wall clock goes an hour forward and back. No picture may be lost for it."""
    for number in (signal.SIGUSR1, signal.SIGUSR2):
        os.kill(site.recorder.pid, number)
        site.wait(0.5)


def full_disk(site: Site) -> None:
    """Something else fills the disk of a volume; later the space is free again."""
    site.disturb(*site.cameras_of("b"))
    hog = site.disk("b") / "hog"
    with hog.open("wb") as file:
        while True:
            try:
                file.write(bytes(1 << 20))
                file.flush()
            except OSError:
                break
    site.wait()
    hog.unlink()
    site.wait(0.5)


def read_only(site: Site) -> None:
    """The kernel finds an error on a file system and makes it read-only; somebody mends it."""
    site.disturb(*site.cameras_of("b"))
    mount = str(site.disk("b"))
    subprocess.run(["mount", "-o", "remount,abort", mount], check=True)
    site.wait()
    subprocess.run(["umount", "-l", mount], check=True)
    subprocess.run(["mount", site.devices["b"], mount], check=True)
    site.wait()


def vanished(site: Site) -> None:
    """The disk of a volume is pulled out and put back."""
    site.disturb(*site.cameras_of("b"))
    mount = str(site.disk("b"))
    subprocess.run(["umount", "-l", mount], check=True)
    site.wait()
    subprocess.run(["mount", site.devices["b"], mount], check=True)
    site.wait()


SCENES: tuple[Callable[[Site], None], ...] = (
    flapping, packet_loss, resolution_change, timestamp_jump, stall, clock_steps, kill, full_disk, read_only, vanished,
)  # fmt: skip


@dataclass(frozen=True)
class Stored:
    """One picture on disk: its number and the time of its fragment."""

    number: int
    start_ns: int
    end_ns: int


def read_stored(reader: FootageReader, camera: str) -> Iterator[Stored]:
    for part in reader.find_fragments(camera, StreamRole.MAIN, *ALWAYS, 10_000_000):
        data = reader.read_fragment(part)
        track = parse_fragment(data).video
        if track is None:
            continue
        at = track.offset
        for size in track.sizes_bytes:
            number = read_frame_number(data[at : at + size])
            if number is not None:
                yield Stored(number, part.start_ns, part.end_ns)
            at += size


@dataclass
class Verdict:
    """What a scene cost."""

    lost_quiet: int = 0
    lost_disturbed: int = 0
    unexplained: int = 0
    twice: int = 0
    damaged_held: int = 0
    bad_rows: int = 0


def count_untold(stored: Sequence[Stored], gaps: Sequence[FootageGap]) -> int:
    """Holes in the numbers of the pictures, which are sorted by number, for which there is no gap in that time."""
    untold = 0
    for one, following in itertools.pairwise(stored):
        if following.number > one.number + 1:
            low, high = sorted((one.start_ns, following.end_ns))
            untold += not any(gap.from_ns < high + NS_PER_S and gap.to_ns > low - NS_PER_S for gap in gaps)
    return untold


def judge(site: Site, held: dict[Path, str], since: list[int], until: list[int]) -> Verdict:
    """Reads everything back; the recorder has stopped. `since`, `until`: the numbers of each camera that count."""
    verdict = Verdict()
    reader = site.recorder.reader()
    for number, camera in enumerate(site.recorder.cameras):
        stored = sorted(read_stored(reader, camera), key=lambda one: one.number)
        stored = [one for one in stored if since[number] <= one.number < until[number]]
        have = {one.number for one in stored}
        verdict.twice += len(stored) - len(have)
        missing = until[number] - since[number] - len(have)
        if number in site.quiet:
            verdict.lost_quiet += missing
        else:
            verdict.lost_disturbed += missing
        gaps = reader.find_gaps(camera, StreamRole.MAIN, *ALWAYS)
        verdict.unexplained += sum(gap.reason == "unknown" for gap in gaps)
        verdict.unexplained += count_untold(stored, gaps)
    verdict.damaged_held = sum(not path.exists() or _hash(path) != digest for path, digest in held.items())
    for root in site.recorder.volumes:
        verdict.bad_rows += len(check(root, CheckLevel.HASH).findings)
    return verdict


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def held_files(reader: FootageReader, root: Path, camera: str) -> dict[Path, str]:
    """The closed segments of the held camera, with their hashes."""
    found = reader.find_fragments(camera, StreamRole.MAIN, *ALWAYS, 100_000)
    segments = {part.segment.segment_id for part in found if not part.segment.is_open}
    files = [root / "segments" / segment[-2:] / f"{segment}.mp4" for segment in segments]
    return {path: _hash(path) for path in files if path.exists()}


def mount_disk(stack: ExitStack, folder: Path, name: str) -> str:
    """Makes a small disk and mounts it at `folder/name`; returns its device."""
    image, mount = folder / f"{name}.img", folder / name
    mount.mkdir()
    with image.open("wb") as file:
        file.truncate(VOLUME_MIB << 20)
    subprocess.run(["mkfs.ext4", "-q", str(image)], check=True)
    found = subprocess.run(["losetup", "-f", "--show", str(image)], check=True, capture_output=True, text=True)
    device = found.stdout.strip()
    stack.callback(subprocess.run, ["losetup", "-d", device], check=False)
    subprocess.run(["mount", device, str(mount)], check=True)
    stack.callback(subprocess.run, ["umount", "-l", str(mount)], check=False)
    return device


def run_scene(scene: Callable[[Site], None], seconds: float) -> Verdict:
    """One scene on a fresh site."""
    with working_folder() as folder, ExitStack() as stack:
        devices = {name: mount_disk(stack, folder, name) for name in ("a", "b")}
        clip = make_clip(folder / "clip.mp4", size="640x360", rate="1M")
        simulation = stack.enter_context(Simulation(clip, CAMERAS, numbered=True))
        volumes = [VolumeAssignment(str(folder / name / "footage"), 0, 4 << 20, name) for name in ("a", "b")]
        (folder / "data").mkdir()
        recorder = RecorderUnderTest(
            folder / "data",
            simulation.urls,
            volumes=volumes,
            homes=["a" if number % 2 == 0 else "b" for number in range(CAMERAS)],
            holds=[Hold("hold-1", camera_id(HELD), *ALWAYS, "drill")],
            module="benchmarks.stepping",
        )
        site = Site(folder, simulation, recorder, seconds, devices)
        recorder.start()
        try:
            recorder.wait_stored(50)
            recorder.stop()  # closes the first segments: something whole to hold
            held = held_files(recorder.reader(), recorder.volumes[1], camera_id(HELD))
            recorder.start()
            recorder.wait_stored(25)
            since = simulation.ask("numbers")
            scene(site)
            time.sleep(SETTLE_S)
            until = simulation.ask("numbers")
            simulation.ask("stall")
            time.sleep(2.5)
            recorder.stop()
        finally:
            recorder.kill()
        return judge(site, held, since, until)


def main() -> int:
    parser = make_parser(__doc__, seconds=12)
    parser.add_argument("--scene", action="append", help="only this one; repeat for several")
    options = parser.parse_args()
    if os.geteuid() != 0:
        raise SystemExit("the drills mount small file systems: run this as root")
    total, details = Verdict(), {}
    for scene in SCENES:
        if options.scene and scene.__name__ not in options.scene:
            continue
        verdict = run_scene(scene, options.seconds)
        details[scene.__name__] = vars(verdict)
        say(f"{scene.__name__}: {vars(verdict)}")
        for name, value in vars(verdict).items():
            setattr(total, name, getattr(total, name) + value)
    write_result("chaos", {"scenes": len(details), **vars(total)}, {"scenes": details}, options.json)
    wrong = total.lost_quiet + total.unexplained + total.twice + total.damaged_held + total.bad_rows
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
