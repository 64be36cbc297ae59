"""Works out runs, gaps and coverage from joined segments and recorded gaps. Pure."""

from collections.abc import Iterable, Iterator, Sequence

from vedette.core.footage import FootageGap, FootageRun, FragmentRef
from vedette.core.media import StreamRole
from vedette.recording.ledger import HOLE_NS
from vedette.recording.records import GapRecord, SegmentSpan, Stretch


def clip(span: SegmentSpan, fragments: Iterable[FragmentRef], from_ns: int, to_ns: int) -> Iterator[Stretch]:
    """The stretch of a segment that reaches over the border of the range; whole fragments count."""
    inside = [part for part in fragments if part.start_ns < to_ns and part.end_ns > from_ns]
    if inside:
        yield Stretch(
            span.run_id,
            span.mode,
            from_ns=max(from_ns, inside[0].start_ns),
            to_ns=min(to_ns, inside[-1].end_ns),
            frames=sum(part.frames for part in inside),
            size_bytes=sum(part.size_bytes for part in inside),
        )


def whole(span: SegmentSpan) -> Stretch:
    """A segment as a stretch of its own."""
    return Stretch(span.run_id, span.mode, span.start_ns, span.end_ns, span.frames, span.size_bytes)


def find_runs(role: StreamRole, stretches: Iterable[Stretch], gaps: Iterable[GapRecord]) -> list[FootageRun]:
    """Joins stretches of the same run that follow each other; a recorded gap of some length splits."""
    breaks = sorted((gap.from_ns, gap.to_ns) for gap in gaps if gap.to_ns - gap.from_ns > HOLE_NS)
    runs: list[FootageRun] = []
    last_run_id, from_ns, to_ns, frames, size_bytes = "", 0, 0, 0, 0
    for stretch in stretches:
        if stretch.run_id == last_run_id and stretch.from_ns - to_ns <= HOLE_NS:
            to_ns = max(to_ns, stretch.to_ns)
            frames += stretch.frames
            size_bytes += stretch.size_bytes
            continue
        if last_run_id:
            runs.append(FootageRun(role, from_ns, to_ns, frames, size_bytes))
        last_run_id, _, from_ns, to_ns, frames, size_bytes, _ = stretch
    if last_run_id:
        runs.append(FootageRun(role, from_ns, to_ns, frames, size_bytes))
    return [piece for run in runs for piece in _split(run, breaks)]


def _split(run: FootageRun, breaks: Sequence[tuple[int, int]]) -> Iterator[FootageRun]:
    """Splits a run at the gaps inside it. Frames and bytes are shared out by length: none are lost."""
    pieces: list[tuple[int, int]] = []
    start_ns = run.from_ns
    for from_ns, to_ns in breaks:
        if from_ns > start_ns and to_ns < run.to_ns:
            pieces.append((start_ns, from_ns))
            start_ns = to_ns
    pieces.append((start_ns, run.to_ns))
    length_ns = max(1, sum(to_ns - from_ns for from_ns, to_ns in pieces))
    frames_left, bytes_left = run.frames, run.size_bytes
    for number, (from_ns, to_ns) in enumerate(pieces):
        is_last = number == len(pieces) - 1
        frames = frames_left if is_last else run.frames * (to_ns - from_ns) // length_ns
        size_bytes = bytes_left if is_last else run.size_bytes * (to_ns - from_ns) // length_ns
        frames_left -= frames
        bytes_left -= size_bytes
        yield FootageRun(run.role, from_ns, to_ns, frames, size_bytes)


def find_gaps(
    role: StreamRole, covered: Iterable[tuple[int, int]], records: Iterable[GapRecord], from_ns: int, to_ns: int
) -> list[FootageGap]:
    """Returns the recorded gaps of a range, and as `unknown` the holes in what is covered that none explains."""
    gaps = [
        FootageGap(role, max(gap.from_ns, from_ns), min(gap.to_ns, to_ns), gap.reason, gap.frames_missing)
        for gap in records
        if gap.from_ns < to_ns and gap.to_ns > from_ns
    ]
    known = sorted((gap.from_ns, gap.to_ns) for gap in gaps)
    end_ns: int | None = None
    for covered_from_ns, covered_to_ns in sorted(covered):
        if end_ns is not None and covered_from_ns - end_ns > HOLE_NS:
            start, end = max(end_ns, from_ns), min(covered_from_ns, to_ns)
            if end - start > HOLE_NS and not _is_explained(known, start, end):
                gaps.append(FootageGap(role, start, end, "unknown", 0))
        end_ns = covered_to_ns if end_ns is None else max(end_ns, covered_to_ns)
    return sorted(gaps, key=lambda gap: gap.from_ns)


def _is_explained(known: Sequence[tuple[int, int]], from_ns: int, to_ns: int) -> bool:
    covered_ns = sum(max(0, min(end, to_ns) - max(start, from_ns)) for start, end in known)
    return covered_ns >= to_ns - from_ns - HOLE_NS


def join(stretches: Iterable[tuple[int, int]], resolution_ns: int) -> list[tuple[int, int]]:
    """Joins stretches whose holes are shorter than the resolution. Input in order of start."""
    joined: list[tuple[int, int]] = []
    for from_ns, to_ns in stretches:
        if joined and from_ns - joined[-1][1] < resolution_ns:
            joined[-1] = (joined[-1][0], max(joined[-1][1], to_ns))
        else:
            joined.append((from_ns, to_ns))
    return joined
