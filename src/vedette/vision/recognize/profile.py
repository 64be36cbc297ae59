"""What is known of each track: records collected over its life, and what they decide together. Pure.

One picture decides nothing: every label is a weighted vote, and a vote that does not reach its floor is `unknown`.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from vedette.core.objects import AttributeValue, FaceSeen, ObjectFacts
from vedette.vision.recognize.attribute_forms import GLASSES
from vedette.vision.recognize.faces_list import FaceFacts, decide_face
from vedette.vision.recognize.label_vote import decide
from vedette.vision.recognize.plate_vote import decide_plate
from vedette.vision.recognize.records import Described, Form, Label, Sighting

MAX_SIGHTINGS = 32
"""Records kept of one recognizer and track; the least weighty is forgotten."""
_FLOOR = 0.6


class TrackProfiles:
    """The profiles of one stream's tracks."""

    def __init__(self, forms: Mapping[str, Form]) -> None:
        self._forms = forms
        self._sightings: dict[int, dict[str, list[Sighting]]] = {}

    @property
    def known_tracks(self) -> tuple[int, ...]:
        """Tracks with at least one answer."""
        return tuple(self._sightings)

    def add(self, track_id: int, at_s: float, described: Described, releases: Mapping[str, str]) -> None:
        """Takes the answer to one ask about a track. `releases`: of the recognizers that gave it, by name."""
        weight = max(0.05, described.sharpness)
        by_name = self._sightings.setdefault(track_id, {})
        for record in described.records:
            kept = by_name.setdefault(record.recognizer, [])
            kept.append(Sighting(at_s, weight, record, releases.get(record.recognizer, "")))
            if len(kept) > MAX_SIGHTINGS:
                kept.remove(min(kept, key=lambda sighting: sighting.weight))

    def facts(self, track_id: int) -> ObjectFacts:
        """What is decided so far."""
        attributes: dict[str, AttributeValue] = {}
        plate = None
        for name, sightings in self._sightings.get(track_id, {}).items():
            form = self._forms[name]
            if form.group == "attributes":
                attributes |= decide_labels(sightings, form)
            elif form.group == "plates":
                plate = decide_plate(sightings)
        face = self.face(track_id)
        seen = None if face is None else FaceSeen(face.quality, face.age, face.sex, face.live)
        if face is not None and face.glasses is not None:
            attributes[GLASSES] = face.glasses
        return ObjectFacts(track_id, attributes, plate, seen)

    def face(self, track_id: int) -> FaceFacts | None:
        """The track's face, None when none was seen well enough."""
        return decide_face(track_id, self.sightings(track_id, "faces"))

    def sightings(self, track_id: int, recognizer: str) -> Sequence[Sighting]:
        """All kept records of one recognizer, in no order."""
        return self._sightings.get(track_id, {}).get(recognizer, [])

    def forget(self, track_id: int) -> None:
        """The track is over and its facts were taken."""
        self._sightings.pop(track_id, None)


def decide_labels(sightings: Sequence[Sighting], form: Form) -> dict[str, AttributeValue]:
    """Every label by weighted vote: its confidence is the mean over all pictures in which it was judged."""
    weighed: dict[str, list[tuple[Label, float]]] = defaultdict(list)
    for sighting in sightings:
        for name, label in sighting.record.labels.items():
            weighed[name].append((label, sighting.weight))
    return {name: decide(looks, form.floors.get(name, _FLOOR)) for name, looks in weighed.items()}
