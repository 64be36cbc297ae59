# ruff: noqa: ANN001, ANN201 -- all have the form of `Kind`
"""Ways to forge the time stamps of a bundle, for `benchmarks.mutations`: tokens, what they are over, their proofs."""

import json
import random

from benchmarks.mutation_forgeries import another, deep, forge_path
from benchmarks.mutation_kinds import Kind, changed, proofs_of
from vedette.evidence.offline_verify import encode_canonical, open_der
from vedette.evidence.time_stamps import Question, encode_der, encode_oid, make_question
from vedette.testing.small_bundles import START_NS
from vedette.testing.time_stamp_authority import SimulatedAuthority, split_response

_TOKEN_BEGINS = encode_oid("1.2.840.113549.1.9.16.1.4")
_FORGER = SimulatedAuthority(name="A forger's TSA")
_ENDS = (".checkpoint", ".json", ".tsr")


def stem_of(source: random.Random, one) -> str:
    return source.choice(sorted(name[:-4] for name in one if name.startswith("timestamps/") and name.endswith(".tsr")))


def change_stamp(one, stem: str, end: str, data: bytes):
    """One file of a stamp is another, and the list of contents knows it. Any of the three may be named for it."""
    name = stem + end
    return None if one[name] == data else deep(one, one | {name: data}, [name], [stem + other for other in _ENDS])


def forge_token_bits(source, one, _other, _packed):
    """Bits from what is stamped to the end of the signature: everything there counts."""
    stem = stem_of(source, one)
    data = bytearray(one[stem + ".tsr"])
    first = data.index(_TOKEN_BEGINS)
    for _ in range(source.choice((1, 1, 2, 8))):
        data[source.randrange(first, len(data))] ^= 1 << source.randrange(8)
    return change_stamp(one, stem, ".tsr", bytes(data))


def forge_token_form(source, one, _other, _packed):
    """The same values in a spelling that BER allows and DER does not, cut off, or with something besides."""
    stem = stem_of(source, one)
    data = one[stem + ".tsr"]
    status, token = split_response(data)
    content, inner = open_der(data), open_der(token)
    body = content.whole() + content.whole()
    kind, signed = inner.whole(), inner.whole()
    size = len(body).to_bytes(4, "big")
    options = (
        b"\x30\x84" + size + body,
        b"\x30\x80" + body + b"\x00\x00",
        data + b"\x00",
        data[: source.randrange(len(data))],
        encode_der(0x30, token, status),
        encode_der(0x30, status, token, token),
        encode_der(0x30, status),
        encode_der(0x30, status, encode_der(0x30, kind, signed, b"\x05\x00")),
        encode_der(0x30, status, encode_der(0x30, signed, kind)),
        encode_der(0x30, encode_der(0x30, b"\x02\x02\x00\x00"), token),
        encode_der(0x30, encode_der(0x30, b"\x02\x01\x02"), token),
    )
    return change_stamp(one, stem, ".tsr", source.choice(options))


def forge_stamped_note(source, one, _other, _packed):
    """The stamp is said to be over another checkpoint: of now, of another size or root, or in another spelling."""
    stem = stem_of(source, one)
    note = one[stem + ".checkpoint"]
    lines = note.decode().split("\n")
    step = source.randrange(4)
    if step == 0:
        note = one["checkpoint"]
    elif step == 1:
        lines[1] = str(int(lines[1]) + source.choice((-1, 1, 1000)))
        note = "\n".join(lines).encode()
    elif step == 2:
        lines[2] = lines[2][::-1]
        note = "\n".join(lines).encode()
    else:
        note += source.choice((b"\n", b" ", b"\x00"))
    return change_stamp(one, stem, ".checkpoint", note)


def forge_stamp_proof(source, one, _other, _packed):
    """The stamp covers more than it did: another place, size, root, path or proof of growth."""
    stem = stem_of(source, one)
    record = json.loads(one[stem + ".json"])
    tree = source.choice(record["trees"])
    step = source.randrange(6)
    if step == 0:
        forge_path(source, record["growth"])
    elif step == 1:
        forge_path(source, tree["growth"])
    elif step == 2:
        forge_path(source, tree["entry"]["proof"])
    elif step == 3:
        tree["entry"]["index"] += source.choice((-1, 1, 64))
    elif step == 4:
        key = source.choice(sorted(tree["entry"]["leaf"]))
        tree["entry"]["leaf"][key] = another(source, tree["entry"]["leaf"][key])
    else:
        names = sorted(proofs_of(one))
        tree["proofs"] = source.choice([name for name in names if name != tree["proofs"]] + ["proofs/x.json"])
    return change_stamp(one, stem, ".json", encode_canonical(record))


def swap_tokens(source, one, other, _packed):
    """The token of another stamp, of another bundle, or of this log at another time."""
    stem = stem_of(source, one)
    theirs = source.choice((one, other))
    token = theirs[stem_of(source, theirs) + ".tsr"]
    if source.random() < 0.5:
        wrong: Question = make_question(1, one[stem + ".checkpoint"].decode() + " ", 5)
        token = _FORGER.answer(wrong.body, START_NS)
    return None if token == one[stem + ".tsr"] else change_stamp(one, stem, ".tsr", token)


def stamp_by_another_authority(source, one, _other, _packed):
    """A flawless token for an earlier hour, by an authority that the forger made."""
    stem = stem_of(source, one)
    question = make_question(1, one[stem + ".checkpoint"].decode(), 5)
    token = _FORGER.answer(question.body, START_NS + source.randrange(10**15))
    files = one | {stem + ".tsr": token}
    return deep(one, files, [stem + ".tsr"]) if source.random() < 0.5 else changed(one, stem + ".tsr", token)


STAMPS_UNDER_A_SIGNED_LIST: tuple[Kind, ...] = (
    forge_token_bits,
    forge_token_form,
    forge_stamped_note,
    forge_stamp_proof,
    swap_tokens,
)
"""Those that the verifier must find also when the list of contents over them is rightly signed."""

STAMP_FORGERIES: tuple[Kind, ...] = (*STAMPS_UNDER_A_SIGNED_LIST, stamp_by_another_authority)
