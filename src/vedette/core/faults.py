"""What is wrong with an input: all of it at once, field by field."""

from dataclasses import dataclass

from vedette.core.errors import InvalidInputError


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with an input: which field, and what to do about it."""

    field: str
    message: str


class FaultyInputError(InvalidInputError):
    """An input breaks rules; `faults` has them all."""

    code = "faulty_input"

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("; ".join(f"{fault.field}: {fault.message}" for fault in faults))
        self.faults = faults
