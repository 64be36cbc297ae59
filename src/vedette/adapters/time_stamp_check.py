"""Checks an answer of a time-stamping authority before it is kept, up to the certificates that the settings pin.

Twice, by code of two origins: `rfc3161-client` (OpenSSL) follows the chain of certificates, and the verifier that
goes into bundles reads the token by hand. What only one of them accepts is never kept, so that a bundle made later
cannot fail for it.
"""

import hashlib

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from rfc3161_client import VerifierBuilder, decode_timestamp_response

from vedette.core.errors import InvalidInputError
from vedette.evidence.offline_verify import Der, TimeStamp, WrongForm, check_time_stamp, open_der
from vedette.evidence.time_stamps import Question, encode_der, encode_oid


class TimeStampRefusedError(InvalidInputError):
    """An authority's answer is not right, or the certificates that it is checked by cannot be used."""

    code = "time_stamp_refused"


def check_answer(response: bytes, question: Question, pinned_pem: bytes, policy: str) -> TimeStamp:
    """Checks imprint, nonce, policy, certificates and signature. Raises TimeStampRefusedError.

    `pinned_pem` holds the authority's root (and what lies between), or its own certificate.
    """
    try:
        stamp = check_time_stamp(response, question.stamped)
    except WrongForm as exc:
        raise TimeStampRefusedError(str(exc)) from exc
    if stamp.nonce != question.nonce:
        raise TimeStampRefusedError("the answer is to another question (its nonce)")
    if policy and encode_oid(policy)[2:] != stamp.policy:
        raise TimeStampRefusedError("the answer is under another policy")
    pinned = _read_pinned(pinned_pem)
    if stamp.fingerprint not in {hashlib.sha256(one.public_bytes(Encoding.DER)).hexdigest() for one in pinned}:
        _check_chain(response, question, pinned)
    return stamp


def _check_chain(response: bytes, question: Question, pinned: list[x509.Certificate]) -> None:
    try:
        verifier = VerifierBuilder(nonce=question.nonce, roots=pinned).build()
        verifier.verify_message(decode_timestamp_response(sort_certificates(response)), question.stamped)
    except BaseException as exc:  # foreign bytes in a foreign parser, in a thread of its own: also a panic is "no"
        # The library's own text names source lines of OpenSSL; its last words are what people need.
        _, is_chain, reason = str(exc).rpartition("Verify error:")
        told = "its certificate does not lead to one that is pinned" if is_chain else "the token is not readable"
        raise TimeStampRefusedError(f"{told}: {reason.partition(chr(34))[0].strip()[:100]}") from exc


def sort_certificates(response: bytes) -> bytes:
    """The same answer with its certificates in the order of DER, which the library insists on.

    OpenSSL's `ts -reply` writes them as its settings name them (seen with 3.0.19). They are not under the signature.
    """
    outer = open_der(response)
    status, token = outer.whole(), outer.inside()
    kind, signed = token.whole(), open_der(token.content(0xA0))
    before = [signed.whole() for _ in range(3)]
    certificates = encode_der(0xA0, *sorted(_list_values(signed.inside(0xA0))))
    content = encode_der(0x30, *before, certificates, *_list_values(signed))
    return encode_der(0x30, status, encode_der(0x30, kind, encode_der(0xA0, content)))


def _list_values(reader: Der) -> list[bytes]:
    found = []
    while reader.next_tag() >= 0:
        found.append(reader.whole())
    return found


def _read_pinned(pem: bytes) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError as exc:
        raise TimeStampRefusedError(
            "the file of pinned certificates is not PEM", "See docs/guide/evidence.md."
        ) from exc
