"""Hostile bytes from a camera: only our own errors come out, and memory stays bounded.

Two ways: hypothesis with arbitrary bytes, and real bytes of a stream, mutated with a fixed seed.
"""

import asyncio
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.media import H264, H265
from tests.support.rtp_wire import UnitLog, fragments_h264, fragments_h265, interleaved, nals_of, rtp
from vedette.camera.assembler import AudioAssembler, VideoAssembler
from vedette.camera.audio_payload import AacReceiver
from vedette.camera.counters import StreamCounters
from vedette.camera.errors import CameraError
from vedette.camera.hls import MalformedPlaylistError, parse_playlist
from vedette.camera.live_session import Outlet
from vedette.camera.mjpeg import MalformedMultipartError, PictureSplitter
from vedette.camera.parameter_sets import make_video_format, parse_sps, set_key
from vedette.camera.reorder import DEPTH, ReorderBuffer
from vedette.camera.rtcp import parse_rtcp
from vedette.camera.rtp import RtpReceiver
from vedette.camera.rtsp_auth import Authenticator, Login, choose_challenge, parse_challenges
from vedette.camera.rtsp_client import base_url, check_reply
from vedette.camera.rtsp_message import MalformedRtspError, find_message, parse_message, session_of
from vedette.camera.rtsp_protocol import MAX_REST_BYTES, ReceiveBuffer, RtspProtocol
from vedette.camera.rtsp_url import RtspUrl, parse_rtsp_url
from vedette.camera.sdp import MalformedSdpError, make_audio_format, parse_sdp
from vedette.camera.transport import read_transport
from vedette.camera.video_payload import MAX_UNIT_BYTES, VideoReceiver
from vedette.core.errors import VedetteError
from vedette.core.media import AudioFormat, Codec
from vedette.media.compat_wire import CompatWireError, decode_picture, decode_tracks, decode_unit
from vedette.media.errors import MalformedMediaError
from vedette.testing.clock import SimulatedClock

FUZZ = settings(max_examples=200)
URL = RtspUrl("rtsp", "192.0.2.1", 554, "/live")
SDP = (
    b"v=0\r\na=control:*\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
    b"a=fmtp:96 packetization-mode=1;sprop-parameter-sets=Z2QAHqzZQKAv+XARAAADAAEAAAMAMg8WLZY=,aOvjyyLA\r\n"
    b"a=control:trackID=0\r\nm=audio 0 RTP/AVP 97\r\na=rtpmap:97 MPEG4-GENERIC/44100/2\r\n"
    b"a=fmtp:97 mode=AAC-hbr;sizelength=13;indexlength=3;config=1210\r\n"
)
REPLY = (
    b"RTSP/1.0 401 Unauthorized\r\nCSeq: 2\r\nSession: 12345;timeout=60\r\nContent-Base: rtsp://192.0.2.1/live/\r\n"
    b'WWW-Authenticate: Digest realm="cam", nonce="abc", qop="auth"\r\nWWW-Authenticate: Basic realm="cam"\r\n'
    b"Transport: RTP/AVP;unicast;client_port=5000-5001;server_port=6000-6001\r\nLocation: rtsp://192.0.2.1/x\r\n"
    b"Content-Length: 3\r\n\r\nabc"
)
SPS = {Codec.H264: H264.parameter_sets[0], Codec.H265: H265.parameter_sets[1]}


def mutate(rng: random.Random, data: bytes) -> bytes:
    """Flips, cuts, doubles and inserts; never grows beyond twice the size."""
    out = bytearray(data)
    for _ in range(rng.randint(1, 6)):
        if not out:
            break
        at = rng.randrange(len(out))
        kind = rng.randrange(5)
        if kind == 0:
            out[at] = rng.randrange(256)
        elif kind == 1:
            del out[at : at + rng.randint(1, 8)]
        elif kind == 2:
            out[at:at] = rng.randbytes(rng.randint(1, 8))
        elif kind == 3:
            out[at] ^= 1 << rng.randrange(8)
        elif len(out) < 2 * len(data):
            out[at:at] = out[at : at + rng.randint(1, 64)]
    return bytes(out)


def stream_bytes(codec: Codec) -> bytes:
    """A real-looking interleaved stream: sets, key frames, slices, audio, sender reports, answers."""
    video = H264 if codec is Codec.H264 else H265
    key, part = (b"\x65\x88", b"\x41\x9a") if codec is Codec.H264 else (b"\x26\x01\xaf", b"\x02\x01\xd0")
    cut = fragments_h264 if codec is Codec.H264 else fragments_h265
    out, sequence = [], 0
    for number in range(12):
        nals = [*video.parameter_sets, key + bytes(300)] if number % 6 == 0 else [part + bytes(150)]
        for nal in nals:
            pieces = cut(nal, 60) if len(nal) > 100 else [nal]
            for index, piece in enumerate(pieces):
                marker = nal is nals[-1] and index == len(pieces) - 1
                out.append(interleaved(rtp(piece, sequence, number * 3600, marker=marker)))
                sequence += 1
        out.append(interleaved(rtp(b"\x00\x10\x00\x20abcd", number, number * 1024, payload_type=97, marker=True), 2))
        out.append(interleaved(b"\x80\xc8\x00\x06" + bytes(24), 1))
    out.append(b"RTSP/1.0 200 OK\r\nCSeq: 9\r\n\r\n")
    return b"".join(out)


