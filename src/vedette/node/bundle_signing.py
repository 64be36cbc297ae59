"""What the cameras' own signatures say of the segments of a bundle: judged when it is made, from the stored bytes.

The signature of the last GOP lies in the first picture of the segment that follows; it is read too, and stays outside
the bundle. Whoever checks the bundle's recordings alone finds that GOP without its signature.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, closing, suppress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from vedette.adapters.sqlite_recording_catalog import SqliteRecordingCatalog
from vedette.core.errors import StorageError
from vedette.core.footage import SegmentRef
from vedette.core.media import StreamRole
from vedette.core.time import NS_PER_S
from vedette.evidence.media_signing.segments import SegmentJudge, SegmentSigning, SigningResult
from vedette.evidence.offline_verify import encode_canonical
from vedette.evidence.proofs import CameraProof, ProvenSegment
from vedette.node.segment_pictures import is_signed, read_codec, read_pictures
from vedette.node.signing_stream import ReadableSegment, make_unchecked
from vedette.recording.archive_keys import ArchiveKeyRing
from vedette.recording.records import StreamKey
from vedette.recording.stored_file import open_stored
from vedette.recording.volume import Volume, open_volume

_NEAR_NS = 2 * NS_PER_S
_NEXT = "next"


class BundleSigning:
    """Judges the segments of a bundle.

    Args:
        roots: Certificates of makers that this site trusts; None: nobody vouches for a key.
        on_progress: Called once a segment; it may raise to cancel.
    """

    def __init__(
        self,
        find_volumes: Callable[[], Iterable[Path]],
        keys: ArchiveKeyRing,
        roots: Sequence[x509.Certificate] | None,
        on_progress: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._find_volumes = find_volumes
        self._keys = keys
        self._roots = roots
        self._on_progress = on_progress

    def describe(self, proof: CameraProof, now_ns: int) -> bytes:
        """The content of `signing/<camera>.json`."""
        with ExitStack() as stack:
            volumes = self._open_volumes(stack)
            streams = {
                stream: [_record(one) for one in self._judge(volumes, proof, stream)]
                for stream in sorted({segment.stream for segment in proof.segments})
            }
        roots = sorted(root.fingerprint(hashes.SHA256()).hex() for root in self._roots or ())
        return encode_canonical({"v": 1, "checked_at": now_ns, "roots": roots, "streams": streams})

    def _open_volumes(self, stack: ExitStack) -> list[tuple[Volume, SqliteRecordingCatalog]]:
        found = []
        for root in self._find_volumes():
            with suppress(StorageError):
                volume = open_volume(root)
                found.append((volume, stack.enter_context(closing(SqliteRecordingCatalog(volume.index)))))
        return found

    def _judge(
        self, volumes: list[tuple[Volume, SqliteRecordingCatalog]], proof: CameraProof, stream: str
    ) -> list[SegmentSigning]:
        key = StreamKey(proof.camera_id, StreamRole(stream))
        wanted = sorted((one for one in proof.segments if one.stream == stream), key=lambda one: one.start_ns)
        told: list[SegmentSigning] = []
        run = _Run(self._roots)
        for segment in wanted:
            self._on_progress(0)
            try:
                told += run.take(self._open(volumes, key, segment))
            except (StorageError, OSError) as exc:
                reason = exc.code if isinstance(exc, StorageError) else "unreadable"
                told += [*run.end(), make_unchecked(_make_ref(key, segment), reason)]
        if wanted:
            with suppress(StorageError, OSError):
                told += run.peek(self._open_next(volumes, key, wanted[-1]))
        return sorted((*told, *run.end()), key=lambda one: one.start_ns)

    def _open(
        self, volumes: list[tuple[Volume, SqliteRecordingCatalog]], key: StreamKey, wanted: ProvenSegment
    ) -> ReadableSegment:
        for volume, catalog in volumes:
            for ref in catalog.find_segments(key, wanted.start_ns, wanted.start_ns + 1):
                if ref.segment_id == wanted.segment_id:
                    return self._make_readable(volume, catalog, key, ref)
        raise FileNotFoundError(wanted.segment_id)

    def _open_next(
        self, volumes: list[tuple[Volume, SqliteRecordingCatalog]], key: StreamKey, last: ProvenSegment
    ) -> ReadableSegment | None:
        for volume, catalog in volumes:
            for ref in catalog.find_segments(key, last.end_ns - _NEAR_NS, last.end_ns + _NEAR_NS):
                if ref.start_ns > last.start_ns and ref.segment_id != last.segment_id:
                    return self._make_readable(volume, catalog, key, ref)
        return None

    def _make_readable(
        self, volume: Volume, catalog: SqliteRecordingCatalog, key: StreamKey, ref: SegmentRef
    ) -> ReadableSegment:
        gaps = catalog.find_gaps(key, ref.start_ns - _NEAR_NS, ref.end_ns + _NEAR_NS)
        file = open_stored(volume.segment(ref.segment_id), self._keys)
        losses = [(gap.from_ns, gap.to_ns) for gap in gaps]
        return ReadableSegment(ref, file, catalog.find_fragments(ref.segment_id), losses)


class _Run:
    """Segments one after the other, as long as they have one codec."""

    def __init__(self, roots: Sequence[x509.Certificate] | None) -> None:
        self._roots = roots
        self._codec: object = None
        self._judge: SegmentJudge | None = None

    def take(self, segment: ReadableSegment) -> list[SegmentSigning]:
        ref, codec = segment.ref, read_codec(segment.file, segment.ref)
        told = self.end() if codec is not self._codec else []
        self._codec = codec
        if self._judge is None:
            if not is_signed(segment.file, ref, segment.packed):
                return [*told, SegmentSigning(ref.segment_id, ref.start_ns, ref.end_ns, SigningResult.UNSIGNED)]
            self._judge = SegmentJudge(codec, self._roots)
        self._judge.begin(ref.segment_id, ref.start_ns, ref.end_ns, segment.losses)
        for picture in read_pictures(segment.file, ref, segment.packed):
            told += self._judge.push(picture.nals, picture.captured_at_ns)
        return told

    def peek(self, segment: ReadableSegment | None) -> list[SegmentSigning]:
        """Reads the beginning of the segment that follows, for the signature of the last GOP."""
        judge, told = self._judge, list[SegmentSigning]()
        if judge is None or segment is None or read_codec(segment.file, segment.ref) is not self._codec:
            return []
        judge.begin(_NEXT, segment.ref.start_ns, segment.ref.end_ns, segment.losses)
        for picture in read_pictures(segment.file, segment.ref, segment.packed):
            told += judge.push(picture.nals, picture.captured_at_ns)
            if told or picture.captured_at_ns - segment.ref.start_ns > NS_PER_S:
                break
        return told

    def end(self) -> list[SegmentSigning]:
        judge, self._judge = self._judge, None
        return [] if judge is None else [one for one in judge.finish() if one.segment_id != _NEXT]


def _make_ref(key: StreamKey, one: ProvenSegment) -> SegmentRef:
    return SegmentRef(
        one.segment_id, key.camera_id, key.role, "", one.start_ns, one.end_ns, 0, 0, one.size_bytes, 0, is_open=False
    )


def _record(one: SegmentSigning) -> dict[str, object]:
    return {
        "id": one.segment_id,
        "t0": one.start_ns,
        "t1": one.end_ns,
        "result": one.result.value,
        "fingerprint": one.fingerprint,
        "subject": one.subject,
        "vouched": one.is_vouched,
        "gops": one.gops,
        "valid_gops": one.valid_gops,
        "missing": one.missing,
        "first_fault": one.first_fault_ns,
        "reasons": list(one.reasons),
    }
