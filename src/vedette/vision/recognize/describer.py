"""The analyzer's side of the describe question: which objects are asked about when, and what the answers add up to.

Pure: it makes requests and takes answers; the caller carries them to the worker. One instance per stream.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from vedette.core.detections import CLASS_NAMES, Tracks
from vedette.core.errors import InvalidInputError
from vedette.core.objects import ObjectFacts
from vedette.vision import wire
from vedette.vision.boxes import find_covered
from vedette.vision.categories.embedding import CATEGORIES, EMBEDDING
from vedette.vision.categories.verdict import OpenSet
from vedette.vision.recognize.appearance import MIN_WIDTH_PX
from vedette.vision.recognize.attribute_forms import APPEARANCE
from vedette.vision.recognize.face_templates import FACE_TEMPLATES
from vedette.vision.recognize.face_track import MIN_SIGHTINGS, TrackTemplate, join_sightings
from vedette.vision.recognize.faces_list import FaceFacts
from vedette.vision.recognize.profile import TrackProfiles
from vedette.vision.recognize.records import WHOLE_PICTURE, Form
from vedette.vision.recognize.shots import ShotPicker, ShotPolicy
from vedette.vision.recognize.track_appearance import TrackAppearance, join_appearance, read_vectors
from vedette.vision.recognize.whole_picture import find_lone_faces, find_lone_templates


@dataclass(frozen=True, slots=True)
class Ask:
    """One question to the worker, and about whom it is: track numbers, 0 for the whole picture."""

    request: wire.DescribeRequest
    track_ids: tuple[int, ...]
    at_s: float


class TrackDescriber:
    """Asks about the tracks of one stream at their best moments and keeps their profiles.

    Args:
        forms: Of the recognizers that are loaded and switched on; empty: nothing is ever asked.
        left_out: What an earlier describer of the stream had counted.
        least_faces: Good moments of a face from which on its template is made: a still picture has one.
        sets: The operator's own categories that are told of tracks; they need the form `embedding`.
    """

    def __init__(
        self,
        forms: Mapping[str, Form],
        policy: ShotPolicy | None = None,
        left_out: int = 0,
        least_faces: int = MIN_SIGHTINGS,
        sets: Sequence[OpenSet] = (),
    ) -> None:
        self._sets = tuple(sets)
        self._class_names: dict[int, str] = {}
        self._forms = forms
        self._least_faces = least_faces
        self._picker = ShotPicker(_see_small(policy or ShotPolicy(), forms))
        self._left_out_before = left_out
        self._profiles = TrackProfiles(forms)

    @property
    def left_out(self) -> int:
        """Good moments that were not asked for because the worker was behind or the stream's share was used up."""
        return self._left_out_before + self._picker.left_out

    @property
    def known_tracks(self) -> tuple[int, ...]:
        """Tracks of which something was seen and that are not forgotten yet."""
        return self._profiles.known_tracks

    def take_sets(self, sets: Sequence[OpenSet]) -> None:
        """Other sets from here on, for the tracks of now too: what was seen of them is judged anew."""
        self._sets = tuple(sets)

    def plan(self, stream: int, result: wire.FrameResult, at_s: float, tracks: Tracks, *, room: int) -> Ask | None:
        """What to ask about the picture that was just analysed, if anything.

        `room`: how many objects the worker has time for now.
        """
        classes = self._find_classes()
        rows = [row for row in range(len(tracks)) if _class_name(tracks, row) in classes]
        fitting = _rows(tracks, rows)
        chosen = self._picker.pick(at_s, fitting, (result.width, result.height), room)
        if not chosen:
            return None
        covered = find_covered(tracks.boxes_norm_xyxy)[rows]
        asks = [wire.DescribeAsk(_box(fitting, n), _class_name(fitting, n), float(covered[n])) for n in chosen]
        groups = self._find_groups({ask.class_name for ask in asks})
        request = wire.DescribeRequest(stream, result.pts_90k, asks, groups)
        return Ask(request, tuple(int(fitting.track_id[row]) for row in chosen), at_s)

    def plan_whole(self, stream: int, result: wire.FrameResult, at_s: float) -> Ask | None:
        """Asks about the whole picture: for still pictures, where nothing can be waited for."""
        if WHOLE_PICTURE not in self._find_classes():
            return None
        asks = [wire.DescribeAsk((0.0, 0.0, 1.0, 1.0), WHOLE_PICTURE)]
        groups = self._find_groups({WHOLE_PICTURE})
        return Ask(wire.DescribeRequest(stream, result.pts_90k, asks, groups), (0,), at_s)

    def take(self, ask: Ask, payload: bytes, releases: Mapping[str, str]) -> int:
        """Takes the worker's answer; gives the microseconds that it took.

        `releases`: of the recognizers of the worker that gave it, by name, as it said before it saw any picture.

        Raises:
            InvalidInputError: it is none that a sound worker would give.
        """
        reply = wire.decode_described(payload, len(ask.track_ids), self._forms)
        for track_id, about, item in zip(ask.track_ids, ask.request.asks, reply.described, strict=True):
            self._class_names[track_id] = about.class_name
            self._profiles.add(track_id, ask.at_s, item, releases)
        return reply.spent_us

    def facts(self, track_id: int) -> ObjectFacts:
        """What is decided of a track so far."""
        facts = self._profiles.facts(track_id)
        seen = [found for found in self._profiles.sightings(track_id, EMBEDDING) if found.record.vector]
        fitting = [one for one in self._sets if seen and one.fits(self._class_names.get(track_id, ""))]
        weights = [found.weight for found in seen]
        said = {one.terms.name: one.judge_track(read_vectors(seen), weights) for one in fitting}
        return replace(facts, attributes=facts.attributes | said) if said else facts

    def face(self, track_id: int) -> FaceFacts | None:
        """The face of a track, if one was seen."""
        return self._profiles.face(track_id)

    def template(self, track_id: int) -> TrackTemplate | None:
        """By what the track's face is compared; None while too few good moments of it are known."""
        return join_sightings(self._profiles.sightings(track_id, FACE_TEMPLATES), least=self._least_faces)

    def appearance(self, track_id: int) -> TrackAppearance | None:
        """What a person looks like over the track's life; None while no good moment is known."""
        return join_appearance(self._profiles.sightings(track_id, APPEARANCE))

    def lone_templates(self, known: Sequence[TrackTemplate]) -> list[TrackTemplate]:
        """Those of faces found in whole pictures that are none of those known from tracks."""
        return find_lone_templates(self._profiles.sightings(0, FACE_TEMPLATES), known)

    def lone_faces(self, known: Sequence[FaceFacts]) -> list[FaceFacts]:
        """Faces found in whole pictures that are none of those known from tracks."""
        return find_lone_faces(self._profiles.sightings(0, "faces"), known)

    def _find_classes(self) -> frozenset[str]:
        """Of objects about which there is something to ask."""
        return frozenset[str]().union(*(self._classes_of(form) for form in self._forms.values()))

    def _find_groups(self, class_names: set[str]) -> list[str]:
        """What to ask about objects of these classes: an embedding that no set would judge costs time for nothing."""
        return sorted({form.group for form in self._forms.values() if self._classes_of(form) & class_names})

    def _classes_of(self, form: Form) -> frozenset[str]:
        if form.group != CATEGORIES:
            return form.classes
        return frozenset(name for name in form.classes if any(one.fits(name) for one in self._sets))

    def forget(self, ended: tuple[int, ...]) -> None:
        """Tracks are over and their facts were taken."""
        self._picker.forget(ended)
        for track_id in ended:
            self._profiles.forget(track_id)
            self._class_names.pop(track_id, None)


