"""Signed streams of invented pictures: access units of two slices, with times, and what can be done to them."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import msgspec
from cryptography import x509

from vedette.core.media import Codec, Packet
from vedette.core.time import NS_PER_S
from vedette.evidence.media_signing.nal_units import NalKind, classify, escape
from vedette.evidence.media_signing.onvif import is_signing_sei
from vedette.evidence.media_signing.segments import SegmentJudge, SegmentSigning
from vedette.evidence.media_signing.signer import StreamSigner
from vedette.media.bitstream import NalFraming, split_access_unit
from vedette.testing.signing import SigningKey

START_NS = 1_767_225_600 * NS_PER_S
STEP_NS = NS_PER_S // 5
GOP = 6
_HEADS = {
    Codec.H264: {"key": b"\x65\x88", "key+": b"\x65\x48", "other": b"\x41\x9a", "other+": b"\x41\x4a"},
    Codec.H265: {"key": b"\x26\x01\xaf", "key+": b"\x26\x01\x2f", "other": b"\x02\x01\xd0", "other+": b"\x02\x01\x50"},
}
_SPS = {Codec.H264: b"\x67\x64\0\x1f\xac", Codec.H265: b"\x42\x01\x01\x60"}


@dataclass(frozen=True)
class Unit:
    """One access unit as the recorder stores it."""

    at_ns: int
    nals: tuple[bytes, ...]
    is_key: bool


def make_units(
    codec: Codec, key: SigningKey, gops: int = 6, seed: int = 1, gop: int = GOP, ahead_s: int = 0, **options: object
) -> list[Unit]:
    rng = random.Random(seed)
    signer = StreamSigner(codec, key.key, key.chain_pem, **options)
    units = []
    for number in range(gops * gop):
        is_key = number % gop == 0
        names = ("key", "key+") if is_key else ("other", "other+")
        nals = [escape(_HEADS[codec][name] + rng.randbytes(40) + b"\0\0\1" + rng.randbytes(9)) for name in names]
        if is_key:
            nals = [_SPS[codec], *nals]
        at_ns = START_NS + number * STEP_NS
        units.append(
            Unit(at_ns, tuple(signer.sign([nal + b"\x80" for nal in nals], at_ns + ahead_s * NS_PER_S)), is_key)
        )
    return units


def judge_units(
    units: Sequence[Unit],
    codec: Codec,
    key: SigningKey | None = None,
    losses: Sequence[tuple[int, int]] = (),
    gops_a_segment: int = 2,
    known: str = "",
) -> list[SegmentSigning]:
    """Cuts into segments at key frames and judges them; `losses` are told with every segment."""
    roots = None if key is None else x509.load_pem_x509_certificates(key.root_pem)
    judge = SegmentJudge(codec, roots, known)
    told: list[SegmentSigning] = []
    length_ns = gops_a_segment * GOP * STEP_NS
    number = -1
    for unit in units:
        place = (unit.at_ns - START_NS) // length_ns
        if place != number and (unit.is_key or number < 0):
            number = place
            start_ns = START_NS + number * length_ns
            judge.begin(f"segment-{number}", start_ns, start_ns + length_ns, losses)
        told += judge.push(unit.nals, unit.at_ns)
    return told + judge.finish()


def change_nals(unit: Unit, nals: Sequence[bytes]) -> Unit:
    return replace(unit, nals=tuple(nals))


def without_seis(unit: Unit, codec: Codec) -> Unit:
    return change_nals(unit, [nal for nal in unit.nals if not is_signing_sei(nal, codec)])


def spoil_slice(unit: Unit, codec: Codec, rng: random.Random) -> Unit:
    """Flips one bit of one slice, behind its header."""
    slices = [at for at, nal in enumerate(unit.nals) if classify(nal, codec).kind is NalKind.SLICE]
    at = rng.choice(slices)
    octets = bytearray(unit.nals[at])
    octets[rng.randrange(4, len(octets) - 1)] ^= 1 << rng.randrange(1, 8)
    return change_nals(unit, [*unit.nals[:at], bytes(octets), *unit.nals[at + 1 :]])


def lose(units: Sequence[Unit], rng: random.Random, ratio: float) -> tuple[list[Unit], list[tuple[int, int]]]:
    """Loses NAL units as a network does, each alone, and tells the stretches as the recorder would."""
    kept, losses = [], []
    for unit in units:
        nals = [nal for nal in unit.nals if rng.random() >= ratio]
        if len(nals) != len(unit.nals):
            losses.append((unit.at_ns - STEP_NS, unit.at_ns + STEP_NS))
        if nals:
            kept.append(change_nals(unit, nals))
    return kept, losses


def sign_packets(packets: Iterable[Packet], codec: Codec, key: SigningKey) -> list[Packet]:
    """Signs the video of a clip as its camera would have."""
    signer, framing = StreamSigner(codec, key.key, key.chain_pem), NalFraming(4)

    def sign(packet: Packet) -> Packet:
        nals = signer.sign(split_access_unit(packet.data, framing), packet.captured_at_ns)
        return msgspec.structs.replace(packet, data=b"".join(len(nal).to_bytes(4, "big") + nal for nal in nals))

    return [packet if packet.is_audio else sign(packet) for packet in packets]
