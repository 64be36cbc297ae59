"""Seen objects on the wire. Vectors have no shape here: they never leave. Scores are rounded."""

from typing import Annotated, Literal

from pydantic import Base64Bytes, Field

from vedette.api.schemas.common import Answer, Id, Page, Request, Utc, When
from vedette.api.schemas.events import AttributeOut, PlateOut
from vedette.api.schemas.kept_categories import KeptSetOut
from vedette.search.objects import MAX_CANDIDATES

ClassWord = Literal["person", "vehicle", "two_wheeler", "object"]
WayWord = Literal["plate", "face", "appearance", "attributes"]
SourceWord = Literal["cameras", "files", "both"]
Word = Annotated[str, Field(max_length=32)]
Values = Annotated[list[Word], Field(min_length=1, max_length=51)]
Purpose = Annotated[
    str, Field(max_length=500, description="Why; needed for searches by face or appearance, and always in the audit")
]
MAX_PAGE = 200


class ObjectRangeIn(Request):
    """Among which objects is searched; what is left out asks nothing.

    Attributes:
        source: What cameras saw, what files showed (`file.analyze`; the files that the caller may see), or both. Times
            of a file whose beginning nobody said count from when it was brought.
    """

    cameras: Annotated[list[Id], Field(default_factory=list, max_length=1000)]
    from_: Annotated[When | None, Field(alias="from")] = None
    to: When | None = None
    source: SourceWord = "cameras"
    purpose: Purpose = ""


class ObjectSearchIn(ObjectRangeIn):
    """What is looked for: facts (class, plate, attributes), or what is like a seen object (`object_id`).

    Attributes:
        by: By what of the seen object; left out: its plate, else its face, its appearance, its attributes.
        plate: With `?` for one sign and `*` for any.
        attributes: Name to the values that would do, as `GET /search/words` has them; words of a set of categories that
            is kept no longer as well, while objects have them.
    """

    object_id: Id | None = None
    by: WayWord | None = None
    plate: Annotated[str, Field(max_length=40)] = ""
    classes: Annotated[list[ClassWord], Field(default_factory=list, max_length=4)]
    attributes: Annotated[dict[Word, Values], Field(default_factory=dict, max_length=16)]
    limit: Annotated[int, Field(ge=1, le=MAX_PAGE)] = 60
    cursor: Annotated[str | None, Field(max_length=128)] = None


class PictureSearchIn(ObjectRangeIn):
    """A picture with one face, JPEG, PNG, WebP or BMP in Base64. It is looked at once and kept nowhere."""

    picture: Base64Bytes
    limit: Annotated[int, Field(ge=1, le=MAX_PAGE)] = 60


class PersonSearchIn(ObjectRangeIn):
    """A picture in which a whole person is seen. It is looked at once and kept nowhere.

    Attributes:
        person: Which one, from 1, from left to right, as `POST /search/people` has them; left out: the only one.
    """

    picture: Base64Bytes
    person: Annotated[int | None, Field(ge=1, le=100)] = None
    limit: Annotated[int, Field(ge=1, le=MAX_PAGE)] = 60


class PeopleIn(Request):
    picture: Base64Bytes


class PersonInPictureOut(Answer):
    """A person of a picture.

    Attributes:
        picture: JPEG in Base64.
        usable: Whether it can be said how the person looks.
    """

    number: int
    box: Annotated[list[float], Field(min_length=4, max_length=4)]
    picture: str
    usable: bool


class PeopleOut(Answer):
    items: list[PersonInPictureOut]


class TraceIn(ObjectRangeIn):
    """The seen object whose path is wanted, and by what of it."""

    object_id: Id
    by: WayWord | None = None


class ObjectEraseIn(Request):
    """Seen objects to be erased, and why."""

    object_ids: Annotated[list[Id], Field(min_length=1, max_length=MAX_CANDIDATES)]
    reason: Annotated[str, Field(min_length=1, max_length=500)]


class ErasedOut(Answer):
    erased: int


class SeenInFileOut(Answer):
    """Where in a file an object was seen, in seconds from its beginning.

    Attributes:
        job_id: Of the analysis; its results are at `/analysis/files/{job_id}/results`.
        dated: Whether somebody said when the file begins; without, the object's times count from when it was brought.
    """

    job_id: str
    name: str
    first_s: float
    last_s: float
    best_s: float
    dated: bool