def choose_forms(forms: Mapping[str, Form], loaded: Sequence[str], groups: Sequence[str]) -> dict[str, Form]:
    """The forms of recognizers that are loaded and whose group is switched on."""
    return {name: forms[name] for name in loaded if name in forms and forms[name].group in groups}


def check_groups(groups: Sequence[str], known: Sequence[str]) -> None:
    """Raises InvalidInputError for a group that does not exist."""
    unknown = sorted(set(groups) - set(known))
    if unknown:
        raise InvalidInputError(f"unknown recognition: {', '.join(unknown)}", f"Known: {', '.join(known)}.")


def _see_small(policy: ShotPolicy, forms: Mapping[str, Form]) -> ShotPolicy:
    """People are found again by fewer pixels than anything else is recognised by."""
    return replace(policy, min_side_px=min(policy.min_side_px, MIN_WIDTH_PX)) if APPEARANCE in forms else policy


def _class_name(tracks: Tracks, row: int) -> str:
    return CLASS_NAMES[int(tracks.class_id[row])]


def _box(tracks: Tracks, row: int) -> tuple[float, float, float, float]:
    left, top, right, bottom = (float(value) for value in tracks.boxes_norm_xyxy[row])
    return left, top, right, bottom


def _rows(tracks: Tracks, rows: list[int]) -> Tracks:
    return Tracks(tracks.track_id[rows], tracks.boxes_norm_xyxy[rows], tracks.confidence[rows], tracks.class_id[rows])
