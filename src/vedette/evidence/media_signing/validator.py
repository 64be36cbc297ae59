"""Judges a signed stream: GOP by GOP, with the index of every NAL unit that is wrong.

Pure; NAL units go in one by one in the order of the stream, verdicts come out when an SEI has told what it signed.
A verdict is one of ONVIF's four. Beyond it: a GOP counter that does not count on (`replay`), a link to another
predecessor, an end in the future, a chain that leads nowhere. Design: docs/design/media-signing.md.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from cryptography import x509

from vedette.core.media import Codec
from vedette.core.time import NS_PER_S
from vedette.evidence.media_signing.certificates import SigningIdentity, read_chain
from vedette.evidence.media_signing.documents import (
    GopStatement,
    MalformedDocumentError,
    SignedDocument,
    SigningDialect,
)
from vedette.evidence.media_signing.matching import Entry, Expected, Match, find_place, match_gop
from vedette.evidence.media_signing.nal_units import NalKind, classify, strip_trailing_zeros
from vedette.evidence.media_signing.onvif import OnvifDialect

FUTURE_NS = 5 * NS_PER_S
"""So far may the end of a GOP lie ahead of our clock before it counts as made up."""
MAX_PENDING = 20_000
"""NAL units held without a signature: then they are told as not signed, so that memory stays bounded."""
_COUNTER_MASK = 0xFFFFFFFF


class SigningVerdict(StrEnum):
    AUTHENTIC = "authentic"
    MISSING = "authentic_with_missing_nal_units"
    NOT_SIGNED = "not_signed"
    NOT_AUTHENTIC = "not_authentic"


@dataclass(frozen=True, slots=True)
class GopVerdict:
    """What is known of one stretch.

    Attributes:
        first, last: Indices of its NAL units in the stream; -1 when none came.
        reasons: Codes, empty for `authentic`: `modified`, `missing`, `missing_gops`, `signature`, `link`, `replay`,
            `future`, `time_order`, `malformed`, `key_changed`, `no_certificate`, `hash_changed`, or a fault of the
            chain.
        bad: Indices of units that are changed, added, doubled or out of place, or of the SEI itself.
        unhashed: Indices of picture units that the signer does not cover.
        is_listed: The hash of every unit was sent; else a missing one and a changed one look the same.
    """

    verdict: SigningVerdict
    first: int
    last: int
    counter: int | None = None
    reasons: tuple[str, ...] = ()
    bad: tuple[int, ...] = ()
    missing: int = 0
    unhashed: tuple[int, ...] = ()
    start_ns: int = 0
    end_ns: int = 0
    fingerprint: str = ""
    is_listed: bool = True


class StreamValidator:
    """One stream.

    Args:
        roots: Trusted roots. None: nobody vouches for any key yet, chains are then only checked in themselves.
        known: Fingerprint of the key that signed this stream before; empty: the first one is taken as it comes.
    """

    def __init__(
        self,
        codec: Codec,
        roots: Sequence[x509.Certificate] | None,
        dialects: Sequence[SigningDialect] = (OnvifDialect(),),
        known: str = "",
    ) -> None:
        self._codec = codec
        self._known = known
        self._roots = roots
        self._dialects = dialects
        self._hash_name = "sha256"
        self._index = -1
        self._pending: list[Entry] = []
        self._is_in_key = False
        self._identity: SigningIdentity | None = None
        self._key_changed = False
        self._last: GopStatement | None = None
        self._anchor = b""
        self._chain_fault: tuple[SigningIdentity, str] | None = None
        self._chain_pem = b""
        self.is_signed = False

    @property
    def identity(self) -> SigningIdentity | None:
        """Who signs: of the last signature that was right."""
        return self._identity

    @property
    def next_index(self) -> int:
        return self._index + 1

    @property
    def waits_from(self) -> int:
        """The first NAL unit of which no verdict has been given: everything before is judged."""
        return self._pending[0].index if self._pending else self._index + 1

    def push(self, nal: bytes, now_ns: int) -> list[GopVerdict]:
        """Takes the next NAL unit. `now_ns` is our clock, for ends that lie in the future."""
        self._index += 1
        info = classify(nal, self._codec)
        if info.kind in {NalKind.SLICE, NalKind.OTHER_SLICE}:
            digest = hashlib.new(self._hash_name, strip_trailing_zeros(nal)).digest()
            starts_gop = info.starts_gop or (info.is_key and not self._is_in_key)
            self._is_in_key = info.is_key
            self._pending.append(Entry(self._index, digest, starts_gop, info.kind is NalKind.SLICE))
            return self._give_up(self._pending) if len(self._pending) > MAX_PENDING else []
        if info.kind is not NalKind.SEI:
            return []
        try:
            document = self._read(nal)
        except MalformedDocumentError:
            self.is_signed = True
            return [self._bad_sei("malformed")]
        return [] if document is None else self._judge(document, now_ns)

    def finish(self) -> list[GopVerdict]:
        """The stream ends: what no signature covered."""
        return self._give_up(self._pending)

    def _read(self, nal: bytes) -> SignedDocument | None:
        for dialect in self._dialects:
            document = dialect.read(nal, self._codec)
            if document is not None:
                return document
        return None

    def _judge(self, document: SignedDocument, now_ns: int) -> list[GopVerdict]:
        self.is_signed = True
        reasons = self._check_signature(document)
        statement = document.statement
        if statement is None:
            return [self._bad_sei(*reasons)] if reasons else []
        if reasons:
            return [replace(self._bad_sei(*reasons), counter=statement.counter)]
        told = self._change_hash(document.hash_name)
        chain_fault = self._check_chain(statement)
        before, match = self._match(statement, document.hash_name)
        reasons = [*chain_fault, *self._check_sequence(statement), *self._check_times(statement, now_ns)]
        self._last = statement
        return [*told, *before, self._conclude(statement, match, reasons)]

    def _change_hash(self, hash_name: str) -> list[GopVerdict]:
        """What waits was hashed with another algorithm and cannot be compared: that is one GOP, at a stream's begin."""
        if hash_name == self._hash_name:
            return []
        self._hash_name = hash_name
        return [replace(one, reasons=("hash_changed",)) for one in self._give_up(self._pending)]

    def _check_signature(self, document: SignedDocument) -> list[str]:
        identity = self._identity
        if document.chain_pem and (identity is None or document.chain_pem != self._chain_pem):
            identity = read_chain(document.chain_pem)
        if identity is None:
            return ["no_certificate"]
        if not document.signature or not identity.verifies(document.digest, document.signature, document.hash_name):
            return ["signature"]
        if identity is not self._identity:
            fingerprint = identity.fingerprint
            self._key_changed = self._key_changed or bool(self._known and fingerprint != self._known)
            self._identity, self._known = identity, fingerprint
        self._chain_pem = document.chain_pem or self._chain_pem
        return []

    def _check_chain(self, statement: GopStatement) -> list[str]:
        identity = self._identity
        assert identity is not None
        fault = identity.find_fault_then(statement.end_ns)
        if not fault:
            if self._chain_fault is None or self._chain_fault[0] is not identity:
                self._chain_fault = (identity, identity.find_chain_fault(self._roots or ()))
            fault = self._chain_fault[1]
        faults = [fault] if fault and not (self._roots is None and fault == "root_not_trusted") else []
        if self._key_changed:
            self._key_changed = False
            faults.append("key_changed")
        return faults

    def _match(self, statement: GopStatement, hash_name: str) -> tuple[list[GopVerdict], Match]:
        """Lays the statement onto what came; what lies before its GOP bears no signature."""
        last = self._last
        expected = Expected(
            is_next=last is not None and statement.counter == (last.counter + 1) & _COUNTER_MASK,
            goes_on=last is not None and last.is_partial and not _is_next_gop(self._pending),
            anchor=self._anchor,
        )
        place = find_place(self._pending, statement, hash_name, expected)
        before, rest = self._pending[: place.start], self._pending[place.start :]
        match = match_gop(rest, statement, hash_name, place.anchor)
        self._anchor = match.anchor if place.is_sure else b""
        self._pending = rest[match.used :]
        return self._give_up(before), match

    def _check_sequence(self, statement: GopStatement) -> list[str]:
        last = self._last
        if last is None:
            return []
        ahead = (statement.counter - last.counter) & _COUNTER_MASK
        if ahead == 0 or ahead > _COUNTER_MASK // 2:
            return ["replay"]
        if ahead > 1:
            return ["missing_gops"]
        first = last.hashes[0] if last.hashes else b""
        return ["link"] if first and statement.linked_hash != first else []

    def _check_times(self, statement: GopStatement, now_ns: int) -> list[str]:
        reasons = []
        if statement.end_ns > now_ns + FUTURE_NS:
            reasons.append("future")
        if statement.end_ns < statement.start_ns or (self._last is not None and statement.end_ns < self._last.end_ns):
            reasons.append("time_order")
        return reasons

    def _conclude(self, statement: GopStatement, match: Match, reasons: list[str]) -> GopVerdict:
        assert self._identity is not None
        verdict = SigningVerdict.AUTHENTIC
        if match.missing or reasons == ["missing_gops"]:
            verdict = SigningVerdict.MISSING
        if match.bad or [reason for reason in reasons if reason != "missing_gops"]:
            verdict = SigningVerdict.NOT_AUTHENTIC
        if match.bad:
            reasons = [*reasons, "modified"]
        if match.missing:
            reasons = [*reasons, "missing"]
        return GopVerdict(
            verdict,
            match.first,
            match.last,
            statement.counter,
            tuple(reasons),
            match.bad,
            match.missing,
            match.unhashed,
            statement.start_ns,
            statement.end_ns,
            self._identity.fingerprint,
            bool(statement.hashes),
        )

    def _bad_sei(self, *reasons: str) -> GopVerdict:
        return GopVerdict(
            SigningVerdict.NOT_AUTHENTIC, self._index, self._index, reasons=tuple(reasons), bad=(self._index,)
        )

    def _give_up(self, entries: list[Entry]) -> list[GopVerdict]:
        if not entries:
            return []
        told = GopVerdict(SigningVerdict.NOT_SIGNED, entries[0].index, entries[-1].index)
        if entries is self._pending:
            self._pending = []
        return [told]


def _is_next_gop(pending: Sequence[Entry]) -> bool:
    return bool(pending) and pending[0].starts_gop
