"""Logins and certificates against the simulated camera."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.cameras import make_source, serve, take, videos, write_clip
from vedette.camera.errors import (
    LoginRequiredError,
    TlsFailedError,
    UntrustedCertificateError,
    WrongHostNameError,
    WrongPasswordError,
)
from vedette.camera.factory import SourceFactory
from vedette.camera.rtsp_auth import Login
from vedette.camera.rtsp_connect import TlsSettings
from vedette.camera.rtsp_protocol import ReceiveBuffer
from vedette.camera.rtsp_source import RtspSettings, RtspSource
from vedette.camera.rtsp_url import parse_rtsp_url
from vedette.camera.tls_selftest import run_tls_selftest
from vedette.core.assignment import StreamSource
from vedette.core.media import StreamRole
from vedette.runtime.clock import SystemClock
from vedette.testing.login import Login as CameraLogin
from vedette.testing.login import LoginScheme
from vedette.testing.sim_server import ServerOptions
from vedette.testing.tls import TestAuthority, make_server_context


@pytest.mark.parametrize("qop", [False, True])
@pytest.mark.parametrize("scheme", list(LoginScheme))
async def test_every_login_works(tmp_path: Path, scheme: LoginScheme, qop: bool) -> None:  # noqa: FBT001
    login = CameraLogin("ad:min" if scheme is not LoginScheme.BASIC else "admin", "pä ss", (scheme,), qop)
    async with serve(write_clip(tmp_path), login=login) as server:
        source = make_source(server.urls[0], user=login.user, password=login.password)
        async with source.open() as session:
            assert videos(await take(session, 2))


@pytest.mark.parametrize("scheme", list(LoginScheme))
async def test_a_wrong_password_is_said_and_tried_once(tmp_path: Path, scheme: LoginScheme) -> None:
    async with serve(write_clip(tmp_path), login=CameraLogin("admin", "right", (scheme,))) as server:
        with pytest.raises(WrongPasswordError) as caught:
            async with make_source(server.urls[0], user="admin", password="wrong").open():
                pass
    assert "wrong" not in caught.value.message
    assert "admin" not in caught.value.message


async def test_a_missing_login_is_said(tmp_path: Path) -> None:
    async with serve(write_clip(tmp_path), login=CameraLogin("admin", "right")) as server:
        with pytest.raises(LoginRequiredError):
            async with make_source(server.urls[0]).open():
                pass


async def test_credentials_in_the_url_are_used(tmp_path: Path) -> None:
    async with serve(write_clip(tmp_path), login=CameraLogin("admin", "p@ss")) as server:
        url = server.urls[0].replace("rtsp://", "rtsp://admin:p%40ss@")
        async with make_source(url).open() as session:
            assert videos(await take(session, 1))


async def test_rtsps_with_the_right_authority(tmp_path: Path) -> None:
    authority = TestAuthority()
    (tmp_path / "ca.pem").write_bytes(authority.certificate)
    options = ServerOptions(tls=make_server_context(authority.make_server("127.0.0.1")))
    async with (
        serve(write_clip(tmp_path), options=options) as server,
        make_source(server.urls[0], ca_file=str(tmp_path / "ca.pem")).open() as session,
    ):
        assert len(videos(await take(session, 30))) == 30


async def test_rtsps_with_a_foreign_authority_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_bytes(TestAuthority("another").certificate)
    options = ServerOptions(tls=make_server_context(TestAuthority().make_server("127.0.0.1")))
    async with serve(write_clip(tmp_path), options=options) as server:
        for ca_file in (str(tmp_path / "ca.pem"), ""):
            with pytest.raises(UntrustedCertificateError):
                async with make_source(server.urls[0], ca_file=ca_file).open():
                    pass


async def test_authority_given_as_text_is_trusted_for_this_camera_alone(tmp_path: Path) -> None:
    authority = TestAuthority()
    options = ServerOptions(tls=make_server_context(authority.make_server("127.0.0.1")))
    factory = SourceFactory(SystemClock())
    async with serve(write_clip(tmp_path), options=options) as server:
        right = StreamSource(StreamRole.MAIN, server.urls[0], record=True, ca_pem=authority.certificate.decode())
        async with factory.make(right).open() as session:
            assert videos(await take(session, 1))
        for ca_pem in ("", TestAuthority("another").certificate.decode()):
            with pytest.raises(UntrustedCertificateError):
                async with factory.make(replace(right, ca_pem=ca_pem)).open():
                    pass


async def test_rtsps_under_another_name_is_refused(tmp_path: Path) -> None:
    authority = TestAuthority()
    (tmp_path / "ca.pem").write_bytes(authority.certificate)
    options = ServerOptions(tls=make_server_context(authority.make_server("camera.example")))
    async with serve(write_clip(tmp_path), options=options) as server:
        with pytest.raises(WrongHostNameError):
            async with make_source(server.urls[0], ca_file=str(tmp_path / "ca.pem")).open():
                pass


async def test_rtsps_against_a_plain_port_is_said(tmp_path: Path) -> None:
    async with serve(write_clip(tmp_path)) as server:
        with pytest.raises(TlsFailedError):
            async with make_source(server.urls[0].replace("rtsp:", "rtsps:")).open():
                pass


async def test_a_client_certificate_opens_a_camera_that_wants_one(tmp_path: Path) -> None:
    authority = TestAuthority()
    (tmp_path / "ca.pem").write_bytes(authority.certificate)
    client = authority.make_client()
    (tmp_path / "client.pem").write_bytes(client.certificate + client.key)
    context = make_server_context(authority.make_server("127.0.0.1"), authority.certificate)
    async with serve(write_clip(tmp_path), options=ServerOptions(tls=context)) as server:
        settings = RtspSettings(
            parse_rtsp_url(server.urls[0])[0],
            Login("", ""),
            tls=TlsSettings(ca_file=str(tmp_path / "ca.pem"), client_certificate=str(tmp_path / "client.pem")),
        )
        async with RtspSource(settings, ReceiveBuffer(), SystemClock()).open() as session:
            assert videos(await take(session, 1))


async def test_the_start_up_self_test_holds() -> None:
    told = await run_tls_selftest(SystemClock())
    assert (told.control, told.state) == ("tls_verification", "holds")
    assert all(told.layers.values())


async def test_the_self_test_notices_that_verification_is_off(monkeypatch: pytest.MonkeyPatch) -> None:
    import vedette.camera.rtsp_connect as connect

    right = connect.make_tls_context
    monkeypatch.setattr(connect, "make_tls_context", lambda _settings: right(TlsSettings(verify=False)))
    told = await run_tls_selftest(SystemClock())
    assert told.state == "absent"
    assert not told.layers["wrong_authority_refused"]
    assert not told.layers["wrong_host_refused"]
