"""Is any change of a bundle accepted? `python -m benchmarks.mutations [--count N] [--json FILE]`

Makes small real bundles (three cameras, two days, gaps, a deleted segment, two time stamps; some with two cameras as
masked copies, some of a log that signed with Ed25519 alone before, some from the day on which two keys sign), changes
them at random in every way that `benchmarks.mutation_kinds`, `.mutation_forgeries`, `.mutation_masked`,
`.mutation_stamps`, `.mutation_pairs` and `.mutation_overlap` know, and verifies each. Bulk runs check signatures by
OpenSSL, each hundredth in plain Python as a recipient does.
Figures: `mutations`, `accepted` (must be 0), `not_located` (must be 0).
"""

import argparse
import io
import json
import multiprocessing
import random
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from benchmarks.common import say, write_result
from benchmarks.mutation_forgeries import FORGERIES, UNDER_A_SIGNED_LIST, nest_deeply, repair
from benchmarks.mutation_kinds import SHALLOW, Bundle, Change
from benchmarks.mutation_masked import MASKED_FORGERIES, MASKED_UNDER_A_SIGNED_LIST
from benchmarks.mutation_overlap import CHANGED_S, CHECKPOINT, OLDER_SEEDS, OVERLAP_FORGERIES
from benchmarks.mutation_pairs import PAIR_FORGERIES, PAIR_UNDER_A_SIGNED_LIST, sign_list_by_half
from benchmarks.mutation_stamps import STAMP_FORGERIES, STAMPS_UNDER_A_SIGNED_LIST
from vedette.core.footage_facts import GapClosed
from vedette.evidence.bundle import pack_bundle
from vedette.evidence.keys import NoteSigner, check_signature_fast
from vedette.evidence.offline_verify import INVALID, SignatureCheck, Verifier, ZipFile, check_signature, format_export
from vedette.testing.small_bundles import (
    DAY_S,
    SEGMENT_S,
    START_NS,
    S,
    SmallSite,
    leave_key,
    leave_old_key,
    make_small_bundle,
)
from vedette.testing.time_stamp_authority import KeyKind, Profile, SimulatedAuthority

KINDS = (*SHALLOW, *FORGERIES, *STAMP_FORGERIES, *MASKED_FORGERIES, *PAIR_FORGERIES, *OVERLAP_FORGERIES)
AUTHORITIES: tuple[KeyKind, ...] = ("rsa", "rsa", "rsa", "p256")
"""RSA costs 0.5 ms in plain Python, P-256 15 ms: of the four originals one has it."""
UNDER_A_LIST = (
    *UNDER_A_SIGNED_LIST,
    *STAMPS_UNDER_A_SIGNED_LIST,
    *MASKED_UNDER_A_SIGNED_LIST,
    *PAIR_UNDER_A_SIGNED_LIST,
    *OVERLAP_FORGERIES,
)
BY_A_BROKEN_KEY = frozenset((*FORGERIES, *STAMP_FORGERIES, *MASKED_FORGERIES, *PAIR_FORGERIES, *OVERLAP_FORGERIES)) - {
    nest_deeply
}
"""Who can sign with Ed25519 in the log's name, but not with ML-DSA-44, signs also what the list alone says."""
MASKED_SHARE = 0.2
"""Of the kinds that fit any bundle, so many are tried on one with masked copies."""
PLAIN_EVERY = 100
BATCH = 500


class MemorySource:
    """A bundle in memory. Hashes of unchanged files are remembered: nearly all of them are."""

    def __init__(self, files: Bundle, known: dict[int, str]) -> None:
        self._files = files
        self._known = known
        self.problems: list[tuple[str, str, str]] = []

    def names(self) -> set[str]:
        return set(self._files)

    def open(self, name: str) -> io.BytesIO:
        return io.BytesIO(self._files[name])

    def size(self, name: str) -> int:
        return len(self._files[name])

    def digest(self, name: str) -> str:
        data = self._files[name]
        found = self._known.get(id(data))
        return found or Change.sha256(data)


@dataclass(frozen=True, slots=True)
class Overlap:
    """Bundles around a change of key: of the day after it with the published checkpoint, and of later."""

    day: Bundle
    late: Bundle
    fingerprint: str
    signer: NoteSigner


