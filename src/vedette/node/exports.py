"""Builds exports: the clips come from streaming, the bundle from evidence and the notary, and they meet here."""

import asyncio
import hashlib
import shutil
from collections.abc import Callable, Iterable
from importlib.metadata import version
from pathlib import Path

from vedette.adapters.notary_client import NotaryClient
from vedette.core.errors import StorageError, UnavailableError
from vedette.core.time import NS_PER_S, TICKS_PER_S
from vedette.evidence.bundle import (
    BundleCamera,
    BundleContents,
    Manifest,
    pack_bundle,
    seal_bundle,
    write_contents,
)
from vedette.evidence.bundle_masked import MaskedCopy, MaskedFile
from vedette.evidence.errors import FootageMissingError
from vedette.evidence.keys import check_signature_fast
from vedette.evidence.offline_verify import verify
from vedette.evidence.proofs import CameraProof, LogHead, ProofRequest, SignRequest
from vedette.node.bundle_footage import VolumeFootage
from vedette.node.bundle_signing import BundleSigning
from vedette.node.camera_roots import CameraRoots
from vedette.node.export_enhance import WorkerClipEnhancer
from vedette.node.late_media import open_mkv_writer, open_sound_encoder
from vedette.recording.archive_keys import ArchiveKeyRing
from vedette.recording.reader import FootageReader
from vedette.runtime.clock import Clock
from vedette.streaming.export_job import BUNDLE_FILE, ExportCamera, ExportFile, ExportOrder, ExportOutcome
from vedette.streaming.export_maker import AT_ONCE, FootageExportMaker
from vedette.streaming.export_ports import ExportShelf, Report
from vedette.streaming.export_service import ExportService
from vedette.streaming.mask_worker import MaskNursery, MaskPolicy
from vedette.streaming.masked_feed import ZoneFinder

WAIT_S = 90
"""An open segment is closed after about 60 s; more means that the stream has ended or the recorder is down."""
WAIT_LOGGED_S = 360
"""For what a masked copy was made of: a segment without key frames stays open for 300 s."""
_ATTEMPTS = 3
MASKING = MaskPolicy(most_children=2 * AT_ONCE, reply_timeout_s=60.0, niceness=10, key_every_90k=TICKS_PER_S)
"""Two lines of exports with so many cameras each. Nobody watches: it gives way to live pictures, and waits longer."""


class NotLoggedYetError(UnavailableError):
    """Footage is not in the evidence log yet."""

    code = "not_logged_yet"


class BrokenBundleError(StorageError):
    """A bundle was made that its own verifier refuses."""

    code = "bundle_broken"


class NotaryBundleMaker:
    """See `vedette.streaming.export_ports.BundleMaker`. Raises NotaryDownError when nothing can be proven now."""

    def __init__(
        self,
        notary: NotaryClient,
        find_roots: Callable[[], Iterable[Path]],
        clock: Clock,
        keys: ArchiveKeyRing,
        camera_roots: CameraRoots,
    ) -> None:
        self._notary = notary
        self._camera_roots = camera_roots
        self._keys = keys
        self._find_roots = find_roots
        self._clock = clock

    async def make(self, order: ExportOrder, folder: Path, clips: ExportOutcome, report: Report) -> ExportOutcome:
        for attempt in range(1, _ATTEMPTS + 1):
            head, proofs = await self.prove(order, clips, report)
            signing = await asyncio.to_thread(self._check_signing, proofs, report)
            contents = _describe(order, folder, clips, head, proofs, signing, self._clock.utc_ns())
            try:
                manifest = await asyncio.to_thread(self._write, folder / "bundle", contents, report)
                break
            except FootageMissingError:  # deleted meanwhile: the next head has its leaf
                await asyncio.to_thread(shutil.rmtree, folder / "bundle")
                if attempt == _ATTEMPTS:
                    raise
        note = await self._notary.sign_manifest(_signature_request(order, manifest, head))
        file = await asyncio.to_thread(_pack, folder, note, order, report)
        return ExportOutcome((file,), clips.gaps, head.fingerprint)

    async def prove(
        self, order: ExportOrder, clips: ExportOutcome, report: Report
    ) -> tuple[LogHead, list[CameraProof]]:
        """Waits until what is still being recorded of the range is closed, or will not be.

        Raises:
            NotLoggedYetError: a masked copy shows footage that is not in the log: no hash would stand behind it.
        """
        begin_ns = self._clock.mono_ns()
        while True:
            head = await self._notary.take_head()
            requests = [
                ProofRequest(
                    camera.camera_id, (camera.role.value,), order.from_ns, order.to_ns, head.size, head.fingerprint
                )
                for camera in order.cameras
                if camera.role is not None
            ]
            proofs = [await self._notary.prove(request) for request in requests]
            reached = all(_covers(proof, order.to_ns) for proof in proofs)
            is_old = self._clock.utc_ns() - order.to_ns > WAIT_S * NS_PER_S
            waited_ns = self._clock.mono_ns() - begin_ns
            is_logged = _knows_sources(proofs, clips)
            if is_logged and (reached or is_old or waited_ns >= WAIT_S * NS_PER_S):
                return head, proofs
            if waited_ns >= WAIT_LOGGED_S * NS_PER_S:
                raise NotLoggedYetError(
                    "the newest footage of the range is not in the evidence log yet", "Order it again, until earlier."
                )
            report(0)
            await self._clock.sleep(2.0)

    def _check_signing(self, proofs: list[CameraProof], report: Report) -> dict[str, bytes]:
        signing = BundleSigning(self._find_roots, self._keys, self._camera_roots.find(), report)
        return {proof.camera_id: signing.describe(proof, self._clock.utc_ns()) for proof in proofs}

    def _write(self, folder: Path, contents: BundleContents, report: Report) -> Manifest:
        footage = VolumeFootage(self._find_roots(), self._keys)
        try:
            return write_contents(folder, contents, footage, report)
        finally:
            footage.close()


