"""Every fault of the simulated camera, as a client on the other side of the socket sees it."""

import asyncio
import itertools
import struct
from collections import Counter
from pathlib import Path

import pytest

from tests.support.clips import make_clip
from tests.support.rtsp_client import (
    RtpPacket,
    RtspClient,
    join_h264,
    open_client,
    take,
    take_units,
    take_units_through_now,
)
from tests.support.simulator import fast_server
from vedette.core.media import Codec, StreamRole
from vedette.testing.faults import ClipVariant, Fault, FaultKind, FaultStep
from vedette.testing.rtp import read_frame_number
from vedette.testing.sim_server import ServerOptions, SimServer
from vedette.testing.simulated_camera import CameraSpec
from vedette.testing.source import SourceOptions

NUMBERED = ServerOptions(source=SourceOptions(number_frames=True))


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("clips"))


def differences(units: list[list[RtpPacket]]) -> list[int]:
    times = [unit[0].rtp_time for unit in units]
    return [(b - a + 2**31) % 2**32 - 2**31 for a, b in itertools.pairwise(times)]


def numbers_of(units: list[list[RtpPacket]]) -> list[int]:
    found = (read_frame_number(packet.payload) for unit in units for packet in unit)
    return [number for number in found if number is not None]


async def test_refused_by_all_cameras_is_a_refused_port_until_cleared(clip: Path) -> None:
    async with fast_server(CameraSpec("gate", clip)) as server:
        async with open_client(server.url("gate")) as client:
            await client.play()
            await server.apply(Fault(FaultKind.REFUSE))
            async for _ in client.packets():  # it ends
                pass
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", server.port)
        await server.clear()
        async with open_client(server.url("gate")) as client:
            assert (await client.ask("DESCRIBE")).status == 200


async def test_one_refusing_camera_leaves_the_others_alone(clip: Path) -> None:
    async with fast_server(CameraSpec("gate", clip), CameraSpec("yard", clip)) as server:
        await server.apply(Fault(FaultKind.REFUSE), camera="gate")
        async with open_client(server.url("gate")) as client:
            with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
                await client.ask("OPTIONS")
        async with open_client(server.url("yard")) as client:
            assert (await client.ask("DESCRIBE")).status == 200


async def test_port_per_camera_refuses_that_camera_alone(clip: Path) -> None:
    options = ServerOptions(port_per_camera=True)
    async with fast_server(CameraSpec("gate", clip), CameraSpec("yard", clip), options=options) as server:
        await server.apply(Fault(FaultKind.REFUSE), camera="yard")
        with pytest.raises(ConnectionRefusedError):
            async with open_client(server.url("yard")):
                pass
        async with open_client(server.url("gate")) as client:
            assert (await client.ask("DESCRIBE")).status == 200


async def test_accepted_but_never_answered(clip: Path) -> None:
    async with fast_server(CameraSpec("gate", clip)) as server:
        await server.apply(Fault(FaultKind.NO_ANSWER))
        async with open_client(server.url("gate")) as client:
            await client.send("OPTIONS")
            start_ns = server.clock.mono_ns()
            read = asyncio.create_task(client.reader.read(1))
            while server.clock.mono_ns() - start_ns < 30 * 10**9:
                await asyncio.sleep(0)
            assert not read.done()
            read.cancel()


async def test_web_page_instead_of_rtsp(clip: Path) -> None:
    async with fast_server(CameraSpec("gate", clip)) as server:
        await server.apply(Fault(FaultKind.WEB_PAGE))
        async with open_client(server.url("gate")) as client:
            await client.send("OPTIONS")
            answer = await asyncio.wait_for(client.reader.read(), 10)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK")
    assert f"Content-Length: {len(body)}".encode() in head


async def test_overloaded_camera_answers_503(clip: Path) -> None:
    async with fast_server(CameraSpec("gate", clip)) as server:
        await server.apply(Fault(FaultKind.UNAVAILABLE))
        async with open_client(server.url("gate")) as client:
            assert (await client.ask("DESCRIBE")).status == 503


