"""What the log can prove of one camera in a range: which leaves, from where to where, in which files."""

from collections.abc import Iterable, Iterator, Sequence

from vedette.core.ids import is_id
from vedette.evidence.errors import LogDamagedError, ProofRefusedError
from vedette.evidence.log import EvidenceLog, prove_entry
from vedette.evidence.log_index import parse_leaf
from vedette.evidence.offline_verify import UNTOLD_HOLE_NS, encode_canonical
from vedette.evidence.ports import LeafRow, TreeRow
from vedette.evidence.proofs import CameraProof, LogHead, ProofFile, ProofRequest, ProvenSegment, StampedTree
from vedette.evidence.tiles import TileReader
from vedette.evidence.time_stamps import find_stamps
from vedette.evidence.witnessing import read_witnessed

MOST_LEAVES = 20_000
"""Leaves of one proof: a day of two streams is under 6,000."""


def make_head(log: EvidenceLog) -> LogHead:
    """The log as it was signed last. Everything waiting must have got its checkpoint before."""
    key = log.ring.present
    return LogHead(
        site=log.ring.site,
        size=log.size,
        note=log.format_site_head(log.size),
        key=key.text,
        fingerprint=key.fingerprint,
        rotations=tuple(log.read_rotations()),
        witnessed=tuple(read_witnessed(log)),
    )


def prove_camera(log: EvidenceLog, request: ProofRequest) -> CameraProof:
    """Raises ProofRefusedError."""
    _check_request(log, request)
    index, chain, head = log.index, request.camera_id, request.size
    wanted = index.find_overlapping(chain, request.streams, request.from_ns, request.to_ns, head)
    if not wanted:
        return CameraProof(chain, (), {}, ())
    first, last = wanted[0].number, wanted[-1].number
    if last - first >= MOST_LEAVES:
        raise ProofRefusedError(f"{last - first + 1} entries, {MOST_LEAVES} are allowed", "Ask for a shorter range.")
    rows = index.find_rows(chain, first, last)
    retired = index.find_retired(chain, [row.segment_id for row in wanted if row.kind == "segment"], head)
    later = [row for row in retired if not first <= row.number <= last]
    gone = {row.segment_id for row in retired}
    kept = [row for row in wanted if row.kind == "segment" and row.segment_id not in gone]
    readers = {tree: log.reader(tree) for tree in {row.tree for row in [*rows, *later]}}
    covered = {stream: _covered_to(stream, wanted, request) for stream in request.streams}
    return CameraProof(
        camera_id=chain,
        segments=tuple(_segment(readers[row.tree], row) for row in kept),
        covered_to_ns={stream: end for stream, end in covered.items() if end is not None},
        files=tuple(_file(log, request, readers[tree], tree, rows, later) for tree in sorted(readers)),
        stamps=tuple(one for tree in sorted(readers) for one in _find_stamps(log, head, tree, rows)),
    )


def _check_request(log: EvidenceLog, request: ProofRequest) -> None:
    if not is_id(request.camera_id) or not request.streams or not request.from_ns < request.to_ns:
        raise ProofRefusedError("proofs are asked for with a camera's id, its streams and a range that has a length")
    if not 0 < request.size <= log.size:
        raise ProofRefusedError(f"the log never had a head of {request.size}", "Take a head first.")


def _covered_to(stream: str, rows: Iterable[LeafRow], request: ProofRequest) -> int | None:
    """Up to where segments reach, and gaps that follow them. A gap inside footage that still grows covers nothing."""
    own = sorted((row for row in rows if row.stream == stream), key=lambda row: row.start_ns)
    ends = [row.end_ns for row in own if row.kind == "segment"]
    reached = max(ends, default=request.from_ns)
    for row in own:
        if row.kind == "gap" and row.start_ns - reached <= UNTOLD_HOLE_NS:
            reached = max(reached, row.end_ns)
    return min(reached, request.to_ns) if reached > request.from_ns else None


def _segment(reader: TileReader, row: LeafRow) -> ProvenSegment:
    leaf = parse_leaf(reader.entry(row.place))
    return ProvenSegment(row.segment_id, row.stream, row.start_ns, row.end_ns, leaf["bytes"], leaf["sha256"])


def _file(
    log: EvidenceLog,
    request: ProofRequest,
    reader: TileReader,
    name: str,
    rows: Sequence[LeafRow],
    later: Sequence[LeafRow],
) -> ProofFile:
    row = _tree_at(log, name, request.size)
    signer = log.ring.find_signer(request.fingerprint)
    note = signer.sign_tree(log.format_head(name, row.size, row.root))
    record = {
        "checkpoint": note,
        "range": [prove_entry(reader, leaf.place, row.size) for leaf in rows if leaf.tree == name],
        "later": [prove_entry(reader, leaf.place, row.size) for leaf in later if leaf.tree == name],
        "site": log.site_entry(row.site_place, request.size),
    }
    return ProofFile(_file_name(name), encode_canonical(record).decode())


def _find_stamps(log: EvidenceLog, head: int, name: str, rows: Sequence[LeafRow]) -> Iterator[StampedTree]:
    return find_stamps(log, _file_name(name), name, [row for row in rows if row.tree == name], head)


def _file_name(tree: str) -> str:
    return f"{tree.partition('/')[2]}.json"


def _tree_at(log: EvidenceLog, name: str, head: int) -> TreeRow:
    row = log.index.find_tree(name, head)
    if row is None:
        raise LogDamagedError(f"the index of the evidence log does not know the tree {name}")
    return row
