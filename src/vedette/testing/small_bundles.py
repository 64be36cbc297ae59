"""A small evidence log with invented footage, and bundles of it: real formats, real signatures, no video.

For tests and `benchmarks.mutations`. Everything follows from a seed.
"""

import base64
import hashlib
import random
from collections.abc import Sequence
from pathlib import Path

from vedette.adapters.sqlite_evidence_index import SqliteEvidenceIndex
from vedette.core.footage_facts import FootageFact, GapClosed, SegmentClosed, SegmentRetired
from vedette.core.geometry import Polygon
from vedette.core.ids import make_id
from vedette.core.privacy import PrivacyZone
from vedette.evidence.bundle import (
    BundleCamera,
    BundleContents,
    FootageFile,
    FootagePart,
    Manifest,
    seal_bundle,
    write_contents,
)
from vedette.evidence.bundle_masked import MaskedCopy, MaskedFile
from vedette.evidence.keys import NoteSigner, open_key_ring
from vedette.evidence.leaves import draft_export, draft_footage
from vedette.evidence.log import EvidenceLog, open_log
from vedette.evidence.offline_verify import encode_canonical
from vedette.evidence.proofs import CameraProof, ProofRequest, SignRequest
from vedette.evidence.prover import make_head, prove_camera
from vedette.evidence.time_stamps import keep_stamp, make_question
from vedette.testing.time_stamp_authority import SimulatedAuthority

START_NS = 1_796_000_000_000_000_000
S = 1_000_000_000
DAY_S = 86_400
SEGMENT_S = 60
WINDOW = PrivacyZone("zone-1", "Cửa sổ", Polygon(((0.1, 0.1), (0.5, 0.1), (0.5, 0.6))))
_PARTS = 6
_INIT_BYTES = 96


def leave_old_key(root: Path) -> NoteSigner:
    """The key of a site as it was made before ML-DSA-44 came in, Ed25519 alone. Call it before the site is opened."""
    return leave_key(root, hashlib.sha256(str(root.name).encode()).digest())


def leave_key(root: Path, seed: bytes) -> NoteSigner:
    """A key that a test knows, of 32 bytes or a pair of 64."""
    folder = root / "keys" / "log"
    folder.mkdir(mode=0o700, parents=True)
    signer = NoteSigner(seed)
    fingerprint = hashlib.sha256(signer.public).hexdigest()
    (folder / f"{fingerprint[:16]}.key").write_bytes(seed)
    key = {"public": base64.b64encode(signer.public).decode(), "from": START_NS, "to": 0}
    ring = {"v": 1, "site": f"vedette.{fingerprint[:16]}", "keys": [key], "has_log": False}
    (folder / "log.json").write_bytes(encode_canonical(ring))
    return signer


