"""The simulated camera over real sockets, judged packet by packet."""

import asyncio
import itertools
import socket
import ssl
import struct
from base64 import b64encode
from pathlib import Path

import pytest

from tests.support.clips import make_clip
from tests.support.rtsp_client import (
    RtspClient,
    digest_answer,
    join_h264,
    join_h265,
    open_client,
    take,
    take_units,
)
from tests.support.simulator import fast_server
from vedette.core.errors import ConflictError
from vedette.core.media import Codec, StreamRole
from vedette.media.bitstream import NalFraming, split_access_unit
from vedette.media.demux import UnreadableFileError, read_clip
from vedette.testing.login import Login, LoginScheme
from vedette.testing.rtp import read_frame_number
from vedette.testing.rtsp_session import ConnectionOptions, KeepAlive
from vedette.testing.sim_server import PortInUseError, ServerOptions, SimServer
from vedette.testing.simulated_camera import CameraSpec
from vedette.testing.source import SourceOptions
from vedette.testing.tls import TestAuthority, make_server_context

NUMBERED = ServerOptions(source=SourceOptions(number_frames=True))


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("clips"), audio=Codec.AAC)


@pytest.fixture(scope="module")
def clip_265(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("clips"), Codec.H265, audio=Codec.PCMA)


async def test_every_access_unit_of_the_file_arrives_unchanged(clip: Path) -> None:
    expected = read_clip(clip)
    async with fast_server(CameraSpec("gate", clip)) as server, open_client(server.url("gate")) as client:
        await client.play()
        units = await take_units(client.packets(), len(expected.video))
    got = [join_h264(unit) for unit in units]
    sets = expected.format.video.parameter_sets
    first = next(
        index
        for index, packet in enumerate(expected.video)
        if got[0][len(sets) :] == split_access_unit(packet.data, NalFraming(4))
    )
    for index, nals in enumerate(got):
        packet = expected.video[(first + index) % len(expected.video)]
        in_band = list(sets) if packet.is_key else []
        assert nals == in_band + split_access_unit(packet.data, NalFraming(4))


async def test_h265_arrives_unchanged(clip_265: Path) -> None:
    expected = {packet.data for packet in read_clip(clip_265).video}
    async with fast_server(CameraSpec("gate", clip_265)) as server, open_client(server.url("gate")) as client:
        await client.play()
        units = await take_units(client.packets(), 60)
    for unit in units:
        nals = [nal for nal in join_h265(unit) if (nal[0] >> 1) & 0x3F not in {32, 33, 34}]
        assert b"".join(len(nal).to_bytes(4, "big") + nal for nal in nals) in expected


async def test_time_sequence_and_frame_numbers_run_on_over_the_loop(clip: Path) -> None:
    async with fast_server(CameraSpec("gate", clip), options=NUMBERED) as server:
        async with open_client(server.url("gate")) as client:
            await client.play()
            units = await take_units(client.packets(), 130)  # two and a half loops
        log = server.cameras["gate"].streams[StreamRole.MAIN].logs()[0]
    packets = [packet for unit in units for packet in unit]
    assert {(b.sequence - a.sequence) & 0xFFFF for a, b in itertools.pairwise(packets)} == {1}
    times = [unit[0].rtp_time for unit in units]
    assert {(b - a) & 0xFFFFFFFF for a, b in itertools.pairwise(times)} == {3600}
    numbers = [next(n for packet in unit if (n := read_frame_number(packet.payload)) is not None) for unit in units]
    assert numbers == list(range(numbers[0], numbers[0] + 130))
    assert log.ranges[0][0] == numbers[0]
    assert log.ranges[0][1] >= numbers[-1]
    assert len(log.ranges) == 1


async def test_audio_runs_on_beside_the_video(clip: Path) -> None:
    async with fast_server(CameraSpec("gate", clip)) as server, open_client(server.url("gate")) as client:
        await client.play("trackID=0", "trackID=1")
        units = await take_units(client.packets(), 80, channel=2)
    assert {(b[0].rtp_time - a[0].rtp_time) for a, b in itertools.pairwise(units)} == {1024}
    assert {packet.payload_type for unit in units for packet in unit} == {97}


async def test_description_tells_what_the_file_holds(clip: Path, clip_265: Path) -> None:
    specs = (CameraSpec("a", clip), CameraSpec("b", clip_265))
    async with fast_server(*specs) as server:
        async with open_client(server.url("a")) as client:
            reply = await client.ask("DESCRIBE", Accept="application/sdp")
        async with open_client(server.url("b")) as client:
            other = (await client.ask("DESCRIBE")).body.decode()
    text = reply.body.decode()
    sps, pps = read_clip(clip).format.video.parameter_sets
    assert reply.header("Content-Type") == "application/sdp"
    assert reply.header("Content-Base") == server.url("a") + "/"
    assert f"sprop-parameter-sets={b64encode(sps).decode()},{b64encode(pps).decode()}" in text
    assert f"profile-level-id={sps[1:4].hex().upper()}" in text
    assert "a=rtpmap:97 MPEG4-GENERIC/16000/1" in text
    assert "a=rtpmap:96 H265/90000" in other
    for name, nal in zip(("vps", "sps", "pps"), read_clip(clip_265).format.video.parameter_sets, strict=True):
        assert f"sprop-{name}={b64encode(nal).decode()}" in other
    assert "m=audio 0 RTP/AVP 8" in other