def build_exports(
    shelf: ExportShelf,
    reader: FootageReader,
    notary: NotaryClient,
    find_roots: Callable[[], Iterable[Path]],
    find_zones: ZoneFinder,
    clock: Clock,
    keys: ArchiveKeyRing,
    camera_roots: CameraRoots,
) -> ExportService:
    """Builds the service; `ExportService.run` belongs into the gateway's TaskGroup."""
    maker = FootageExportMaker(reader, open_sound_encoder, open_mkv_writer, MaskNursery(MASKING).open)
    bundles = NotaryBundleMaker(notary, find_roots, clock, keys, camera_roots)
    return ExportService(shelf, maker, bundles, WorkerClipEnhancer(), find_zones, clock)


def _knows_sources(proofs: list[CameraProof], clips: ExportOutcome) -> bool:
    """Tells whether the log knows every segment that masked files were made of, also one that is deleted since."""
    leaves = {proof.camera_id: "".join(file.content for file in proof.files) for proof in proofs}
    return all(
        f'"id":"{segment_id}"' in leaves.get(file.camera_id, "")
        for file in clips.files
        for segment_id in file.segment_ids
    )


def _covers(proof: CameraProof, to_ns: int) -> bool:
    return bool(proof.covered_to_ns) and min(proof.covered_to_ns.values()) >= to_ns


def _describe(
    order: ExportOrder,
    folder: Path,
    clips: ExportOutcome,
    head: LogHead,
    proofs: list[CameraProof],
    signing: dict[str, bytes],
    now_ns: int,
) -> BundleContents:
    by_id = {proof.camera_id: proof for proof in proofs}
    cameras = [camera for camera in order.cameras if camera.role is not None and camera.camera_id in by_id]
    return BundleContents(
        export_id=order.export_id,
        by=order.user_name,
        purpose=order.purpose,
        made_at_ns=now_ns,
        from_ns=order.from_ns,
        to_ns=order.to_ns,
        tool=f"vedette {version('vedette')}",
        head=head,
        cameras=tuple(
            BundleCamera(
                camera.name,
                (str(camera.role),),
                by_id[camera.camera_id],
                None if camera.masked else _find_clip(folder, clips, camera.camera_id),
                signing[camera.camera_id],
                _find_masked(folder, clips, camera),
            )
            for camera in cameras
        ),
    )


def _find_clip(folder: Path, clips: ExportOutcome, camera_id: str) -> Path | None:
    """The clip of a camera when it is one file: half of what was asked would mislead who looks at it."""
    names = [file.name for file in clips.files if file.camera_id == camera_id]
    return folder / names[0] if len(names) == 1 and (folder / names[0]).exists() else None


def _find_masked(folder: Path, clips: ExportOutcome, camera: ExportCamera) -> MaskedCopy | None:
    if not camera.masked:
        return None
    files = [file for file in clips.files if file.camera_id == camera.camera_id]
    return MaskedCopy(
        camera.masked, tuple(MaskedFile(folder / one.name, one.spans_ns, one.segment_ids) for one in files)
    )


def _signature_request(order: ExportOrder, manifest: Manifest, head: LogHead) -> SignRequest:
    return SignRequest(
        order.export_id,
        order.user_name,
        order.purpose,
        tuple(camera.camera_id for camera in order.cameras if camera.role is not None),
        order.from_ns,
        order.to_ns,
        manifest.sha256,
        head.fingerprint,
    )


def _pack(folder: Path, note: str, order: ExportOrder, report: Report) -> ExportFile:
    """Seals and packs; only the .zip stays.

    Raises:
        BrokenBundleError: what is said of masked copies does not fit the log, so the bundle is not handed out.
    """
    seal_bundle(folder / "bundle", note)
    if order.is_masked:
        check_masked(folder / "bundle", report)
    path = folder / BUNDLE_FILE
    pack_bundle(folder / "bundle", path, report)
    for left in [each for each in folder.iterdir() if each != path]:
        shutil.rmtree(left) if left.is_dir() else left.unlink()
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return ExportFile(BUNDLE_FILE, path.stat().st_size, digest, "", order.from_ns, order.is_masked)


def check_masked(bundle: Path, report: Report) -> None:
    """Refuses a sealed bundle whose masked copies its own verifier refuses. Raises BrokenBundleError."""
    report(0)
    verifier = verify(str(bundle), check=check_signature_fast)
    # Whose camera goes out whole with stored bytes that are not the log's: told by the verifier, as in every bundle.
    faults = [one for one in verifier.faults if one.code in {"masked", "untold_gap"} or one.file.startswith("masked/")]
    if faults:
        first = faults[0]
        raise BrokenBundleError(
            f"the masked copy of {first.camera or 'a camera'} does not fit the log: {first.detail}",
            "Footage may have been deleted meanwhile: order it again.",
        )
