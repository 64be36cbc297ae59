"""What checking the cameras' own signatures costs: CPU of the validator's work for one camera and minute of footage.

Stores two minutes of a 1080p25 clip of 4 Mb/s in the recorder's own form, signed and not, and lets the validator's
watch judge them again and again (read, parse, hash, verify, keep). `percent_of_a_core` is process time over the length
of the footage. One process, no sleep; the pages are given back to the kernel after each round, as in the role.
"""

import statistics
import time
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import msgspec

from benchmarks.common import make_clip, make_parser, say, working_folder, write_result
from tests.support.recording import CAMERA, Rig, feed
from tests.support.signed_streams import sign_packets
from vedette.adapters.sqlite_signing_results import SqliteSigningResults
from vedette.core.media import Packet
from vedette.core.time import NS_PER_S, ticks_to_ns
from vedette.evidence.media_signing.segments import SigningResult
from vedette.evidence.media_signing.stretches import SigningStretch
from vedette.media.demux import Clip, read_clip
from vedette.node.signing_watch import HOLD_NS, SigningWatch
from vedette.recording.archive_keys import NO_KEYS
from vedette.testing.signing import make_signing_key

START_NS = 1_795_000_000 * NS_PER_S
FOOTAGE_S = 130
REPEATS = 7


def repeat_clip(clip: Clip, seconds: int) -> Iterable[Packet]:
    """The clip in a loop, as the recorder gets it."""
    number = 0
    while True:
        for packet in clip.video:
            dts_90k = packet.dts_90k + number // len(clip.video) * clip.duration_90k
            at_ns = START_NS + ticks_to_ns(dts_90k)
            if at_ns - START_NS >= seconds * NS_PER_S:
                return
            pts_90k = dts_90k + packet.pts_90k - packet.dts_90k
            times = {"dts_90k": dts_90k, "pts_90k": pts_90k, "captured_at_ns": at_ns, "received_at_ns": at_ns}
            yield msgspec.structs.replace(packet, sequence=number, **times)
            number += 1


def store(root: Path, clip: Clip, *, signed: bool) -> Rig:
    rig = Rig(root)
    packets = repeat_clip(clip, FOOTAGE_S)
    codec = clip.format.video.codec
    recorder = rig.recorder(stream_format=clip.format)
    feed(recorder, sign_packets(packets, codec, make_signing_key("benchmark")) if signed else packets)
    recorder.close()
    rig.store.commit()
    return rig


def judge_once(rig: Rig, path: Path) -> tuple[float, SigningStretch]:
    """Process time for each second of footage that was judged, and the result."""
    with closing(SqliteSigningResults(path)) as results:
        watch = SigningWatch(results, lambda: [rig.volume.root], NO_KEYS, lambda: None)
        started = time.process_time()
        watch.advance(START_NS + FOOTAGE_S * NS_PER_S + HOLD_NS)
        used_s = time.process_time() - started
        found = results.find_last(CAMERA, "main")
    if found is None:
        raise RuntimeError("nothing was judged")
    return used_s / FOOTAGE_S, found


def measure(rig: Rig, folder: Path, name: str, expected: SigningResult) -> float:
    shares = []
    for number in range(REPEATS):
        share, found = judge_once(rig, folder / f"{name}-{number}.db")
        if found.result is not expected:
            raise RuntimeError(f"{name}: {found}")
        shares.append(share)
    say(f"{name}: {[round(share * 100, 3) for share in shares]} % of a core")
    return statistics.median(shares) * 100


def main() -> None:
    options = make_parser(__doc__, 0).parse_args()
    with working_folder() as folder:
        clip = read_clip(make_clip(folder / "clip.mp4"))
        signed = store(folder / "signed", clip, signed=True)
        plain = store(folder / "plain", clip, signed=False)
        one = measure(signed, folder, "signed", SigningResult.VALID)
        other = measure(plain, folder, "unsigned", SigningResult.UNSIGNED)
    figures = {
        "percent_of_a_core_per_signed_camera": one,
        "percent_of_a_core_of_60_signed_cameras": one * 60,
        "percent_of_a_core_of_60_unsigned_cameras": other * 60,
    }
    write_result("signing", figures, {"footage_s": FOOTAGE_S, "repeats": REPEATS}, options.json)


if __name__ == "__main__":
    main()