class SeenObjectOut(Answer):
    """An object as one camera saw it.

    Attributes:
        best: When it was seen best: its picture and `box` are of then.
        recorded: Whether there is footage of it.
        review: Address in the console that plays it.
        file: Of what a file showed, null for cameras. `camera_id` is empty where nobody said which camera took it.
        ways: By what of it others like it can be found, for this caller.
        score: 0..1, rounded; null where nothing was asked that fits more or less.
        verdict: Of searches by likeness. `defer`: a person has to look.
        doubts: Why it does not fit surely.
    """

    id: str
    camera_id: str
    camera_name: str
    object_class: ClassWord
    from_: Utc = Field(serialization_alias="from")
    to: Utc
    best: Utc
    confidence: float
    box: Annotated[list[float], Field(min_length=4, max_length=4)]
    attributes: dict[str, AttributeOut]
    plate: PlateOut | None
    picture_url: str | None
    recorded: bool
    review: str
    file: SeenInFileOut | None
    ways: list[WayWord]
    score: float | None
    verdict: Literal["accept", "defer", "reject", "not_calibrated"] | None
    doubts: list[Literal["plate_unsure", "signs_alike", "attributes_unknown"]]


class StrangersOut(Answer):
    """Of how many pairs of strangers, seen at once by one camera, thresholds are made, and how many it takes."""

    pairs: int
    needed: int


class ObjectSearchOut(Page[SeenObjectOut]):
    """Found objects, the best first.

    Attributes:
        by: What was compared.
        searched: How many were compared, in searches by likeness.
        calibrated: Whether thresholds were measured for it; without, nothing is said but the order.
        evidence: Of what this site's thresholds are made, for appearance; null for all else.
        cut: More fit than are ranked: narrow the time or the cameras.
    """

    by: Literal["facts", "plate", "attributes", "face", "appearance"]
    searched: int
    calibrated: bool
    evidence: StrangersOut | None
    cut: bool


class TravelOut(Answer):
    """Whether it can have come here from the step before. `need_s` 0: nobody knows how long it takes."""

    plausibility: Literal["plausible", "implausible", "unknown"]
    gap_s: float
    reason: Literal["", "too_fast", "faster_than_seen", "two_at_once"]
    need_s: float
    distance_m: float | None


class StepOut(Answer):
    object: SeenObjectOut
    travel: TravelOut | None


class VisitOut(Answer):
    """A stay in front of one camera: data for timeline and map. `position` is null while cameras have none."""

    camera_id: str
    camera_name: str
    position: Annotated[list[float], Field(min_length=2, max_length=2)] | None
    from_: Utc = Field(serialization_alias="from")
    to: Utc
    object_ids: list[str]
    plausible: bool


class TraceOut(Answer):
    """Appearances by time, and the stays that they make."""

    by: Literal["facts", "plate", "attributes", "face", "appearance"]
    searched: int
    calibrated: bool
    steps: list[StepOut]
    visits: list[VisitOut]


class DistanceOut(Answer):
    camera_id: str
    other_camera_id: str
    metres: float


class DistancesOut(Answer):
    items: list[DistanceOut]


class DistanceIn(Request):
    camera_id: Id
    other_camera_id: Id
    metres: Annotated[float, Field(ge=0, le=1_000_000, description="0: their views overlap")]


class DistancesIn(Request):
    items: Annotated[list[DistanceIn], Field(max_length=2000)]


class AbsentAttributeOut(Answer):
    """An attribute that could be told and is not.

    Attributes:
        name: Such as `make`.
        code: `no_model`: none is installed. `refused`: the installed one is not used.
        reason: In words.
    """

    name: str
    code: Literal["no_model", "refused"]
    reason: str


class SearchWordsOut(Answer):
    """What can be asked.

    Attributes:
        attributes: Name to its values.
        absent: What no installed model tells.
        categories: The operator's own sets: attributes too, by their names, with `unknown` for none of these.
        biometric: Whether the caller may search by face and appearance.
        days: How long seen objects are kept.
    """

    classes: list[ClassWord]
    attributes: dict[str, list[str]]
    absent: list[AbsentAttributeOut]
    categories: list[KeptSetOut]
    biometric: bool
    days: int