async def test_first_picture_is_a_key_frame_for_a_late_client_too(clip: Path) -> None:
    async with (
        fast_server(CameraSpec("gate", clip), options=NUMBERED) as server,
        open_client(server.url("gate")) as early,
        open_client(server.url("gate")) as late,
    ):
        await early.play()
        seen = await take_units(early.packets(), 7)
        await late.play()
        first = (await take_units(late.packets(), 1))[0]
        rest = await take_units(early.packets(), 40)
    assert any(nal[0] & 0x1F == 5 for nal in join_h264(first))
    shared = [unit for unit in [*seen, *rest] if join_h264(unit) == join_h264(first)]
    assert len(shared) == 1  # both see the same live frames, with the same numbers


async def test_play_answer_names_the_first_packet(clip: Path) -> None:
    async with fast_server(CameraSpec("gate", clip)) as server, open_client(server.url("gate")) as client:
        reply = await client.play("trackID=0", "trackID=1")
        packets = client.packets()
        first = {}
        while len(first) < 2:
            (packet,) = await take(packets, 1)
            first.setdefault(packet.channel, packet)
    infos = [dict(part.split("=", 1) for part in info.split(";")) for info in reply.header("RTP-Info").split(",")]
    for index, info in enumerate(infos):
        assert info["url"] == f"{client.url}/trackID={index}"
        assert int(info["seq"]) == first[2 * index].sequence
        assert int(info["rtptime"]) == first[2 * index].rtp_time


async def test_sender_reports_put_media_time_onto_the_cameras_clock(clip: Path) -> None:
    options = ServerOptions(report_interval_s=2.0)
    async with (
        fast_server(CameraSpec("gate", clip), options=options) as server,
        open_client(server.url("gate")) as client,
    ):
        await client.play()
        await take_units(client.packets(), 180)
        reports = [struct.unpack(">IIIII", report[8:28]) for report in client.reports]
    assert len(reports) >= 3
    for (s1, f1, t1, _, _), (s2, f2, t2, packets, _) in itertools.pairwise(reports):
        elapsed_s = s2 - s1 + (f2 - f1) / 2**32
        assert elapsed_s == pytest.approx(2.0, abs=0.05)
        assert ((t2 - t1) & 0xFFFFFFFF) / 90_000 == pytest.approx(elapsed_s, abs=1e-4)
        assert packets > 0


async def test_main_and_sub_are_two_streams_of_one_camera(clip: Path, clip_265: Path) -> None:
    async with fast_server(CameraSpec("gate", clip, sub=clip_265)) as server:
        async with open_client(server.url("gate", StreamRole.SUB)) as client:
            assert b"H265" in (await client.ask("DESCRIBE")).body
        async with open_client(server.url("gate")) as client:
            assert b"H264" in (await client.ask("DESCRIBE")).body


async def receive_udp(receiver: socket.socket, count: int) -> list[bytes]:
    loop = asyncio.get_running_loop()
    return [await asyncio.wait_for(loop.sock_recv(receiver, 2048), 10) for _ in range(count)]


async def test_udp_carries_the_same_packets_from_the_announced_port(clip: Path) -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as rtp,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as rtcp,
    ):
        for each in (rtp, rtcp):
            each.bind(("127.0.0.1", 0))
            each.setblocking(False)
        ports = f"{rtp.getsockname()[1]}-{rtcp.getsockname()[1]}"
        async with SimServer([CameraSpec("gate", clip)]) as server, open_client(server.url("gate")) as client:
            reply = await client.ask(
                "SETUP", client.url + "/trackID=0", Transport=f"RTP/AVP;unicast;client_port={ports}"
            )
            client.session = reply.header("Session").partition(";")[0]
            assert server.udp is not None
            assert f"server_port={server.udp.ports[0]}-{server.udp.ports[1]}" in reply.header("Transport")
            await client.ask("PLAY")
            packets = await receive_udp(rtp, 20)
            reports = await receive_udp(rtcp, 1)
    sequences = [struct.unpack(">H", packet[2:4])[0] for packet in packets]
    assert sequences == [(sequences[0] + index) & 0xFFFF for index in range(20)]
    assert reports[0][1] == 200


