"""From a camera that signs, through the real recorder, onto the disk: bit for bit, and valid there."""

from pathlib import Path

import pytest
from cryptography import x509

from tests.support.clips import make_clip
from tests.support.recorder import ALWAYS, camera_id, has_stored, make_assignment, running_recorder, urls_of
from tests.support.rtsp_client import RtpPacket, join_h264, join_h265, open_client, take_units
from vedette.core.media import Codec, StreamRole
from vedette.evidence.media_signing.onvif import is_signing_sei
from vedette.evidence.media_signing.segments import SegmentJudge, SigningResult
from vedette.media.bitstream import NalFraming, nal_type, split_access_unit
from vedette.media.fmp4 import parse_fragment
from vedette.recording.reader import FootageReader
from vedette.testing.rtp import read_frame_number
from vedette.testing.signing import SigningKey, make_signing_key
from vedette.testing.sim_server import ServerOptions, SimServer
from vedette.testing.simulated_camera import CameraSpec
from vedette.testing.source import SourceOptions

NUMBERED = ServerOptions(source=SourceOptions(number_frames=True))
PARAMETER_SETS = {Codec.H264: {7, 8}, Codec.H265: {32, 33, 34}}
JOIN = {Codec.H264: join_h264, Codec.H265: join_h265}


def sent_units(units: list[list[RtpPacket]], codec: Codec) -> dict[int, list[bytes]]:
    """What an independent client got, by frame number, without what lives in the format."""
    found = {}
    for unit in units:
        nals = [nal for nal in JOIN[codec](unit) if nal_type(nal, codec) not in PARAMETER_SETS[codec]]
        number = read_frame_number(b"".join(nals))
        assert number is not None
        found[number] = nals
    return found


def stored_units(reader: FootageReader) -> list[list[bytes]]:
    units = []
    for part in reader.find_fragments(camera_id(0), StreamRole.MAIN, *ALWAYS, 1_000_000):
        data = reader.read_fragment(part)
        track = parse_fragment(data).video
        assert track is not None
        at = track.offset
        for size in track.sizes_bytes:
            units.append(split_access_unit(data[at : at + size], NalFraming(4)))
            at += size
    return units


@pytest.mark.parametrize("codec", [Codec.H264, Codec.H265])
async def test_the_signatures_of_the_camera_reach_the_disk_bit_for_bit(tmp_path: Path, codec: Codec) -> None:
    clip, key = make_clip(tmp_path, codec, gop_frames=25), make_signing_key("gate")
    async with SimServer([CameraSpec("gate", clip, signing=key)], NUMBERED) as server:
        async with (
            running_recorder(tmp_path, make_assignment(urls_of(server))) as recorder,
            open_client(server.url("gate")) as client,
        ):
            await recorder.wait_status(has_stored(1), 60)
            await client.play()
            sent = sent_units(await take_units(client.packets(), 130), codec)
            assert recorder.stop() == 0
        stored = stored_units(recorder.reader())
    _compare(stored, sent, codec)
    _judge(stored, codec, key)


def _compare(stored: list[list[bytes]], sent: dict[int, list[bytes]], codec: Codec) -> None:
    numbers = [read_frame_number(b"".join(nals)) for nals in stored]
    both = [(nals, sent[number]) for nals, number in zip(stored, numbers, strict=True) if number in sent]
    assert len(both) >= 75
    assert all(found == wanted for found, wanted in both)
    assert sum(is_signing_sei(nal, codec) for nals, _ in both for nal in nals) >= 3


def _judge(stored: list[list[bytes]], codec: Codec, key: SigningKey) -> None:
    now_ns = 1_800_000_000 * 10**9
    judge = SegmentJudge(codec, x509.load_pem_x509_certificates(key.root_pem))
    judge.begin("one", now_ns, now_ns, [])
    told = [one for nals in stored for one in judge.push(nals, now_ns)] + judge.finish()
    (one,) = told
    assert (one.valid_gops, one.subject) == (one.gops - 1, "gate")
    assert (one.result, one.reasons) == (SigningResult.PARTLY, ("not_signed",))  # the last GOP's signature never came
