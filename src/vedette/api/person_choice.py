"""Which person of a picture is searched for, and why it cannot be. Pure."""

from collections.abc import Sequence

from vedette.core.errors import ConflictError, InvalidInputError
from vedette.core.people import PersonInPicture


class ChoosePersonError(InvalidInputError):
    """There are several people in the picture, or none of the number that was given."""

    code = "choose_person"


class PersonUnclearError(InvalidInputError):
    """How the chosen person looks cannot be said."""

    code = "person_unclear"


class AppearanceNotKeptError(ConflictError):
    """Nowhere is it kept how people look."""

    code = "appearance_not_kept"

    def __init__(self) -> None:
        super().__init__(
            "no camera and no file keeps how people look",
            "Switch Appearance on where a camera's recognition is set (Settings, Cameras), or keep it when a file is "
            "brought.",
        )


def choose_person(people: Sequence[PersonInPicture], number: int | None) -> PersonInPicture:
    """The person of this number, from 1; without one, the only person there is.

    Raises:
        ChoosePersonError, PersonUnclearError
    """
    if (number is None and len(people) > 1) or (number is not None and number > len(people)):
        count = f"{len(people)} people are" if len(people) > 1 else "one person is"
        raise ChoosePersonError(f"{count} in this picture", "Say which one: 1 is the leftmost.")
    chosen = people[(number or 1) - 1]
    if not chosen.vector:
        raise PersonUnclearError(
            "how this person looks cannot be said",
            "The whole person has to be seen, 14 px wide and 40 px high at least, hidden by nobody and with room to "
            "each edge of the picture.",
        )
    return chosen