async def test_disconnect_breaks_the_connection_once(clip: Path) -> None:
    async with fast_server(CameraSpec("gate", clip)) as server:
        async with open_client(server.url("gate")) as client:
            await client.play()
            await take_units(client.packets(), 5)
            await server.apply(Fault(FaultKind.DISCONNECT))
            async for _ in client.packets():
                pass
        async with open_client(server.url("gate")) as client:
            await client.play()
            await take_units(client.packets(), 5)
        assert server.cameras["gate"].connection_count == 2


async def test_stall_is_silent_but_connected_and_resumes_with_a_key_frame(clip: Path) -> None:
    async with (
        fast_server(CameraSpec("gate", clip), options=NUMBERED) as server,
        open_client(server.url("gate")) as client,
    ):
        await client.play()
        units = await take_units(client.packets(), 5)
        await server.apply(Fault(FaultKind.STALL))
        stream = server.cameras["gate"].streams[StreamRole.MAIN]
        sent = stream.logs()[0].frames
        before = stream.next_frame_number
        while stream.next_frame_number < before + 100:
            await asyncio.sleep(0)
        assert stream.logs()[0].frames == sent
        await server.clear(FaultKind.STALL)
        units += await take_units_through_now(client, 40)
        (first, second) = stream.logs()[0].ranges
    numbers = numbers_of(units)
    jump = next(index for index, (a, b) in enumerate(itertools.pairwise(numbers)) if b != a + 1)
    assert any(nal[0] & 0x1F == 5 for nal in join_h264(units[jump + 1]))
    assert (numbers[jump], numbers[jump + 1]) == (first[1], second[0])
    assert differences(units)[jump] == (numbers[jump + 1] - numbers[jump]) * 3600


async def test_frozen_picture_repeats_while_time_runs_on(clip: Path) -> None:
    async with fast_server(CameraSpec("gate", clip)) as server, open_client(server.url("gate")) as client:
        await client.play()
        await take_units(client.packets(), 3)
        await server.apply(Fault(FaultKind.FREEZE))
        await client.ask("GET_PARAMETER")
        units = (await take_units(client.packets(), 60))[-20:]
    assert len({tuple(join_h264(unit)) for unit in units}) == 1
    assert set(differences(units)) == {3600}


async def test_replay_shows_the_same_seconds_again(clip: Path) -> None:
    async with fast_server(CameraSpec("gate", clip)) as server, open_client(server.url("gate")) as client:
        await client.play()
        await take_units(client.packets(), 60)
        await server.apply(Fault(FaultKind.REPLAY, 0.4))
        await client.ask("GET_PARAMETER")
        units = (await take_units(client.packets(), 180))[-100:]
    counts = Counter(tuple(join_h264(unit)) for unit in units)
    assert 10 <= len(counts) <= 36  # 0.4 s and up to one GOP before it, not the clip's 50 pictures
    assert min(counts.values()) >= 2
    assert set(differences(units)) == {3600}


async def test_packet_loss_leaves_holes_in_the_sequence_only(clip: Path) -> None:
    async with fast_server(CameraSpec("gate", clip)) as server, open_client(server.url("gate")) as client:
        await client.play()
        await server.apply(Fault(FaultKind.LOSS, 0.2))
        packets = await take(client.packets(), 300)
    steps = [(b.sequence - a.sequence) & 0xFFFF for a, b in itertools.pairwise(packets)]
    assert 0.1 < 1 - len(packets) / (sum(steps) + 1) < 0.3
    assert {packet.ssrc for packet in packets} == {packets[0].ssrc}


async def test_reordering_and_duplicates(clip: Path) -> None:
    async with fast_server(CameraSpec("gate", clip)) as server, open_client(server.url("gate")) as client:
        await client.play()
        await server.apply(Fault(FaultKind.REORDER, 0.5))
        await server.apply(Fault(FaultKind.DUPLICATE, 0.3))
        packets = await take(client.packets(), 200)
    steps = Counter((b.sequence - a.sequence + 2**15) % 2**16 - 2**15 for a, b in itertools.pairwise(packets))
    assert steps[0] > 20
    assert steps[-1] + steps[2] > 0


