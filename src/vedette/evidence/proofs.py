"""What the notary hands to an export: values between its socket and the bundle. Design: docs/design/evidence.md."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WitnessedHead:
    """A checkpoint that a witness signed, and the proof (hex) that a head begins with it.

    Attributes:
        checkpoint: Its text, without the log's own signature.
        cosignature: The witness's line.
    """

    checkpoint: str
    cosignature: str
    proof: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LogHead:
    """The signed site log at one moment. All proofs of a bundle are made against one head.

    Attributes:
        site: Name of this site's log, `vedette.<16 hex digits>`.
        size: Leaves of the site log; names the head in later questions.
        note: The signed checkpoint, as it goes into the bundle.
        key: Public key that signed it, as base64: 32 bytes of Ed25519, of a pair 1312 of ML-DSA-44 after them.
        fingerprint: SHA-256 of those bytes, hex: what people compare.
        rotations: One proof file for each change of key before, oldest first.
        witnessed: The newest checkpoint that each witness signed; at most as new as this head.
    """

    site: str
    size: int
    note: str
    key: str
    fingerprint: str
    rotations: tuple[str, ...] = ()
    witnessed: tuple[WitnessedHead, ...] = ()


@dataclass(frozen=True, slots=True)
class ProofRequest:
    """Asks for the proofs of one camera, half open range, against the head of `size`.

    `fingerprint`: of the key that signed that head, so that one is proven to the end of it where the key was changed
    meanwhile; empty: the present one.
    """

    camera_id: str
    streams: tuple[str, ...]
    from_ns: int
    to_ns: int
    size: int
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class ProvenSegment:
    """One segment that overlaps the range and is not retired: exactly these files belong into the bundle."""

    segment_id: str
    stream: str
    start_ns: int
    end_ns: int
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class ProofFile:
    """One file for `proofs/<camera>/`."""

    name: str
    content: str


@dataclass(frozen=True, slots=True)
class StampedTree:
    """A time stamp (RFC 3161) that covers leaves of one proof file.

    Attributes:
        file: Name of the ProofFile.
        checkpoint: The signed checkpoint of the site log that was stamped.
        response: The authority's answer (TimeStampResp).
        growth: Proof (hex) that the head begins with that checkpoint.
        entry: The tree's root leaf of then, with its path to that checkpoint (canonical JSON).
        tree_growth: Proof (hex) that the tree of the proof file begins with the tree of then.
    """

    file: str
    checkpoint: str
    response: bytes
    growth: tuple[str, ...]
    entry: str
    tree_growth: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CameraProof:
    """What the log says of one camera in a range.

    Attributes:
        covered_to_ns: By stream: up to here closed segments and told gaps reach; what comes after it in the range
            was still being recorded. A stream of which the log knows nothing in the range has no entry.
    """

    camera_id: str
    segments: tuple[ProvenSegment, ...]
    covered_to_ns: dict[str, int]
    files: tuple[ProofFile, ...]
    stamps: tuple[StampedTree, ...] = ()


@dataclass(frozen=True, slots=True)
class SignRequest:
    """Asks the notary to log an export and to sign its manifest.

    Attributes:
        sha256: Of the bytes of `manifest.json`, hex.
        fingerprint: Of the key that signed the bundle's head; empty: the present one.
    """

    export_id: str
    by: str
    purpose: str
    cameras: tuple[str, ...]
    from_ns: int
    to_ns: int
    sha256: str
    fingerprint: str = ""
