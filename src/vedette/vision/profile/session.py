"""Answers questions about a gallery's pictures inside a jailed worker. Composed and locked in by `vedette.node`."""

import io
from collections.abc import Iterator, Sequence

from vedette.core.errors import InvalidInputError, VedetteError
from vedette.core.time import TICKS_PER_S
from vedette.media.decode import FileFrames
from vedette.media.planes import PlanarFrame
from vedette.vision import wire
from vedette.vision.drawing import render_jpeg
from vedette.vision.ports import Recognizer
from vedette.vision.profile.classifier import GalleryClassifier, choose_classes
from vedette.vision.profile.gallery_picture import decode_gallery_picture
from vedette.vision.profile.observed import MAX_FACES, Answer, Kind, Observed, SeenFace
from vedette.vision.recognize.crop import make_crop
from vedette.vision.recognize.records import WHOLE_PICTURE, Record

_EXAMPLE_PX = 320
_MOST_FRAMES = 24
_LEAST_STEP_S = 2.0


class GallerySession:
    """One worker: any number of pictures and small videos, or one large video.

    Args:
        faces, templates: Recognizers with one detector, so that they find the same boxes; None: no faces.
        video: Open for reading.
    """

    def __init__(
        self,
        classifier: GalleryClassifier,
        faces: Recognizer | None,
        templates: Recognizer | None,
        video: io.BufferedIOBase | None = None,
    ) -> None:
        self._classifier, self._faces, self._templates = classifier, faces, templates
        self._video = video
        self._source: FileFrames | None = None
        self._frames: Iterator[PlanarFrame] = iter(())
        self._next_s = 0.0

    def handle(self, kind: int, payload: bytes) -> tuple[int, bytes]:
        """Answers one message. What is wrong with a file becomes FAILED with the reason."""
        try:
            return kind, wire.encode(self._answer(kind, payload))
        except VedetteError as error:
            return Kind.FAILED, str(error).encode()

    def look(self, frame: PlanarFrame) -> Observed:
        """All that is said of one picture."""
        shares, embedding = self._classifier.classify(frame)
        return Observed(
            frame.pts_90k / TICKS_PER_S,
            choose_classes(shares),
            embedding.tobytes(),
            self._find_faces(frame),
            render_jpeg(frame, _EXAMPLE_PX),
        )

    def warm_up(self, frame: PlanarFrame) -> None:
        """Runs every path of every network once."""
        self.look(frame)
        crop = make_crop(frame, (0.1, 0.1, 0.9, 0.9), WHOLE_PICTURE)
        for recognizer in (self._faces, self._templates):
            if recognizer is not None:
                recognizer.warm_up(crop)

    def _answer(self, kind: int, payload: bytes) -> Answer:
        if kind == Kind.PICTURE:
            return Answer(self.look(decode_gallery_picture(payload)))
        if kind == Kind.VIDEO:
            self._video, self._source, self._next_s = io.BytesIO(payload), None, 0.0
            return self._look_at_video(self._video)
        if kind == Kind.NEXT and self._video is not None:
            return self._look_at_video(self._video)
        raise InvalidInputError(f"message kind {kind} is not known here")

    def _look_at_video(self, video: io.BufferedIOBase) -> Answer:
        if self._source is None:
            self._source = FileFrames(video, key_frames_only=True)
            self._frames = self._source.frames()
        duration_s = self._source.duration_s
        for frame in self._frames:
            at_s = frame.pts_90k / TICKS_PER_S
            if at_s >= self._next_s:
                self._next_s = at_s + max(_LEAST_STEP_S, duration_s / _MOST_FRAMES)
                return Answer(self.look(frame), duration_s)
        return Answer(None, duration_s)

    def _find_faces(self, frame: PlanarFrame) -> list[SeenFace]:
        if self._faces is None or self._templates is None:
            return []
        crop = make_crop(frame, (0.0, 0.0, 1.0, 1.0), WHOLE_PICTURE)
        [told], [made] = self._faces.describe([crop]), self._templates.describe([crop])
        return join_faces(told, made)


def join_faces(told: Sequence[Record], made: Sequence[Record]) -> list[SeenFace]:
    """The faces that may be compared, best first, with what is told of the same box."""
    by_box = {record.box: record for record in told}
    faces = []
    for record in made:
        if record.vector:
            about = by_box.get(record.box)
            sex = about.labels.get("sex") if about else None
            faces.append(
                SeenFace(
                    record.numbers["quality"],
                    record.vector,
                    about.numbers.get("age") if about else None,
                    "female" if sex and sex.value == "female" else "male" if sex else "",
                    sex.confidence if sex else 0.0,
                )
            )
    return sorted(faces, key=lambda face: -face.quality)[:MAX_FACES]