async def test_timestamp_jumps_without_a_pause(clip: Path) -> None:
    async with fast_server(CameraSpec("gate", clip)) as server, open_client(server.url("gate")) as client:
        await client.play()
        units = await take_units(client.packets(), 3)
        await server.apply(Fault(FaultKind.TIMESTAMP_JUMP, -7200.0))
        units += await take_units_through_now(client, 10)
    assert sorted(set(differences(units))) == [3600 - 7200 * 90_000, 3600]


async def test_drifting_clock_changes_the_pace_not_the_steps(clip: Path) -> None:
    async with fast_server(CameraSpec("gate", clip)) as server, open_client(server.url("gate")) as client:
        await server.apply(Fault(FaultKind.DRIFT, 100_000.0))
        await client.play()
        stream = server.cameras["gate"].streams[StreamRole.MAIN]
        await take_units(client.packets(), 3)
        start_ns, start = server.clock.mono_ns(), stream.next_frame_number
        units = await take_units(client.packets(), 275)
        frames = stream.next_frame_number - start
        elapsed_s = (server.clock.mono_ns() - start_ns) / 1e9
    assert frames / elapsed_s == pytest.approx(27.5, rel=0.02)
    assert set(differences(units)) == {3600}


async def test_wrong_wall_clock_shows_in_the_sender_reports(clip: Path) -> None:
    options = ServerOptions(report_interval_s=1.0)
    async with (
        fast_server(CameraSpec("gate", clip), options=options) as server,
        open_client(server.url("gate")) as client,
    ):
        await client.play()
        await take_units(client.packets(), 60)
        await server.apply(Fault(FaultKind.WRONG_NTP, -3600.0))
        await take_units(client.packets(), 60)
        seconds = [struct.unpack(">I", report[8:12])[0] for report in client.reports]
    steps = [b - a for a, b in itertools.pairwise(seconds)]
    assert sum(step < -3590 for step in steps) == 1
    assert all(0 <= step <= 2 for step in steps if step > -3590)


async def test_reports_can_be_missing(clip: Path) -> None:
    async with fast_server(CameraSpec("gate", clip)) as server, open_client(server.url("gate")) as client:
        await server.apply(Fault(FaultKind.NO_REPORTS))
        await client.play()
        await take_units(client.packets(), 200)
        assert client.reports == []


async def test_resolution_and_codec_change_mid_session_and_back(clip: Path) -> None:
    fault = Fault(FaultKind.SOURCE, variant=ClipVariant(Codec.H265, (640, 360)))
    async with fast_server(CameraSpec("gate", clip), options=NUMBERED) as server:
        await server.prepare(fault)  # encodes: minutes on the driven clock, in which a session would expire
        async with open_client(server.url("gate")) as client:
            await client.play()
            units = await take_units(client.packets(), 10)
            await server.apply(fault)
            described = server.cameras["gate"].streams[StreamRole.MAIN].source.format.video
            units += await take_units_through_now(client, 30)
            await server.clear(FaultKind.SOURCE)
            units += await take_units_through_now(client, 30)
    assert (described.codec, described.width, described.height) == (Codec.H265, 640, 360)
    assert set(differences(units)) == {3600}
    numbers = numbers_of(units)
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    is_265 = [(unit[-1].payload[0], unit[-1].payload[1]) in {(0x26, 1), (0x28, 1), (0x02, 1)} for unit in units]
    assert [kind for kind, _ in itertools.groupby(is_265)] in ([False, True, False], [True, False])
    changed = is_265.index(False, is_265.index(True))
    assert {nal[0] & 0x1F for nal in join_h264(units[changed])} >= {5, 7, 8}  # with its own parameter sets


async def test_irregular_gops_of_a_smart_codec(clip: Path) -> None:
    async with fast_server(CameraSpec("gate", clip)) as server, open_client(server.url("gate")) as client:
        await server.apply(Fault(FaultKind.SOURCE, variant=ClipVariant(gop_s=(1.2, 0.2))))
        await client.play()
        units = await take_units(client.packets(), 100)
    keys = [index for index, unit in enumerate(units) if any(nal[0] & 0x1F == 5 for nal in join_h264(unit))]
    assert {b - a for a, b in itertools.pairwise(keys)} == {30, 5, 15}  # 15: the seam of the 2 s loop


