"""The evidence log: trees of each camera and day and of the audit trail, under one signed site log.

Everything that is appended counts from the next checkpoint on. Order of a checkpoint: trees, sync; site log, sync;
index; checkpoint of the site log, atomically, last. After a crash everything goes back to the last checkpoint, and
the sources tell again what came after it. Not asynchronous: `vedette.node.notary` calls it from one thread at a time.
"""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from vedette.core.errors import StorageError
from vedette.core.time import format_utc
from vedette.evidence.errors import LogDamagedError
from vedette.evidence.keys import KeyRing, LogKey, check_signature_fast
from vedette.evidence.leaves import AUDIT, SITE, Draft, Record, draft_key, draft_root
from vedette.evidence.log_index import NO_LEAF, make_row, parse_leaf, rebuild_index
from vedette.evidence.offline_verify import (
    CHECKPOINT,
    MOST_NOTE_BYTES,
    OVERLAP_NS,
    OtherKey,
    WrongForm,
    demand,
    encode_canonical,
    open_published,
    parse_checkpoint,
)
from vedette.evidence.ports import LeafIndex, LeafRow, TreeRow
from vedette.evidence.tiles import TileReader, TileTree
from vedette.runtime.files import replace_file

ROTATIONS = "rotations"


@dataclass(slots=True)
class _Tail:
    """The end of a chain: what the next leaf names as `prev`, and its number."""

    number: int
    prev: str


@dataclass(frozen=True, slots=True)
class SignedHead:
    """What the checkpoint of the site log says.

    Attributes:
        older_until_ns: Before when an older key could sign it too; None where none did.
    """

    size: int
    root: bytes
    older_until_ns: int | None = None