@dataclass(frozen=True, slots=True)
class Originals:
    """Three bundles of one site: parts of the other are the most dangerous to put in. Two more are of another site."""

    one: Bundle
    other: Bundle
    packed: bytes
    masked: Bundle
    packed_masked: bytes
    fingerprint: str
    signer: NoteSigner
    authority: str
    overlap: Overlap


def read_folder(folder: Path) -> Bundle:
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def make_originals(seed: int) -> Originals:
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        is_old = seed % 2 == 1
        if is_old:
            leave_old_key(root / "site")
        site = make_small_bundle(root / "site", root / "unstamped", cameras=3, segments=3, seed=seed)
        authority = SimulatedAuthority(Profile(key=AUTHORITIES[seed % len(AUTHORITIES)]))
        site.stamp(authority, DAY_S + 600)
        if is_old:
            site.log.rotate_key("ML-DSA-44", START_NS + (DAY_S + 610) * S)
        site.export(root / "other", list(site.names)[:2], 0, DAY_S + 120)
        site.stamp(SimulatedAuthority(Profile(key="rsa"), "Second TSA"), DAY_S + 900)
        site.export(root / "one", list(site.names), 0, DAY_S + 4 * SEGMENT_S)
        site.export(root / "masked", list(site.names), 0, DAY_S + 4 * SEGMENT_S, masked=list(site.names)[1:])
        for name in ("one", "masked"):
            pack_bundle(root / name, root / f"{name}.zip")
        ring = site.log.ring
        site.close()
        one, other = read_folder(root / "one"), read_folder(root / "other")
        packed, masked = (root / "one.zip").read_bytes(), read_folder(root / "masked")
        packed_masked = (root / "masked.zip").read_bytes()
        return Originals(
            one,
            other,
            packed,
            masked,
            packed_masked,
            ring.present.fingerprint,
            ring.signer,
            authority.fingerprint,
            make_overlap(seed),
        )


def make_overlap(seed: int) -> Overlap:
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        leave_key(root / "site", OLDER_SEEDS[seed % len(OLDER_SEEDS)])
        site = make_small_bundle(root / "site", root / "before", cameras=2, segments=2, seed=seed)
        first = site.log.ring.present.fingerprint
        site.log.rotate_key("due", START_NS + CHANGED_S * S)
        signer = site.log.ring.signer
        grow(site, DAY_S + 3 * SEGMENT_S, CHANGED_S + 600)
        published = site.log.format_published_head().encode()
        site.export(root / "day", list(site.names), 0, CHANGED_S + 600)
        day = sign_list(repair(read_folder(root / "day") | {CHECKPOINT: published}, [CHECKPOINT]), signer)
        grow(site, CHANGED_S + 600, CHANGED_S + DAY_S + 600)
        site.export(root / "late", list(site.names), 0, CHANGED_S + DAY_S + 600)
        site.close()
        return Overlap(day, read_folder(root / "late"), first, signer)


def grow(site: SmallSite, from_s: int, to_s: int) -> None:
    """Logs a gap of every camera from the one second on, and a segment until the other."""
    start_s = to_s - SEGMENT_S
    for camera_id in site.names:
        gap = GapClosed(camera_id, "main", START_NS + from_s * S, START_NS + start_s * S, "policy", 0)
        site.tell([gap, site.make_segment(camera_id, start_s)], to_s)


def sign_list(files: Bundle, signer: NoteSigner) -> Bundle:
    """As if whoever composes bundles had the notary sign a list over forged proofs: the log must still tell."""
    manifest = json.loads(files["manifest.json"])
    sha256 = Change.sha256(files["manifest.json"])
    text = format_export(manifest["site"], manifest["export"], sha256, signer.public)
    return files | {"manifest.note": signer.sign(text).encode()}


@dataclass(slots=True)
class Tally:
    """What a batch showed."""

    kinds: Counter[str]
    accepted: list[str]
    not_located: list[str]