class SmallSite:
    """One site: its log, and files as a volume would hold them. Close it."""

    def __init__(self, root: Path, seed: int = 1) -> None:
        self.root = root
        self.names: dict[str, str] = {}
        self.files: dict[str, FootageFile] = {}
        self.random = random.Random(seed)  # noqa: S311 -- not for secrets
        self.log = self.open()

    def open(self) -> EvidenceLog:
        evidence = self.root / "evidence"
        evidence.mkdir(parents=True, exist_ok=True)
        ring = open_key_ring(self.root / "keys" / "log", START_NS)
        return open_log(evidence, ring, SqliteEvidenceIndex(evidence / "lookup.db"))

    def close(self) -> None:
        self.log.close()

    def add_camera(self, name: str) -> str:
        camera_id = make_id(START_NS + len(self.names), self.random.randbytes(10))
        self.names[camera_id] = name
        return camera_id

    def make_segment(
        self, camera_id: str, start_s: int, stream: str = "main", length_s: int = SEGMENT_S
    ) -> SegmentClosed:
        """Invents a stored file of about 700 bytes."""
        segment_id = make_id(START_NS + start_s * S, self.random.randbytes(10))
        pieces = [self.random.randbytes(self.random.randint(60, 140)) for _ in range(_PARTS)]
        init = self.random.randbytes(_INIT_BYTES)
        running, parts = hashlib.sha256(init), []
        begin = START_NS + start_s * S
        for number, piece in enumerate(pieces):
            running.update(piece)
            at_ns = begin + number * length_s * S // _PARTS
            parts.append(FootagePart(len(piece), at_ns, running.hexdigest()[:16]))
        data = init + b"".join(pieces)
        path = self.root / "segments" / f"{segment_id}.mp4"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data + b"a file may be longer than its segment")
        self.files[segment_id] = FootageFile(path, tuple(parts))
        return SegmentClosed(
            segment_id=segment_id,
            camera_id=camera_id,
            stream=stream,
            mode="continuous",
            run_id=make_id(START_NS, bytes(10)),
            start_ns=begin,
            end_ns=begin + length_s * S,
            frames=25 * length_s,
            size_bytes=len(data),
            init_size_bytes=_INIT_BYTES,
            sha256=hashlib.sha256(data).hexdigest(),
            init_sha256=hashlib.sha256(init).hexdigest(),
        )

    def tell(self, facts: Sequence[FootageFact], at_s: int) -> None:
        """Logs facts and signs."""
        now_ns = START_NS + at_s * S
        self.log.append([draft_footage(fact) for fact in facts], now_ns)
        self.log.checkpoint(now_ns)

    def stamp(self, authority: SimulatedAuthority, at_s: int) -> None:
        """Has the log time-stamped as it is now, as the notary does it."""
        question = make_question(self.log.size, self.log.format_site_head(self.log.size), self.random.getrandbits(60))
        at_ns = START_NS + at_s * S
        keep_stamp(self.log.root, authority.fingerprint, question, authority.answer(question.body, at_ns), at_ns)

    def find_file(self, segment_id: str) -> FootageFile | None:
        """See `vedette.evidence.bundle.FootageFiles`."""
        return self.files.get(segment_id)

    def export(
        self,
        folder: Path,
        cameras: Sequence[str],
        from_s: int,
        to_s: int,
        streams: tuple[str, ...] = ("main",),
        masked: Sequence[str] = (),
    ) -> Manifest:
        """Writes and seals a bundle. Cameras in `masked` go out as masked copies of invented bytes."""
        from_ns, to_ns = START_NS + from_s * S, START_NS + to_s * S
        head = make_head(self.log)
        proofs = [prove_camera(self.log, ProofRequest(one, streams, from_ns, to_ns, head.size)) for one in cameras]
        contents = BundleContents(
            export_id=make_id(to_ns, self.random.randbytes(10)),
            by="anna",
            purpose="case 17/2026",
            made_at_ns=to_ns,
            from_ns=from_ns,
            to_ns=to_ns,
            tool="vedette test",
            head=head,
            cameras=tuple(
                BundleCamera(
                    self.names[proof.camera_id],
                    streams,
                    proof,
                    masked=self.make_masked(proof, from_ns, to_ns) if proof.camera_id in masked else None,
                )
                for proof in proofs
            ),
        )
        manifest = write_contents(folder, contents, self)
        seal_bundle(folder, sign_manifest(self.log, contents, manifest.sha256))
        return manifest

    def make_masked(self, proof: CameraProof, from_ns: int, to_ns: int) -> MaskedCopy:
        """Invents a masked file for each day: as if the format changed at midnight."""
        files = []
        for day in range(2):
            start_ns = START_NS + day * DAY_S * S
            mine = [one for one in proof.segments if start_ns <= one.start_ns < start_ns + DAY_S * S]
            path = self.root / f"masked-{proof.camera_id}-{day}.mp4"
            path.write_bytes(self.random.randbytes(self.random.randint(300, 600)))
            spans = tuple((max(one.start_ns, from_ns), min(one.end_ns, to_ns)) for one in mine)
            if spans:
                files.append(MaskedFile(path, spans, tuple(one.segment_id for one in mine)))
        return MaskedCopy((WINDOW,), tuple(files))


def sign_manifest(log: EvidenceLog, contents: BundleContents, sha256: str) -> str:
    """As the notary does it."""
    ids = tuple(camera.proof.camera_id for camera in contents.cameras)
    request = SignRequest(
        contents.export_id,
        contents.by,
        contents.purpose,
        ids,
        contents.from_ns,
        contents.to_ns,
        sha256,
        contents.head.fingerprint,
    )
    log.append([draft_export(request, contents.made_at_ns)], contents.made_at_ns)
    log.checkpoint(contents.made_at_ns)
    return log.ring.sign_export(contents.export_id, sha256, request.fingerprint)


def make_small_bundle(root: Path, folder: Path, cameras: int = 3, segments: int = 4, seed: int = 1) -> SmallSite:
    """A site with two logging days, a gap and a deleted segment, and a bundle of all of it."""
    site = SmallSite(root, seed)
    ids = [site.add_camera(f"Cổng {number}") for number in range(1, cameras + 1)]
    for day in range(2):
        for camera_id in ids:
            start = day * DAY_S
            facts: list[FootageFact] = [
                site.make_segment(camera_id, start + number * SEGMENT_S) for number in range(segments)
            ]
            from_ns = START_NS + (start + segments * SEGMENT_S) * S
            to_ns = START_NS + (DAY_S if day == 0 else DAY_S + (segments + 1) * SEGMENT_S) * S
            facts.append(GapClosed(camera_id, "main", from_ns, to_ns, "policy", 0))
            site.tell(facts, start + (segments + 1) * SEGMENT_S)
    old = next(iter(site.files))
    site.tell([SegmentRetired(old, ids[0], "main", START_NS, START_NS + SEGMENT_S * S, "expired")], DAY_S + 3600)
    del site.files[old]
    site.export(folder, ids, 0, DAY_S + (segments + 1) * SEGMENT_S)
    return site