class Connection:
    """A protocol with everything behind it, fed by hand as the event loop would."""

    def __init__(self, codec: Codec, loop: asyncio.AbstractEventLoop) -> None:
        self.protocol = RtspProtocol(ReceiveBuffer(64 * 1024 + MAX_REST_BYTES), "camera", loop)
        self.counters = StreamCounters()
        clock, outlet = SimulatedClock(), Outlet()
        outlet.on_full = lambda: None
        audio = AudioFormat(Codec.AAC, 44_100, 2, b"\x12\x10", "mp4a.40.2")
        video = VideoAssembler(codec, (), audio, clock, self.counters, outlet)
        sound = AudioAssembler(audio, 44_100, video, clock, self.counters, outlet)
        self.receivers: list[RtpReceiver] = [
            VideoReceiver(codec, 96, self.counters, video, "camera"),
            AacReceiver(97, self.counters, sound),
        ]
        for channel, receiver in zip((0, 2), self.receivers, strict=True):
            receiver.bind(channel)
        self.outlet = outlet
        self.protocol.attach({0: self.receivers[0], 2: self.receivers[1]})

    def feed(self, data: bytes, rng: random.Random) -> None:
        position = 0
        while position < len(data) and not self.protocol.lost.done():
            view = self.protocol.get_buffer(-1)
            fresh = data[position : position + rng.randint(1, 4000)]
            view[: len(fresh)] = fresh
            self.protocol.buffer_updated(len(fresh))
            position += len(fresh)


def check_end(connection: Connection) -> None:
    """A broken stream may end the connection, but only for a reason of ours."""
    if connection.protocol.lost.done():
        error = connection.protocol.lost.exception()
        assert isinstance(error, VedetteError), repr(error)