def run_batch(job: tuple[int, int, bool]) -> Tally:
    """Applies `count` mutations that follow from the seed. Runs in a process of its own."""
    seed, count, plain = job
    source = random.Random(seed)
    originals = _cached_originals(seed // 1_000_003 % 4)
    overlap = originals.overlap
    bundles = (originals.one, originals.masked, overlap.day, overlap.late)
    known = {id(data): Change.sha256(data) for files in bundles for data in files.values()}
    tally = Tally(Counter(), [], [])
    for number in range(count):
        make = source.choice(KINDS)
        is_masked = make in MASKED_FORGERIES or source.random() < MASKED_SHARE
        one, packed = (originals.masked, originals.packed_masked) if is_masked else (originals.one, originals.packed)
        other, signer = originals.other, originals.signer
        if make in OVERLAP_FORGERIES:
            one, other, signer = overlap.day, overlap.late, overlap.signer
        change = make(source, one, other, packed)
        if change is None:
            continue
        kind = make.__name__ + " (masked)" * (is_masked and make not in {*MASKED_FORGERIES, *OVERLAP_FORGERIES})
        is_list_signed = change.files.get("manifest.note") == one["manifest.note"]  # else signing would heal the change
        if is_list_signed and make in UNDER_A_LIST and source.random() < 0.5:
            change.files = sign_list(change.files, signer)
            kind += " under a signed list"
        elif is_list_signed and make in BY_A_BROKEN_KEY and source.random() < 0.5:
            change.files = sign_list_by_half(source, change.files, signer)
            kind += " by a broken Ed25519 key"
        tally.kinds[kind] += 1
        check = check_signature if plain or number % PLAIN_EVERY == 0 else check_signature_fast
        judge(kind, change, originals, known, check, f"{seed}/{number}", tally)
    return tally


def judge(
    kind: str,
    change: Change,
    originals: Originals,
    known: dict[int, str],
    check: SignatureCheck,
    place: str,
    tally: Tally,
) -> None:
    packed = None if change.packed is None else ZipFile(io.BytesIO(change.packed))
    source = packed or MemorySource(change.files, known)
    trust = [originals.fingerprint, originals.overlap.fingerprint]
    verifier = Verifier(source, trust, check, authorities=[originals.authority])
    if verifier.run() != INVALID:
        tally.accepted.append(f"{kind} {place}")
    elif not change.is_located(verifier.faults):
        tally.not_located.append(f"{kind} {place}: {[fault.as_record() for fault in verifier.faults[:3]]}")


_ORIGINALS: dict[int, Originals] = {}


def _cached_originals(seed: int) -> Originals:
    if seed not in _ORIGINALS:
        _ORIGINALS[seed] = make_originals(seed)
        made = _ORIGINALS[seed]
        stamped = [made.authority]
        for files, trust, authorities in (
            (made.one, made.fingerprint, stamped),
            (made.masked, made.fingerprint, stamped),
            (made.overlap.day, made.overlap.fingerprint, []),
            (made.overlap.late, made.overlap.fingerprint, []),
        ):
            untouched = Verifier(MemorySource(files, {}), [trust], authorities=authorities)
            if untouched.run() != 0:
                raise RuntimeError(f"the untouched bundle is refused: {untouched.faults[:1]}")
    return _ORIGINALS[seed]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seconds", type=int, default=0, help="stop after this long")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    began = time.monotonic()
    jobs = ((options.seed * 7919 + number * 1_000_003, BATCH, False) for number in range(-(-options.count // BATCH)))
    kinds: Counter[str] = Counter()
    accepted: list[str] = []
    not_located: list[str] = []
    with multiprocessing.Pool() as pool:
        for tally in pool.imap_unordered(run_batch, jobs):
            kinds += tally.kinds
            accepted += tally.accepted
            not_located += tally.not_located
            if options.seconds and time.monotonic() - began > options.seconds:
                pool.terminate()
                break
    wall_s = time.monotonic() - began
    figures = {
        "mutations": kinds.total(),
        "accepted": len(accepted),
        "not_located": len(not_located),
        "per_second": round(kinds.total() / wall_s, 1),
    }
    for line in [*accepted[:20], *not_located[:20]]:
        say(line)
    write_result("mutations", figures, {"kinds": dict(kinds), "seed": options.seed}, options.json)
    return 1 if accepted or not_located else 0


if __name__ == "__main__":
    sys.exit(main())