async def test_garbage_between_the_packets(clip: Path) -> None:
    async with fast_server(CameraSpec("gate", clip)) as server, open_client(server.url("gate")) as client:
        await client.play()
        await take_units(client.packets(), 3)
        await server.apply(Fault(FaultKind.GARBAGE, 4096))
        with pytest.raises(AssertionError):
            await take_units(client.packets(), 100)


async def test_corrupt_payload_keeps_the_framing(clip: Path) -> None:
    async with fast_server(CameraSpec("gate", clip)) as server, open_client(server.url("gate")) as client:
        await client.play()
        good = {packet.payload for packet in await take(client.packets(), 200)}
        await server.apply(Fault(FaultKind.CORRUPT, 1.0))
        await client.ask("GET_PARAMETER")
        bad = (await take(client.packets(), 200))[-50:]
    assert not good & {packet.payload for packet in bad}


async def test_script_runs_by_the_clock_and_ends_what_it_began(clip: Path) -> None:
    script = [FaultStep(Fault(FaultKind.UNAVAILABLE), at_s=5.0, for_s=5.0, every_s=20.0)]
    async with fast_server(CameraSpec("gate", clip), script=script) as server:
        start_ns = server.clock.mono_ns()

        async def answer_at(at_s: float) -> int:
            while server.clock.mono_ns() - start_ns < at_s * 1e9:
                await asyncio.sleep(0)
            async with open_client(server.url("gate")) as client:
                return (await client.ask("DESCRIBE")).status

        assert [await answer_at(at_s) for at_s in (1, 6, 15, 26, 36)] == [200, 503, 200, 503, 200]


async def test_script_can_wait_for_a_connection(clip: Path) -> None:
    script = [
        FaultStep(Fault(FaultKind.UNAVAILABLE), on_connection=2),
        FaultStep(Fault(FaultKind.DISCONNECT), on_connection=3, at_s=2.0),
    ]
    async with fast_server(CameraSpec("gate", clip), script=script) as server:
        statuses = []
        for _ in range(2):
            async with open_client(server.url("gate")) as client:
                statuses.append((await client.ask("DESCRIBE")).status)
        async with open_client(server.url("gate")) as client:
            await client.play()
            frames = await asyncio.wait_for(_count_units(client), 10)
        async with open_client(server.url("gate")) as client:
            statuses.append((await client.ask("DESCRIBE")).status)
    assert statuses == [200, 503, 200]
    assert 20 <= frames <= 60


async def _count_units(client: RtspClient) -> int:
    count = 0
    async for packet in client.packets():
        count += packet.marker
    return count


async def test_fault_of_the_sub_stream_leaves_the_main_stream_alone(clip: Path) -> None:
    async with fast_server(CameraSpec("gate", clip, sub=clip)) as server:
        await server.apply(Fault(FaultKind.LOSS, 1.0), stream="sub")
        async with open_client(server.url("gate")) as client:
            await client.play()
            assert len(await take_units(client.packets(), 30)) == 30


async def test_camera_can_be_added_while_others_play(clip: Path) -> None:
    async with fast_server(CameraSpec("gate", clip)) as server, open_client(server.url("gate")) as client:
        await client.play()
        await server.add_camera(CameraSpec("yard", clip))
        async with open_client(server.url("yard")) as other:
            await other.play()
            await take_units(other.packets(), 10)
        await take_units(client.packets(), 10)
        assert server.urls == (server.url("gate"), server.url("yard"))


async def test_clips_are_shared_between_cameras(clip: Path) -> None:
    specs = [CameraSpec(f"cam{index}", clip) for index in range(60)]
    async with SimServer(specs) as server:
        sources = {id(camera.streams[StreamRole.MAIN].source) for camera in server.cameras.values()}
    assert len(sources) == 1
