"""Works out runs, gaps and coverage from segments and recorded gaps. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from vedette.core.footage import FootageGap, FootageRun, FragmentRef, SegmentRef
from vedette.core.media import StreamRole
from vedette.recording.ledger import HOLE_NS
from vedette.recording.records import GapRecord


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of footage inside one segment."""

    run_id: str
    from_ns: int
    to_ns: int
    frames: int
    size_bytes: int


def whole(segment: SegmentRef) -> Part:
    """The stretch of a segment that lies inside the asked range."""
    return Part(segment.run_id, segment.start_ns, segment.end_ns, segment.frames, segment.size_bytes)


def clip(segment: SegmentRef, fragments: Iterable[FragmentRef], from_ns: int, to_ns: int) -> Iterator[Part]:
    """The stretch of a segment that reaches over the border of the range; whole fragments count."""
    inside = [part for part in fragments if part.start_ns < to_ns and part.end_ns > from_ns]
    if inside:
        yield Part(
            segment.run_id,
            max(from_ns, inside[0].start_ns),
            min(to_ns, inside[-1].end_ns),
            sum(part.frames for part in inside),
            sum(part.size_bytes for part in inside),
        )


def find_runs(role: StreamRole, parts: Iterable[Part], gaps: Iterable[GapRecord]) -> list[FootageRun]:
    """Joins parts of the same run that follow each other; a recorded gap of some length splits."""
    breaks = sorted((gap.from_ns, gap.to_ns) for gap in gaps if gap.to_ns - gap.from_ns > HOLE_NS)
    runs: list[FootageRun] = []
    last_run_id = ""
    for part in parts:
        if runs and part.run_id == last_run_id and part.from_ns - runs[-1].to_ns <= HOLE_NS:
            run = runs[-1]
            runs[-1] = FootageRun(
                role,
                run.from_ns,
                max(run.to_ns, part.to_ns),
                run.frames + part.frames,
                run.size_bytes + part.size_bytes,
            )
        else:
            runs.append(FootageRun(role, part.from_ns, part.to_ns, part.frames, part.size_bytes))
        last_run_id = part.run_id
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
    role: StreamRole, segments: Sequence[SegmentRef], records: Iterable[GapRecord], from_ns: int, to_ns: int
) -> list[FootageGap]:
    """Returns the recorded gaps of a range, and as `unknown` the holes between segments that none explains."""
    gaps = [
        FootageGap(role, max(gap.from_ns, from_ns), min(gap.to_ns, to_ns), gap.reason, gap.frames_missing)
        for gap in records
        if gap.from_ns < to_ns and gap.to_ns > from_ns
    ]
    known = sorted((gap.from_ns, gap.to_ns) for gap in gaps)
    end_ns: int | None = None
    for segment in sorted(segments, key=lambda segment: segment.start_ns):
        if end_ns is not None and segment.start_ns - end_ns > HOLE_NS:
            start, end = max(end_ns, from_ns), min(segment.start_ns, to_ns)
            if end - start > HOLE_NS and not _is_explained(known, start, end):
                gaps.append(FootageGap(role, start, end, "unknown", 0))
        end_ns = max(end_ns or segment.end_ns, segment.end_ns)
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
