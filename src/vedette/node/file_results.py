"""Collects what the analysis of one file finds and writes it in the documented form. Writes only at the end.

Forms: docs/reference/analyze.md (tracks.csv is MOT Challenge, times are seconds from the start of the file).
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np

from vedette.behavior.scene import Finding, Phase
from vedette.core.detections import CLASS_NAMES, Tracks
from vedette.core.objects import ObjectFacts
from vedette.core.time import NS_PER_S
from vedette.vision.recognize.face_track import TrackTemplate
from vedette.vision.recognize.faces_list import FaceFacts
from vedette.vision.recognize.track_appearance import TrackAppearance

_BETTER = 1.25
"""A new best picture must score this much more: a picture costs a round trip to the worker."""


@dataclass(slots=True)
class ObjectRecord:
    """One track over the whole file."""

    track_id: int
    class_id: int
    confidence: float
    first_s: float
    last_s: float
    best_score: float = 0.0
    best_frame_s: float = 0.0
    best_box_px: tuple[int, int, int, int] = (0, 0, 0, 0)
    jpeg: bytes = b""
    facts: ObjectFacts | None = None
    first_box_px: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    last_box_px: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    look: TrackAppearance | None = None
    template: TrackTemplate | None = None

    def best_box_norm(self, size_px: tuple[int, int]) -> tuple[float, float, float, float]:
        """The best box in a picture of this width and height, 0 to 1."""
        left, top, right, bottom = self.best_box_px
        width, height = size_px
        return left / width, top / height, right / width, bottom / height


@dataclass(slots=True)
class FileResults:
    """What has been found so far."""

    rows: list[str] = field(default_factory=list)
    objects: dict[int, ObjectRecord] = field(default_factory=dict)
    events: list[dict[str, object]] = field(default_factory=list)
    faces: list[FaceFacts] = field(default_factory=list)
    pictures: dict[str, bytes] = field(default_factory=dict)
    size_px: tuple[int, int] = (1, 1)
    _open: dict[str, dict[str, object]] = field(default_factory=dict)

    def note_tracks(self, frame: int, at_s: float, tracks: Tracks, size_px: tuple[int, int]) -> list[int]:
        """Takes the tracks of one picture (numbered from 1). Gives the rows whose picture is the best so far."""
        self.size_px = size_px
        scale = np.array([*size_px, *size_px], np.float32)
        better = []
        for row, box in enumerate(tracks.boxes_norm_xyxy * scale):
            left, top, right, bottom = (float(value) for value in box)
            number, confidence = int(tracks.track_id[row]), float(tracks.confidence[row])
            class_id = int(tracks.class_id[row])
            self.rows.append(
                f"{frame},{number},{left:.2f},{top:.2f},{right - left:.2f},{bottom - top:.2f},"
                f"{confidence:.4f},{class_id + 1},1"
            )
            place = (left, top, right, bottom)
            fresh = ObjectRecord(number, class_id, confidence, at_s, at_s, first_box_px=place)
            record = self.objects.setdefault(number, fresh)
            record.class_id, record.last_s, record.last_box_px = class_id, at_s, place
            record.confidence = max(record.confidence, confidence)
            score = confidence * (right - left) * (bottom - top)
            if score > record.best_score * _BETTER:
                record.best_score, record.best_frame_s = score, at_s
                record.best_box_px = (round(left), round(top), round(right), round(bottom))
                better.append(row)
        return better

    def note_findings(self, findings: list[Finding]) -> None:
        """Takes what the rules say of one picture."""
        for finding in findings:
            if finding.phase is Phase.END and finding.key in self._open:
                self._open.pop(finding.key).update(_describe(finding))
                continue
            entry = _describe(finding)
            self.events.append(entry)
            if finding.phase is Phase.BEGIN:
                self._open[finding.key] = entry

    def note_match(self, finding: Finding, told: dict[str, object], before: int | None) -> int:
        """Takes a match with a list; gives its number, with which it may be told again, at the time it was first."""
        entry = _describe(finding) | told
        if before is None:
            self.events.append(entry)
            return len(self.events) - 1
        first = self.events[before]
        self.events[before] = entry | {"start_s": first["start_s"], "end_s": first["end_s"]}
        return before

    def renumber(self, joined: Mapping[int, int]) -> None:
        """Tracks turned out to go on with older ones, whose numbers they get everywhere but in `objects`."""
        for index, row in enumerate(self.rows):
            frame, number, rest = row.split(",", 2)
            self.rows[index] = f"{frame},{joined.get(int(number), int(number))},{rest}"
        for entry in self.events:
            numbers = entry["track_ids"]
            assert isinstance(numbers, list)
            entry["track_ids"] = list(dict.fromkeys(joined.get(number, number) for number in numbers))
        faces = [replace(face, track_id=joined.get(face.track_id, face.track_id)) for face in self.faces]
        best = {face.track_id: face for face in sorted(faces, key=lambda face: face.quality)}
        self.faces = [face for face in faces if not face.track_id or best[face.track_id] is face]

    def end(self, at_s: float) -> None:
        """The file is over: what is still going on ends with it."""
        for entry in self._open.values():
            entry["end_s"] = round(at_s, 3)
        self._open.clear()

    def write(self, folder: Path) -> None:
        """Writes all result files. Blocks: call in a thread."""
        pictures = folder / "pictures"
        pictures.mkdir(parents=True, exist_ok=True)
        (folder / "tracks.csv").write_text("".join(f"{row}\n" for row in self.rows), "ascii")
        _write_json(folder / "classes.json", {str(i + 1): name for i, name in enumerate(CLASS_NAMES)})
        for record in self.objects.values():
            if record.jpeg:
                (pictures / f"track-{record.track_id}.jpg").write_bytes(record.jpeg)
        _write_json(folder / "objects.json", [_describe_object(record) for record in self.objects.values()])
        for name, jpeg in self.pictures.items():
            (pictures / name).write_bytes(jpeg)
        for number, face in enumerate(self.faces, 1):
            (pictures / f"face-{number}.jpg").write_bytes(face.jpeg)
        faces = [_describe_face(number, face, self.size_px) for number, face in enumerate(self.faces, 1)]
        _write_json(folder / "faces.json", faces)
        _write_json(folder / "events.json", sorted(self.events, key=_start_of))


def _describe(finding: Finding) -> dict[str, object]:
    return {
        "kind": finding.kind,
        "start_s": round(finding.from_ns / NS_PER_S, 3),
        "end_s": None if finding.to_ns is None else round(finding.to_ns / NS_PER_S, 3),
        "track_ids": list(finding.track_ids),
        "zone": finding.zone,
        "rule": finding.rule_id,
        "object_class": finding.object_class,
        "direction": finding.direction,
        "confidence": round(finding.confidence, 4),
        "explanation": [
            {
                "measure": measure.measure,
                "value": measure.value,
                "threshold": measure.threshold,
                "from_s": round(measure.from_ns / NS_PER_S, 3),
                "to_s": round(measure.to_ns / NS_PER_S, 3),
            }
            for measure in finding.explanation
        ],
    }


def _describe_face(number: int, face: FaceFacts, size_px: tuple[int, int]) -> dict[str, object]:
    return {
        "track_id": face.track_id or None,
        "time_s": round(face.at_s, 3),
        "box_xyxy": [round(value * side, 1) for value, side in zip(face.box_norm_xyxy, size_px * 2, strict=True)],
        "quality": face.quality,
        "age": face.age,
        "sex": face.sex,
        "live": face.live,
        "glasses": None if face.glasses is None else face.glasses.value,
        "sightings": face.sightings,
        "picture": f"pictures/face-{number}.jpg",
    }


def _describe_object(record: ObjectRecord) -> dict[str, object]:
    facts = record.facts
    return {
        "track_id": record.track_id,
        "class": CLASS_NAMES[record.class_id],
        "confidence": round(record.confidence, 4),
        "first_s": round(record.first_s, 3),
        "last_s": round(record.last_s, 3),
        "best_frame_s": round(record.best_frame_s, 3),
        "best_box_xyxy": list(record.best_box_px),
        "attributes": {} if facts is None else {name: asdict(value) for name, value in facts.attributes.items()},
        "plate": None if facts is None or facts.plate is None else asdict(facts.plate),
        "picture": f"pictures/track-{record.track_id}.jpg" if record.jpeg else "",
    }


def _start_of(entry: dict[str, object]) -> float:
    start_s = entry["start_s"]
    assert isinstance(start_s, float)
    return start_s


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", "utf-8")
