"""Teaching over the network: orders, progress, what is kept, and every refusal, as they travel. Values only.

Loads nothing that judges, because the gateway passes these on. Design: docs/design/categories.md.
"""

from enum import StrEnum
from typing import Literal

import msgspec

from vedette.core.errors import ConflictError, InvalidInputError, NotFoundError, TooManyRequestsError
from vedette.vision.categories.figures import SetFigures

MAX_LESSON_BYTES = 1 << 30
"""Of the archive in which pictures are sent."""
MAX_KEPT_SETS = 100
MAX_TOLD = 50
"""Pictures that were left out and are named; all are counted."""


class EmbeddingMissingError(NotFoundError):
    """Nothing here can make vectors of pictures."""

    code = "embedding_missing"


class TooFewPicturesError(InvalidInputError):
    """A category has too few usable pictures to be learnt and judged."""

    code = "too_few_pictures"


class TooManyPicturesError(InvalidInputError):
    """More pictures than one set is taught from."""

    code = "too_many_pictures"


class BadArchiveError(InvalidInputError):
    """What was sent is no archive of folders of pictures, or one that is not opened."""

    code = "bad_archive"


class ArchiveTooLargeError(InvalidInputError):
    """More bytes than are taken for one set, packed or unpacked."""

    code = "archive_too_large"


class SetNameTakenError(ConflictError):
    """A set of this name is kept already."""

    code = "set_name_taken"


class TooManySetsError(ConflictError):
    """As many sets are kept as are kept at most."""

    code = "too_many_sets"


class LessonBusyError(TooManyRequestsError):
    """One set is taught at a time."""

    code = "lesson_busy"


class NoLessonError(NotFoundError):
    """Nothing was taught since the analyzer started, or it was put away."""

    code = "no_lesson"

    def __init__(self, message: str = "nothing is being taught", hint: str = "") -> None:
        super().__init__(message, hint)


class LessonState(StrEnum):
    RECEIVING = "receiving"
    EMBEDDING = "embedding"
    TEACHING = "teaching"
    JUDGING = "judging"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_over(self) -> bool:
        return self in {LessonState.DONE, LessonState.FAILED, LessonState.CANCELLED}


class LessonOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be taught, and the user who wants it."""

    name: str
    about: Literal["any", "person", "vehicle"]
    user_id: str
    user_name: str


class LeftOutPicture(msgspec.Struct, frozen=True):
    """A picture that could not be used: its place in the archive, and why."""

    name: str
    reason: str


class LessonRecord(msgspec.Struct, frozen=True):
    """One teaching, as far as it is.

    Attributes:
        pictures: In the archive; `embedded`: looked at so far, those left out counted.
        fold: Of `folds`; both 0 before teaching.
        left_out: Of `left_out_count`, the first `MAX_TOLD`.
        code, error, hint: Why it failed.
    """

    lesson_id: str
    name: str
    about: Literal["any", "person", "vehicle"]
    user_name: str
    started_ns: int
    state: LessonState
    categories: list[str] = []
    pictures: int = 0
    embedded: int = 0
    fold: int = 0
    folds: int = 0
    left_out_count: int = 0
    left_out: list[LeftOutPicture] = []
    code: str = ""
    error: str = ""
    hint: str = ""


class KeptTerms(msgspec.Struct, frozen=True):
    """What is shown of a set that can be read."""

    about: Literal["any", "person", "vehicle"]
    categories: list[str]
    pictures: int
    skipped: int
    made_at: str
    made_by: str
    embedding: str
    none_below: float
    figures: SetFigures


class KeptRecord(msgspec.Struct, frozen=True):
    """One kept set.

    Attributes:
        terms: None: its file cannot be used, `code`, `reason` and `hint` say why.
        taught_by: The user; empty: it was not taught here.
        code, reason, hint: Why it tells nothing now, empty: it does.
    """

    name: str
    terms: KeptTerms | None
    taught_by: str
    code: str = ""
    reason: str = ""
    hint: str = ""