ALL_SCHEMES = (LoginScheme.DIGEST_SHA256, LoginScheme.DIGEST_MD5, LoginScheme.BASIC)


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
@pytest.mark.parametrize("qop", [False, True])
async def test_digest_login(clip: Path, algorithm: str, *, qop: bool) -> None:
    spec = CameraSpec("gate", clip, login=Login("admin", "s3cret", ALL_SCHEMES, qop))
    async with fast_server(spec) as server, open_client(server.url("gate")) as client:
        refused = await client.ask("DESCRIBE")
        assert refused.status == 401
        challenge = next(text for text in refused.all("WWW-Authenticate") if f"algorithm={algorithm}" in text)
        wrong = digest_answer(challenge, "DESCRIBE", client.url, "admin", "secret", algorithm)
        assert (await client.ask("DESCRIBE", Authorization=wrong)).status == 401
        right = digest_answer(challenge, "DESCRIBE", client.url, "admin", "s3cret", algorithm)
        assert (await client.ask("DESCRIBE", Authorization=right)).status == 200


async def test_expired_nonce_is_called_stale(clip: Path) -> None:
    spec = CameraSpec("gate", clip, login=Login("admin", "s3cret", (LoginScheme.DIGEST_MD5,)))
    options = ServerOptions(connection=ConnectionOptions(session_timeout_s=1e6))
    async with fast_server(spec, options=options) as server, open_client(server.url("gate")) as client:
        challenge = (await client.ask("DESCRIBE")).header("WWW-Authenticate")
        answer = digest_answer(challenge, "DESCRIBE", client.url, "admin", "s3cret")
        assert (await client.ask("DESCRIBE", Authorization=answer)).status == 200
        start_ns = server.clock.mono_ns()
        while server.clock.mono_ns() - start_ns < 121 * 10**9:
            await asyncio.sleep(0)
        stale = await client.ask("DESCRIBE", Authorization=answer)
    assert stale.status == 401
    assert "stale=true" in stale.header("WWW-Authenticate")


async def play_until_closed(client: RtspClient) -> int:
    count = 0
    async for packet in client.packets():
        count += packet.marker
    return count


async def test_silent_client_loses_its_session(clip: Path) -> None:
    options = ServerOptions(connection=ConnectionOptions(session_timeout_s=4.0))
    async with (
        fast_server(CameraSpec("gate", clip), options=options) as server,
        open_client(server.url("gate")) as client,
    ):
        await client.play()
        frames = await asyncio.wait_for(play_until_closed(client), 20)
    assert 50 <= frames <= 150  # 25 frames/s: between 2 s (waited for a key frame) and 6 s


@pytest.mark.parametrize("method", ["GET_PARAMETER", "OPTIONS"])
async def test_keep_alive_keeps_the_session(clip: Path, method: str) -> None:
    connection = ConnectionOptions(session_timeout_s=4.0, keep_alive=KeepAlive.REQUESTS)
    async with (
        fast_server(CameraSpec("gate", clip), options=ServerOptions(connection=connection)) as server,
        open_client(server.url("gate")) as client,
    ):
        await client.play()
        for _ in range(20):
            await take_units(client.packets(), 25)
            assert (await client.ask(method)).status == 200