class EvidenceLog:
    """The open log. Make it with `open_log`; after an error other than ProofRefusedError open it anew."""

    def __init__(self, root: Path, ring: KeyRing, index: LeafIndex, site: TileTree) -> None:
        self.root = root
        self.ring = ring
        self.index = index
        self._site = site
        self._site_prev = hashlib.sha256(site.entry(site.size - 1)).hexdigest() if site.size else NO_LEAF
        self._trees: dict[str, TileTree] = {}
        self._tails: dict[str, _Tail] = {}
        self._sequences: dict[tuple[str, str], int] = {}
        self._rows: dict[str, LeafRow] = {}
        self._positions: dict[str, int] = {}
        self.checkpoint_at_ns = _read_time(site, site.size)
        self.signed_root = site.root(site.size)

    @property
    def size(self) -> int:
        """Leaves of the site log: names the head."""
        return self._site.size

    @property
    def waiting(self) -> int:
        """Leaves that no checkpoint covers yet."""
        return len(self._rows)

    def append(self, drafts: Sequence[Draft], now_ns: int) -> int:
        """Adds those facts that are not logged yet; returns how many."""
        known = self.index.find_known([draft.key for draft in drafts])
        fresh = 0
        for draft in drafts:
            key = draft.key
            if key not in known and key not in self._rows:
                self._append(draft.chain, draft.record, now_ns)
                fresh += 1
        return fresh

    def set_position(self, name: str, value: int) -> None:
        """Remembers how far a source was read, with the next checkpoint."""
        self._positions[name] = value

    def find_position(self, name: str) -> int:
        return self._positions.get(name) or self.index.find_position(name)

    def checkpoint(self, now_ns: int) -> bool:
        """Makes everything that was appended durable and signs it; False when there was nothing new.

        Raises:
            StorageError: it could not be written. The log must be opened anew.
        """
        self.end_overlap(now_ns)
        grown = {name: tree for name, tree in self._trees.items() if tree.is_grown}
        if not grown and not self._positions:
            return False
        try:
            rows = [self._settle(name, tree, now_ns) for name, tree in grown.items()]
            self._site.flush()
            head = self._site.size
            rows = [TreeRow(row.tree, head, row.size, row.root, row.site_place) for row in rows]
            self.index.commit(head, list(self._rows.values()), rows, self._positions)
            if grown:
                self._sign_trees(rows)
                self.sign_head()
        except OSError as exc:
            raise StorageError(f"the evidence log cannot be written: {exc.strerror}", "Check the disk.") from exc
        self._rows, self._positions = {}, {}
        if grown:
            self.checkpoint_at_ns, self.signed_root = now_ns, self._site.root(self._site.size)
        return bool(grown)

    def end_overlap(self, now_ns: int) -> bool:
        """Destroys the private key before the present one when its time is over, and takes its lines off.

        Returns whether that was now.
        """
        if not self.ring.is_overlap_over(now_ns):
            return False
        self.ring.end_overlap()
        self.sign_head()
        return True

    def rotate_key(self, reason: str, now_ns: int, overlap_ns: int = OVERLAP_NS) -> str:
        """Replaces the signing key; returns the new fingerprint. The old key signs the leaf that names the new one.

        `overlap_ns`: so long it signs beside the new one; 0: it is destroyed at once. One before it ends now.
        """
        if self.ring.older is not None:
            self.ring.end_overlap()
            self.sign_head()
        old, new = self.ring.present, self.ring.prepare_next()
        draft = draft_key(old.text, new.text, reason, now_ns, now_ns + overlap_ns)
        self._append(AUDIT, draft.record, now_ns)
        place = self._rows[draft.key]
        self.checkpoint(now_ns)
        tree = self._trees[place.tree]
        record = {
            "old": old.text,
            "checkpoint": self.ring.signer.sign(self.format_head(place.tree, tree.size, tree.root(tree.size))),
            "entry": prove_entry(tree, place.place, tree.size),
        }
        folder = self.root / ROTATIONS
        folder.mkdir(mode=0o750, exist_ok=True)
        replace_file(folder / f"{len(self.ring.keys):06}.json", encode_canonical(record))
        self.ring.switch(new, now_ns, self.size, now_ns + overlap_ns)
        self.sign_head()
        return self.ring.present.fingerprint

    def read_rotations(self) -> list[str]:
        """One proof for each change of key, oldest first."""
        folder = self.root / ROTATIONS
        names = [folder / f"{number:06}.json" for number in range(1, len(self.ring.keys))]
        try:
            return [path.read_text(encoding="utf-8") for path in names]
        except OSError as exc:
            raise LogDamagedError(f"the proof of a change of key is gone: {exc}") from exc

    def format_head(self, tree: str, size: int, root: bytes) -> str:
        """The text of a C2SP checkpoint of a tree."""
        return f"{self.ring.site}/{tree}\n{size}\n{base64.b64encode(root).decode()}\n"

    def format_site_head(self, size: int) -> str:
        """The signed checkpoint of the site log when it had `size` leaves, by the present key alone: for bundles."""
        return self.ring.signer.sign(self.format_head(SITE, size, self._site.root(size)))

    def format_published_head(self) -> str:
        """The checkpoint of now as the disk and witnesses get it: by the key before too, in its time."""
        return self.ring.sign_published(self.format_head(SITE, self._site.size, self._site.root(self._site.size)))

    def prove_growth(self, old: int, size: int = 0) -> list[bytes]:
        """Shows that the site log, when it had `size` leaves (0: now), begins with its first `old` ones."""
        size = size or self._site.size
        return self._site.prove_growth(old, size) if 0 < old < size else []

    def sign_head(self) -> None:
        """Leaves the signed checkpoint of the site log: from here on everything counts."""
        replace_file(self.root / CHECKPOINT, self.format_published_head().encode())
        self.ring.mark_log()

    def site_entry(self, place: int, size: int) -> Record:
        return prove_entry(self._site, place, size)

    def reader(self, tree: str) -> TileReader:
        return self._trees.get(tree) or TileReader(self.root / tree)

    def check_tree(self, row: TreeRow) -> None:
        """Computes a tree anew from its leaves and compares it with the site log. Raises LogDamagedError."""
        leaf = parse_leaf(self._site.entry(row.site_place))
        told = (leaf.get("origin"), leaf.get("size"), leaf.get("root"))
        root = TileReader(self.root / row.tree).check(row.size)
        if told != (f"{self.ring.site}/{row.tree}", row.size, root.hex()):
            raise LogDamagedError(
                f"the tree {row.tree} is not what was signed", "It was changed on disk: restore it from a backup."
            )

    def check_site(self) -> None:
        """The same for the site log, against its checkpoint on disk."""
        head, site = read_head(self.root, self.ring), TileReader(self.root / SITE)
        if site.check(head.size) != head.root or head.size != self._site.size:
            raise LogDamagedError("the site log is not what was signed", "Restore it from a backup.")
        check_head(site, head)

    def close(self) -> None:
        self.index.close()

    def _append(self, chain: str, record: Record, now_ns: int) -> None:
        tail = self._tail(chain)
        tree = self._tree(chain, now_ns)
        leaf = {"v": 1, "prev": tail.prev, **record}
        if record["kind"] == "segment":
            leaf["seq"] = self._next_sequence(chain, str(record["stream"]))
        data = encode_canonical(leaf)
        place = self._trees[tree].append(data)
        row = make_row(tree, tail.number, place, leaf)
        self._rows[row.key] = row
        tail.number, tail.prev = tail.number + 1, hashlib.sha256(data).hexdigest()

    def _tail(self, chain: str) -> _Tail:
        tail = self._tails.get(chain)
        if tail is None:
            row = self.index.find_tail(chain)
            tail = _Tail(0, NO_LEAF)
            if row is not None:
                data = self.reader(row.tree).entry(row.place)
                tail = _Tail(row.number + 1, hashlib.sha256(data).hexdigest())
            self._tails[chain] = tail
        return tail

    def _tree(self, chain: str, now_ns: int) -> str:
        """The tree of today. When the wall clock went back to yesterday the newest tree stays in use."""
        day = format_utc(now_ns)[:10].replace("-", "")
        last = self.index.find_tail(chain)
        open_now = [name for name in self._trees if name.startswith(f"{chain}/")]
        name = max([f"{chain}/{day}", *open_now, *([last.tree] if last else [])])
        if name not in self._trees:
            for older in open_now:
                if not self._trees[older].is_grown:
                    del self._trees[older]
            row = self.index.find_tree(name, self._site.size)
            self._trees[name] = TileTree(self.root / name, row.size if row else 0)
        return name

    def _next_sequence(self, chain: str, stream: str) -> int:
        known = self._sequences.get((chain, stream))
        number = 1 + (self.index.find_last_sequence(chain, stream) if known is None else known)
        self._sequences[chain, stream] = number
        return number

    def _settle(self, name: str, tree: TileTree, now_ns: int) -> TreeRow:
        """Writes one grown tree and its leaf in the site log."""
        tree.flush()
        root = tree.root(tree.size)
        draft = draft_root(f"{self.ring.site}/{name}", tree.size, root, now_ns)
        data = encode_canonical({"v": 1, "prev": self._site_prev, **draft.record})
        self._site_prev = hashlib.sha256(data).hexdigest()
        return TreeRow(name, 0, tree.size, root, self._site.append(data))

    def _sign_trees(self, rows: Sequence[TreeRow]) -> None:
        """Beside each tree its own checkpoint, for readers of tiles. The site log's is the one that counts."""
        for row in rows:
            note = self.ring.signer.sign_tree(self.format_head(row.tree, row.size, row.root))
            temporary = self.root / row.tree / f".{CHECKPOINT}.new"
            temporary.write_text(note, encoding="utf-8")
            temporary.replace(self.root / row.tree / CHECKPOINT)


