"""What was seen and is kept to be searched: values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from vedette.core.errors import NotFoundError
from vedette.core.messages import ObjectSeen
from vedette.core.objects import UNKNOWN

FACE, APPEARANCE = "face", "appearance"
BIOMETRIC_KINDS = (FACE, APPEARANCE)
"""By which people are found again: asked for with a permission of its own, and a purpose."""
MAX_CANDIDATES = 2000
"""Objects that are ranked for one question; of more, the newest."""


class Source(StrEnum):
    """Whose objects are asked for: what cameras saw, what files showed, or both."""

    CAMERAS = "cameras"
    FILES = "files"
    BOTH = "both"


class NoSuchObjectError(NotFoundError):
    """Nothing was seen under this id, or it is not kept any more."""

    code = "no_such_object"

    def __init__(self, object_id: str) -> None:
        super().__init__(f"there is no seen object {object_id}", "It was removed, or its time is over. Search again.")


@dataclass(frozen=True, slots=True)
class ObjectRecord:
    """A seen object as it is kept.

    Attributes:
        number: Its key in the galleries.
        seen: Without its vectors: they stay with the store.
        camera_name: As the camera is called now, or was when it was removed.
        kinds: Of the vectors that are kept of it.
    """

    number: int
    seen: ObjectSeen
    camera_name: str
    kinds: tuple[str, ...] = ()

    @property
    def place_name(self) -> str:
        """The camera, or the file of which nobody said which camera took it."""
        return self.camera_name or ("" if self.seen.file is None else self.seen.file.name)


def has_looks(seen: ObjectSeen) -> bool:
    """Whether anything is known of how it looks: that it is none of the operator's own categories says nothing."""
    return any(one.value != UNKNOWN for one in seen.attributes.values())


@dataclass(frozen=True, slots=True)
class StoredVector:
    """A sealed vector and whose it is."""

    number: int
    object_id: str
    kind: str
    release: str
    sealed: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ObjectFilter:
    """Which objects are asked for. Empty fields ask nothing; an object is in a range when it overlaps it.

    Attributes:
        attributes: Name to the values that would do. Objects of which nothing wanted is known do not fit, nor do those
            that differ in one; what is not known of them does not speak against them. `unknown` of a set of categories
            (it is none of these) can be asked for, and is otherwise as good as not known.
        plate: With wildcards, as `vedette.core.plates.read_plate` gives it.
        before_ns: Seen first before this moment: pages of one question show one state.
        over_before_ns: Seen last before this moment.
        source, jobs: Of files only the objects of these jobs are looked at: those that the asker may see.
        is_named: Without what is kept for its vector alone.
    """

    cameras: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    plate: str = ""
    from_ns: int | None = None
    to_ns: int | None = None
    before_ns: int | None = None
    over_before_ns: int | None = None
    is_named: bool = False
    source: Source = Source.CAMERAS
    jobs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Passage:
    """A vehicle whose plate was surely read passed a camera."""

    plate: str
    camera_id: str
    from_ns: int
    to_ns: int
