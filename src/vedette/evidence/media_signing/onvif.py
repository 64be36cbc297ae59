"""The ONVIF Media Signing dialect: SEI user data with tag, length, value fields.

Layout: UUID (16), one byte of flags (0x80 certificates only, 0x40 hashed with emulation prevention), then fields
of tag (1), length (2), value; the signature is the last. Each value begins with its version. What is signed is the
NAL unit from its header up to the signature field. docs/design/media-signing.md tells where each fact is from.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from vedette.core.media import Codec
from vedette.evidence.media_signing.documents import GopStatement, MalformedDocumentError, SignedDocument
from vedette.evidence.media_signing.nal_units import (
    USER_DATA_UNREGISTERED,
    UserData,
    escape,
    escaped_offset,
    read_user_data,
    strip_trailing_zeros,
)

UUID = bytes.fromhex("005bc93f2d715e95ada4796f90877a6f")
_GENERAL, _HASH_LIST, _SIGNATURE, _CRYPTO, _VENDOR, _CERTIFICATES, _ARBITRARY = range(1, 8)
_WITH_ESCAPES = 0x40
_HASH_NAMES = {
    bytes.fromhex("0609608648016503040201"): "sha256",
    bytes.fromhex("0609608648016503040202"): "sha384",
    bytes.fromhex("0609608648016503040203"): "sha512",
}
_OIDS = {name: oid for oid, name in _HASH_NAMES.items()}
_FILETIME_1970 = 116_444_736_000_000_000
"""100 ns from 1601 to 1970: the unit of both times."""
_UUID_WITHIN = 1 << 17
"""The payload's size stands before the UUID, a byte for each 255: a list of 300 hashes pushes it back by 38 bytes,
16 MiB (the largest access unit) by 66 thousand."""
_LEAST_GENERAL = 1 + 3 + 1 + 8 + 4 + 2
_SOFTWARE_VERSION = (0, 1, 0)


def is_signing_sei(nal: bytes, codec: Codec) -> bool:
    """Cheap: compares the UUID where it must stand. For the question whether a stream is signed at all."""
    return UUID in nal[:_UUID_WITHIN] and read_user_data(nal, codec) is not None


@dataclass(frozen=True, slots=True)
class OnvifDialect:
    """Reads the dialect. `hash_name` is what holds until a document names its hash."""

    name: str = "onvif"
    hash_name: str = "sha256"

    def read(self, nal: bytes, codec: Codec) -> SignedDocument | None:
        data = read_user_data(nal, codec)
        if data is None and UUID in nal[:_UUID_WITHIN]:
            raise MalformedDocumentError("cut short, or its size is wrong")
        if data is None or data.uuid != UUID:
            return None
        if data.stop <= data.start:
            raise MalformedDocumentError("nothing behind the UUID")
        fields: dict[int, bytes] = {}
        signature_at = data.stop
        for tag, at, value in _split(data):
            if tag in fields or (_SIGNATURE in fields):
                raise MalformedDocumentError("a field twice, or one behind the signature")
            fields[tag] = value
            signature_at = at if tag == _SIGNATURE else signature_at
        hash_name = _read_hash_name(fields.get(_CRYPTO), self.hash_name)
        signed = data.plain[:signature_at]
        if data.plain[data.start] & _WITH_ESCAPES:
            nal = strip_trailing_zeros(nal)
            signed = nal[: escaped_offset(nal, signature_at)]
        return SignedDocument(
            _read_statement(fields, hash_name),
            hashlib.new(hash_name, signed).digest(),
            _read_signature(fields.get(_SIGNATURE)),
            _read_chain(fields.get(_CERTIFICATES)),
            hash_name,
        )


def _split(data: UserData) -> Iterator[tuple[int, int, bytes]]:
    at = data.start + 1
    while at < data.stop:
        if at + 3 > data.stop:
            raise MalformedDocumentError("cut off in the head of a field")
        tag, size = data.plain[at], int.from_bytes(data.plain[at + 1 : at + 3], "big")
        if at + 3 + size > data.stop:
            raise MalformedDocumentError(f"field {tag} is longer than its SEI")
        if not _GENERAL <= tag <= _ARBITRARY or size == 0:
            raise MalformedDocumentError(f"field {tag} is unknown or empty")
        yield tag, at, data.plain[at + 3 : at + 3 + size]
        at += 3 + size


def _read_hash_name(value: bytes | None, default: str) -> str:
    if value is None:
        return default
    if len(value) < 2 or value[0] != 1 or value[2 : 2 + value[1]] not in _HASH_NAMES:
        raise MalformedDocumentError("a hash algorithm that is not known")
    return _HASH_NAMES[value[2 : 2 + value[1]]]


def _read_statement(fields: dict[int, bytes], hash_name: str) -> GopStatement | None:
    value = fields.get(_GENERAL)
    if value is None:
        return None
    size = hashlib.new(hash_name).digest_size
    version = value[0]
    times = 16 if version >= 2 else 8  # version 1 has no end time
    if version not in {1, 2} or len(value) != _LEAST_GENERAL - 8 + times + 2 * size:
        raise MalformedDocumentError("general information of another version or size")
    numbers = value[5:]
    start_ns = _utc_ns(numbers[:8])
    end_ns = _utc_ns(numbers[8:16]) if version >= 2 else start_ns
    counter, count = (
        int.from_bytes(numbers[times : times + 4], "big"),
        int.from_bytes(numbers[times + 4 : times + 6], "big"),
    )
    hashes = numbers[times + 6 :]
    listed = _read_list(fields.get(_HASH_LIST), size)
    return GopStatement(counter, bool(value[4]), start_ns, end_ns, count, hashes[:size], hashes[size:], listed)


def _read_list(value: bytes | None, size: int) -> tuple[bytes, ...]:
    if value is None:
        return ()
    if value[0] != 1 or (len(value) - 1) % size:
        raise MalformedDocumentError("a hash list of another version or size")
    return tuple(value[at : at + size] for at in range(1, len(value), size))


def _read_signature(value: bytes | None) -> bytes:
    if value is None:
        return b""
    size = int.from_bytes(value[1:3], "big")
    if value[0] != 1 or size == 0 or 3 + size > len(value):
        raise MalformedDocumentError("a signature of another version or size")
    return value[3 : 3 + size]


def _read_chain(value: bytes | None) -> bytes:
    if value is None:
        return b""
    if value[0] != 1 or len(value) < 3:
        raise MalformedDocumentError("certificates of another version")
    return value[2:].rstrip(b"\0")


def _utc_ns(octets: bytes) -> int:
    return (int.from_bytes(octets, "big", signed=True) - _FILETIME_1970) * 100


def write_unsigned(
    statement: GopStatement, codec: Codec, hash_name: str, chain_pem: bytes, signature_bytes: int
) -> bytes:
    """Writes the SEI up to the signature field, with the payload size that it will have. Without escapes."""
    body = _field(_CRYPTO, b"\x01" + bytes([len(_OIDS[hash_name])]) + _OIDS[hash_name] + bytes(3))
    body += _field(_CERTIFICATES, b"\x01\x00" + chain_pem)
    body += _field(_GENERAL, _write_general(statement))
    if statement.hashes:
        body += _field(_HASH_LIST, b"\x01" + b"".join(statement.hashes))
    size = len(UUID) + 1 + len(body) + 3 + 3 + signature_bytes
    head = b"\x06" if codec is Codec.H264 else b"\x4e\x01"
    return head + bytes([USER_DATA_UNREGISTERED]) + b"\xff" * (size // 255) + bytes([size % 255]) + UUID + b"\0" + body


def write_signed(unsigned: bytes, signature: bytes, signature_bytes: int) -> bytes:
    """Completes the SEI; unused room of the signature is filled with ones, as the reference does."""
    value = b"\x01" + len(signature).to_bytes(2, "big") + signature.ljust(signature_bytes, b"\x01")
    return escape(unsigned + _field(_SIGNATURE, value) + b"\x80")


def _field(tag: int, value: bytes) -> bytes:
    return bytes([tag]) + len(value).to_bytes(2, "big") + value


def _write_general(statement: GopStatement) -> bytes:
    return b"".join(
        (
            b"\x02",
            bytes(_SOFTWARE_VERSION),
            bytes([statement.is_partial]),
            (statement.start_ns // 100 + _FILETIME_1970).to_bytes(8, "big", signed=True),
            (statement.end_ns // 100 + _FILETIME_1970).to_bytes(8, "big", signed=True),
            (statement.counter & 0xFFFFFFFF).to_bytes(4, "big"),
            min(statement.count, 0xFFFF).to_bytes(2, "big"),
            statement.gop_hash,
            statement.linked_hash,
        )
    )
