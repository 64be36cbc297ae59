"""The table of one network: every family of compression with bytes, time and the score of the network's own work.

Every fourth picture is kept from the scores: on these int8 is calibrated and statistics are restored. Times are medians
of one thread, all variants run in turn.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from vedette.core.errors import InvalidInputError
from vedette.lab.compress.graph import count_other_numbers, find_layers
from vedette.lab.compress.networks import CompiledVariant, RecordingNetwork, time_side_by_side
from vedette.lab.compress.restoring import restore_statistics
from vedette.lab.compress.subjects import Subject
from vedette.lab.compress.variants import NO_XNOR, Variant, make_variants
from vedette.runtime.clock import Clock

_HELD_EVERY, _LEAST = 4, 4
_CALIBRATION = 60


@dataclass(frozen=True, slots=True)
class Row:
    """One line. What does not apply has no numbers and a note that says why.

    Attributes:
        score: Of the variant as it is; `restored`: after its layers' statistics were set right.
    """

    name: str
    bytes: int | None = None
    ms: float | None = None
    score: float | None = None
    restored: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """`figure`: what the scores are."""

    release: str
    figure: str
    pictures: int
    rows: tuple[Row, ...]


def make_table(subject: Subject, rounds: int, clock: Clock, tell: Callable[[str], None]) -> Table:
    """Makes, measures and judges all variants.

    Raises:
        InvalidInputError: there are too few pictures to calibrate and to judge.
    """
    places = range(subject.judge.count)
    held = [place for place in places if place % _HELD_EVERY == 0]
    judged = [place for place in places if place % _HELD_EVERY]
    if len(judged) < _LEAST:
        raise InvalidInputError(f"{subject.judge.count} pictures are too few: every fourth one is for calibration")
    recorder = RecordingNetwork(CompiledVariant("fp32", subject.model), _CALIBRATION)
    subject.judge.score(recorder, held)
    variants = list(make_variants(subject.model, recorder.inputs))
    networks = [CompiledVariant(one.name, one.model, one.precision) for one in variants]
    timed: list[CompiledVariant] = list(networks)
    if subject.teacher is not None:
        timed.append(CompiledVariant("teacher", subject.teacher))
    times = time_side_by_side(timed, recorder.inputs[0], rounds, clock)
    rows = []
    for variant, network, ms in zip(variants, networks, times, strict=False):
        row = _judge(subject, variant, network, ms, recorder, judged)
        tell(format_row(row))
        rows.append(row)
    rows += [_teacher_row(subject, times[-1]), Row("XNOR-Net", note=NO_XNOR)]
    return Table(subject.release, subject.judge.figure, len(judged), tuple(rows))


def _judge(
    subject: Subject,
    variant: Variant,
    network: CompiledVariant,
    ms: float,
    recorder: RecordingNetwork,
    judged: Sequence[int],
) -> Row:
    score, restored = subject.judge.score(network, judged), None
    if variant.restored:
        mended = variant.model.clone()
        restore_statistics(subject.model, mended, variant.restored, recorder.inputs)
        restored = subject.judge.score(CompiledVariant(variant.name, mended), judged)
    note = ""
    if network.precision not in {variant.precision, "dynamic"}:
        note = f"asked for {variant.precision}, this processor computed in {network.precision}"
    return Row(variant.name, variant.bytes, ms, score, restored, note)


def _teacher_row(subject: Subject, ms: float) -> Row:
    if subject.teacher is None:
        return Row("distilled", note=subject.distilled)
    layers = find_layers(subject.teacher)
    numbers = sum(layer.weights.size for layer in layers) + count_other_numbers(subject.teacher, layers)
    return Row("distilled", 4 * numbers, ms, note=subject.distilled)


def format_row(row: Row) -> str:
    """One line of the table."""
    size = f"{row.bytes:>10,}" if row.bytes is not None else f"{'-':>10}"
    numbers = [
        f"{value:>9.{digits}f}" if value is not None else f"{'-':>9}"
        for value, digits in ((row.ms, 2), (row.score, 4), (row.restored, 4))
    ]
    return f"{row.name:34}{size}{''.join(numbers)}  {row.note}".rstrip()


def format_table(table: Table) -> str:
    """The whole table with its head."""
    head = f"{'variant':34}{'bytes':>10}{'ms':>9}{table.figure:>9}{'restored':>9}"
    title = f"{table.release}: {table.figure} on {table.pictures} pictures, one thread"
    return "\n".join([title, head, *map(format_row, table.rows)])