@pytest.mark.parametrize("codec", [Codec.H264, Codec.H265])
@pytest.mark.parametrize("seed", range(60))
def test_mutated_streams_raise_nothing_foreign(codec: Codec, seed: int) -> None:
    rng = random.Random(seed)
    loop = asyncio.new_event_loop()
    try:
        connection = Connection(codec, loop)
        connection.feed(b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n" + mutate(rng, stream_bytes(codec)), rng)
        check_end(connection)
    finally:
        loop.close()


@FUZZ
@given(st.binary(max_size=3000), st.integers(0, 2**32))
def test_any_bytes_on_a_connection_raise_nothing_foreign(data: bytes, seed: int) -> None:
    loop = asyncio.new_event_loop()
    try:
        connection = Connection(Codec.H264, loop)
        connection.feed(data, random.Random(seed))
        check_end(connection)
    finally:
        loop.close()


@FUZZ
@given(st.lists(st.binary(max_size=200), max_size=40), st.sampled_from([Codec.H264, Codec.H265]), st.booleans())
def test_any_rtp_payload_keeps_the_framing_whole(payloads: list[bytes], codec: Codec, gaps: bool) -> None:  # noqa: FBT001
    log, counters = UnitLog(), StreamCounters()
    receiver = VideoReceiver(codec, 96, counters, log, "camera")
    for index, payload in enumerate(payloads):
        packet = rtp(payload, index * (2 if gaps else 1), index // 3 * 3600, marker=index % 3 == 2)
        receiver.push(memoryview(packet), 0, len(packet))
        receiver.settle()
    for _, _, data, _ in log.units:
        nals_of(data)  # the lengths fit: what is stored can be split again


@FUZZ
@given(st.binary(max_size=400))
def test_any_rtp_header_is_survived(data: bytes) -> None:
    log = UnitLog()
    for receiver in (
        VideoReceiver(Codec.H264, 96, StreamCounters(), log, "camera"),
        VideoReceiver(Codec.H265, 96, StreamCounters(), log, "camera"),
        AacReceiver(97, StreamCounters(), log),
    ):
        receiver.push(memoryview(data), 0, len(data))


@FUZZ
@given(st.binary(max_size=200))
def test_any_rtcp_is_survived(data: bytes) -> None:
    parse_rtcp(data)


@pytest.mark.parametrize("seed", range(200))
def test_mutated_descriptions_raise_only_our_error(seed: int) -> None:
    data = mutate(random.Random(seed), SDP)
    try:
        description = parse_sdp(data)
    except MalformedSdpError:
        return
    for track in description.tracks:
        make_audio_format(track)
        if track.codec is not None and track.parameter_sets:
            try:
                make_video_format(track.codec, track.parameter_sets)
            except MalformedMediaError:
                continue


@FUZZ
@given(st.binary(max_size=2000))
def test_any_description_raises_only_our_error(data: bytes) -> None:
    try:
        parse_sdp(data)
    except MalformedSdpError:
        return


def read_reply(data: bytes) -> None:
    """Everything that happens to an answer."""
    stop = find_message(data, 0, len(data))
    if stop is None:
        return
    reply = parse_message(data[:stop])
    session_of(reply)
    read_transport(reply.headers.get("transport", ""))
    base_url(reply, URL)
    challenge = choose_challenge(parse_challenges(reply.challenges), is_tls=False)
    if challenge is not None:
        Authenticator(Login("u", "p"), challenge, "c").header("DESCRIBE", URL.text)
    check_reply(reply, URL, "DESCRIBE")


@pytest.mark.parametrize("seed", range(300))
def test_mutated_replies_raise_only_our_errors(seed: int) -> None:
    try:
        read_reply(mutate(random.Random(seed), REPLY))
    except (MalformedRtspError, CameraError):
        return


@FUZZ
@given(st.binary(max_size=2000))
def test_any_reply_raises_only_our_errors(data: bytes) -> None:
    try:
        read_reply(data)
        read_reply(b"RTSP/1.0 200 OK\r\n" + data + b"\r\n\r\n")
    except (MalformedRtspError, CameraError):
        return


@FUZZ
@given(st.text(max_size=300))
def test_any_address_raises_only_our_error(text: str) -> None:
    for prefix in ("", "rtsp://", "rtsp://user:pass@"):
        try:
            url, _, _ = parse_rtsp_url(prefix + text)
        except CameraError:
            continue
        assert "\r" not in url.text
        assert "\n" not in url.text


@pytest.mark.parametrize("codec", [Codec.H264, Codec.H265])
@pytest.mark.parametrize("seed", range(300))
def test_mutated_parameter_sets_raise_only_our_error(codec: Codec, seed: int) -> None:
    rng = random.Random(seed)
    nal = mutate(rng, SPS[codec])
    for parse in (parse_sps, set_key):
        try:
            parse(codec, nal)
        except MalformedMediaError:
            continue


@FUZZ
@given(st.binary(max_size=300), st.sampled_from([Codec.H264, Codec.H265]))
def test_any_parameter_set_raises_only_our_error(data: bytes, codec: Codec) -> None:
    for parse in (parse_sps, set_key):
        try:
            parse(codec, data)
        except MalformedMediaError:
            continue


@FUZZ
@given(st.lists(st.binary(max_size=80), max_size=200))
def test_the_reorder_buffer_stays_small(packets: list[bytes]) -> None:
    buffer = ReorderBuffer(StreamCounters())
    for index, packet in enumerate(packets):
        buffer.push(packet, index)
        assert len(buffer._held) < DEPTH


@FUZZ
@given(st.binary(max_size=3000))
def test_other_sources_raise_only_our_errors(data: bytes) -> None:
    calls = (
        (parse_playlist, MalformedPlaylistError),
        (lambda found: parse_playlist(b"#EXTM3U\n" + found), MalformedPlaylistError),
        (PictureSplitter().push, MalformedMultipartError),
        (decode_tracks, CompatWireError),
        (decode_unit, CompatWireError),
        (decode_picture, CompatWireError),
    )
    for call, expected in calls:
        try:
            call(data)
        except expected:
            continue


def test_an_endless_fragment_is_bounded() -> None:
    log = UnitLog()
    receiver = VideoReceiver(Codec.H264, 96, StreamCounters(), log, "camera")
    receiver.bind(0)
    first = interleaved(rtp(b"\x7c\x85" + bytes(60_000), 0, 1))
    receiver.consume(memoryview(first), 0, len(first))
    sent, refused = 0, False
    for index in range(1, 2000):
        data = interleaved(rtp(b"\x7c\x05" + bytes(60_000), index, 1))
        receiver.consume(memoryview(data), 0, len(data))
        sent += 60_000
        try:
            receiver.settle()
        except CameraError:
            refused = True
            break
    assert refused
    assert sent <= MAX_UNIT_BYTES + 120_000


def test_a_message_that_never_ends_is_bounded(tmp_path: Path) -> None:
    loop = asyncio.new_event_loop()
    try:
        connection = Connection(Codec.H264, loop)
        connection.feed(b"RTSP/1.0 200 OK\r\n" + b"X-Long: y\r\n" * 100_000, random.Random(1))
        check_end(connection)
        assert connection.protocol.lost.done()
    finally:
        loop.close()