async def test_receiver_reports_do_not_keep_a_strict_camera(clip: Path) -> None:
    connection = ConnectionOptions(session_timeout_s=4.0, keep_alive=KeepAlive.REQUESTS)
    async with (
        fast_server(CameraSpec("gate", clip), options=ServerOptions(connection=connection)) as server,
        open_client(server.url("gate")) as client,
    ):
        await client.play()
        frames = 0
        async for packet in client.packets():
            frames += packet.marker
            if frames % 25 == 0 and packet.marker:
                client.writer.write(b"$\x01\x00\x08" + bytes.fromhex("80c9000100000000"))
        assert 50 <= frames <= 150


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("DESCRIBE", "/../main", {}, 404),
        ("SETUP", "/trackID=7", {"Transport": "RTP/AVP/TCP;interleaved=0-1"}, 404),
        ("SETUP", "/trackID=0", {"Transport": "RTP/AVP;multicast"}, 461),
        ("SETUP", "/trackID=0", {"Transport": "RTP/AVP/TCP;interleaved=255-256"}, 461),
        ("SETUP", "/trackID=0", {}, 461),
        ("PLAY", "", {}, 454),
        ("PLAY", "", {"Session": "0"}, 454),
        ("RECORD", "", {}, 501),
    ],
)
async def test_wrong_request_gets_its_status(
    clip: Path, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    async with fast_server(CameraSpec("gate", clip)) as server, open_client(server.url("gate")) as client:
        url = client.url.replace("/main", "") + path if path.startswith("/..") else client.url + path
        assert (await client.ask(method, url, **headers)).status == status


async def test_unknown_camera_is_not_found(clip: Path) -> None:
    async with (
        fast_server(CameraSpec("gate", clip), CameraSpec("yard", clip)) as server,
        open_client(server.url("gate").replace("gate", "cellar")) as client,
    ):
        assert (await client.ask("DESCRIBE")).status == 404


@pytest.mark.parametrize(
    "octets", [b"\x16\x03\x01" + bytes(200) + b"\r\n\r\n", b"A" * 20_000, b"GET / HTTP/1.1\r\n\r\n"]
)
async def test_what_is_no_rtsp_is_answered_400_and_closed(clip: Path, octets: bytes) -> None:
    async with fast_server(CameraSpec("gate", clip)) as server, open_client(server.url("gate")) as client:
        client.writer.write(octets)
        answer = await asyncio.wait_for(client.reader.read(), 10)
    assert answer.startswith(b"RTSP/1.0 400")


async def test_two_requests_in_one_packet_and_one_in_two_are_answered(clip: Path) -> None:
    async with fast_server(CameraSpec("gate", clip)) as server, open_client(server.url("gate")) as client:
        request = f"OPTIONS {client.url} RTSP/1.0\r\nCSeq: %d\r\n\r\n"
        client.writer.write((request % 1 + request % 2 + (request % 3)[:20]).encode())
        await client.reader.readuntil(b"CSeq: 2\r\n")
        client.writer.write((request % 3)[20:].encode())
        await asyncio.wait_for(client.reader.readuntil(b"CSeq: 3\r\n"), 10)


async def test_client_that_does_not_read_is_skipped_and_counted(clip: Path) -> None:
    async with fast_server(CameraSpec("gate", clip)) as server, open_client(server.url("gate")) as client:
        await client.play()
        client.writer.transport.pause_reading()  # type: ignore[attr-defined]
        stream = server.cameras["gate"].streams[StreamRole.MAIN]
        limit = 60
        while not stream.logs()[0].congested and limit:
            stream.write_garbage(1 << 20, server.rng)
            await asyncio.sleep(0)
            limit -= 1
            for _ in range(500):
                await asyncio.sleep(0)
        assert stream.logs()[0].congested > 0


async def test_tls_serves_those_who_trust_the_authority(clip: Path) -> None:
    authority = TestAuthority()
    options = ServerOptions(tls=make_server_context(authority.make_server("127.0.0.1")))
    async with fast_server(CameraSpec("gate", clip), options=options) as server:
        assert server.url("gate").startswith("rtsps://")
        trust = ssl.create_default_context(cadata=authority.certificate.decode())
        async with open_client(server.url("gate"), trust) as client:
            await client.play()
            assert len(await take_units(client.packets(), 30)) == 30
        stranger = ssl.create_default_context(cadata=TestAuthority().certificate.decode())
        with pytest.raises(ssl.SSLCertVerificationError):
            async with open_client(server.url("gate"), stranger):
                pass


async def test_mutual_tls_lets_in_certified_clients_only(clip: Path, tmp_path: Path) -> None:
    authority = TestAuthority()
    context = make_server_context(authority.make_server("127.0.0.1"), authority.certificate)
    async with fast_server(CameraSpec("gate", clip), options=ServerOptions(tls=context)) as server:
        trust = ssl.create_default_context(cadata=authority.certificate.decode())
        with pytest.raises((ssl.SSLError, ConnectionError, asyncio.IncompleteReadError)):
            async with open_client(server.url("gate"), trust) as client:
                await client.ask("OPTIONS")
        trust.load_cert_chain(*authority.make_client().write(tmp_path, "client"))
        async with open_client(server.url("gate"), trust) as client:
            assert (await client.ask("DESCRIBE")).status == 200


async def test_port_in_use_is_an_error_that_says_so(clip: Path) -> None:
    async with SimServer([CameraSpec("gate", clip)]) as server:
        with pytest.raises(PortInUseError, match=str(server.port)):
            async with SimServer([CameraSpec("gate", clip)], ServerOptions(port=server.port)):
                pass


async def test_name_taken_is_a_conflict(clip: Path) -> None:
    with pytest.raises(ConflictError):
        async with SimServer([CameraSpec("gate", clip), CameraSpec("gate", clip)]):
            pass


async def test_unreadable_file_leaves_no_port_open(tmp_path: Path) -> None:
    (tmp_path / "x.mp4").write_bytes(b"no media")
    server = SimServer([CameraSpec("gate", tmp_path / "x.mp4")])
    with pytest.raises(UnreadableFileError):
        async with server:
            pass
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", server.port)


async def test_end_of_the_server_ends_its_connections(clip: Path) -> None:
    async with SimServer([CameraSpec("gate", clip)]) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(f"OPTIONS {server.urls[0]} RTSP/1.0\r\nCSeq: 1\r\n\r\n".encode())
        await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await asyncio.wait_for(reader.readexactly(1), 10)
    writer.close()
