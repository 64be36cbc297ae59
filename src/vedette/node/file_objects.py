"""Tells what a finished file showed, object by object, so that it is found like what cameras saw.

Vectors of people leave sealed, and only where the job asked for them. Pictures stay with the job's results. Whatever
was told before of the same job is taken back first, so one that was interrupted tells once. Design:
docs/design/trace.md.
"""

from collections.abc import Callable

from vedette.core.detections import CLASS_NAMES, MOVING_CLASS
from vedette.core.messages import FileObjectsGone, ObjectSeen
from vedette.core.objects import FileOrigin, ObjectFacts, SealedVector
from vedette.core.time import NS_PER_S
from vedette.node.analyzer_objects import APPEARANCE, FACE, Sealer, find_decided, find_plate, seal_vectors
from vedette.node.file_results import FileResults, ObjectRecord
from vedette.runtime.clock import Clock, new_id
from vedette.vision.file_jobs import FileJob

MAX_OBJECTS = 5000
"""Of one file, the surest: the bus holds 10,000 facts that are not written yet."""
Publish = Callable[[ObjectSeen | FileObjectsGone], None]


class FileObjects:
    """Tells of the objects of all files of one analyzer.

    Args:
        sealer: None: nothing biometric leaves this process.
        face_release: Of the embedding that makes face templates.
    """

    def __init__(self, publish: Publish, sealer: Sealer | None, face_release: str, clock: Clock) -> None:
        self._publish = publish
        self._sealer = sealer
        self._face_release = face_release
        self._clock = clock

    def tell(self, job: FileJob, results: FileResults) -> None:
        """Tells of a file that is done, instead of what was told of it before."""
        self.forget(job.job_id)
        found = [record for record in results.objects.values() if _is_told(job, record)]
        for record in sorted(found, key=lambda record: -record.confidence)[:MAX_OBJECTS]:
            self._publish(self._describe(job, record, results.size_px))

    def forget(self, job_id: str) -> None:
        """What was told of a job is not kept any more."""
        self._publish(FileObjectsGone(job_id, self._clock.utc_ns()))

    def _describe(self, job: FileJob, record: ObjectRecord, size_px: tuple[int, int]) -> ObjectSeen:
        start_ns = job.searching.start_ns
        origin = FileOrigin(job.job_id, job.name, start_ns or job.created_ns, is_dated=start_ns is not None)
        first_ns, last_ns, best_ns = (
            origin.start_ns + round(at_s * NS_PER_S) for at_s in (record.first_s, record.last_s, record.best_frame_s)
        )
        object_id, facts = new_id(self._clock), record.facts or ObjectFacts(record.track_id)
        return ObjectSeen(
            object_id,
            job.searching.camera_id,
            record.track_id,
            CLASS_NAMES[record.class_id],
            first_ns,
            last_ns,
            best_ns,
            round(record.confidence, 4),
            record.best_box_norm(size_px),
            picture=f"pictures/track-{record.track_id}.jpg" if record.jpeg else "",
            attributes=find_decided(facts),
            plate=find_plate(facts),
            vectors=self._seal(job, object_id, record),
            release=job.release,
            file=origin,
        )

    def _seal(self, job: FileJob, object_id: str, record: ObjectRecord) -> tuple[SealedVector, ...]:
        vectors = []
        if job.keeps_faces and record.template is not None:
            vectors.append((FACE, self._face_release, record.template.vector))
        if APPEARANCE in job.searching.kept and record.look is not None:
            vectors.append((APPEARANCE, record.look.release, record.look.vector))
        return () if self._sealer is None else seal_vectors(self._sealer, object_id, vectors)


def _is_told(job: FileJob, record: ObjectRecord) -> bool:
    """What no model has named is told with a plate or a face alone, as with cameras."""
    if CLASS_NAMES[record.class_id] != MOVING_CLASS:
        return True
    has_plate = record.facts is not None and find_plate(record.facts) is not None
    return has_plate or (job.keeps_faces and record.template is not None)