def _read_time(site: TileReader, size: int) -> int:
    """When the newest checkpoint was made: its last root leaf says it."""
    return int(parse_leaf(site.entry(size - 1))["at"]) if size else 0


def open_log(root: Path, ring: KeyRing, index: LeafIndex) -> EvidenceLog:
    """Opens the log at its last checkpoint; everything after it is cut off.

    Raises:
        LogDamagedError: the log is not what was signed, or it is gone although it was begun. It is never begun anew
            silently: who wants that moves `keys/log` away too, and the new log has another fingerprint.
    """
    root.mkdir(mode=0o750, parents=True, exist_ok=True)
    if not (root / CHECKPOINT).exists() and not ring.has_log:
        index.clear()
        log = EvidenceLog(root, ring, index, TileTree(root / SITE))
        log.sign_head()
        return log
    head = read_head(root, ring)
    site = TileTree(root / SITE, head.size)
    check_head(site, head)
    index.roll_back(head.size)
    if index.newest_head() != head.size:
        rebuild_index(index, root, ring.site, head.size)
    return EvidenceLog(root, ring, index, site)


def check_head(site: TileReader, head: SignedHead) -> None:
    """Compares the site log on disk with its checkpoint. Raises LogDamagedError."""
    if site.root(head.size) != head.root:
        raise LogDamagedError("the site log is not what was signed", "Restore the folder evidence from a backup.")
    if head.older_until_ns is not None and _read_time(site, head.size) >= head.older_until_ns:
        raise LogDamagedError(
            "the checkpoint of the evidence log is signed by an older key too, whose time was over",
            "Somebody kept that key: keep a copy of the folder evidence, then restore it from a backup.",
        )


def read_head(root: Path, ring: KeyRing) -> SignedHead:
    """The signed checkpoint of the site log. Raises LogDamagedError."""
    try:
        data = (root / CHECKPOINT).read_bytes()[: MOST_NOTE_BYTES + 1]
        return parse_head(data.decode(), ring.site, ring.keys)
    except (OSError, UnicodeDecodeError, WrongForm) as exc:
        raise LogDamagedError(
            f"the checkpoint of the evidence log in {root} cannot be used: {exc}",
            "Restore the folder from a backup. Nothing is logged until then; the recorders keep their journals.",
        ) from exc


def parse_head(note: str, site: str, keys: Sequence[LogKey]) -> SignedHead:
    """Opens the site log's checkpoint with the key that signed it. Raises WrongForm.

    A replaced key counts for the one checkpoint that it signed last: after a crash in a change of key it still lies
    there. So a log that signs with ML-DSA-44 cannot be put back to Ed25519 alone by whoever breaks the older key.
    Below the lines of a key may be those of the one before it, where that was given time.
    """
    for place, key in reversed(list(enumerate(keys))):
        older = keys[place - 1] if place else LogKey(b"", 0)
        try:
            text, is_by_older = open_published(note, key.public, older.public, check_signature_fast)
        except OtherKey:
            continue
        origin, size, root = parse_checkpoint(text)
        demand(origin == f"{site}/{SITE}", "it is of another log")
        demand(key.last_size in {0, size}, "it is signed by a key that was replaced before")
        return SignedHead(size, root, older.until_ns if is_by_older else None)
    raise WrongForm("nobody signed it")


def prove_entry(tree: TileReader, place: int, size: int) -> Record:
    """One leaf with its path to the root over `size` leaves, as bundles hold it."""
    proof = [part.hex() for part in tree.prove(place, size)]
    return {"index": place, "leaf": parse_leaf(tree.entry(place)), "proof": proof}
