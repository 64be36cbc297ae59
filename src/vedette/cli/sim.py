"""`vedette sim`: simulated RTSP cameras for tests and demonstrations. URLs go to stdout, one per line."""

import asyncio
import json
import sys
from dataclasses import asdict
from pathlib import Path

import click

from vedette.core.media import StreamRole
from vedette.runtime.process import stop_on_signals
from vedette.testing.fault_script import load_script
from vedette.testing.login import Login, LoginScheme
from vedette.testing.signing import SigningKey, load_signing_key, make_signing_key
from vedette.testing.sim_server import ServerOptions, SimServer
from vedette.testing.simulated_camera import CameraSpec
from vedette.testing.source import SourceOptions
from vedette.testing.tls import make_server_tls


def _parse_files(context: click.Context, parameter: click.Parameter, value: tuple[str, ...]) -> list[list[Path]]:
    del context, parameter
    pairs = []
    for text in value:
        paths = [Path(part) for part in text.split(",")]
        missing = [str(path) for path in paths if not path.is_file()]
        if missing or len(paths) > 2:
            raise click.BadParameter(f"{text}: need MAIN or MAIN,SUB; not found: {', '.join(missing) or 'none'}")
        pairs.append(paths)
    return pairs


def _parse_sign(context: click.Context, parameter: click.Parameter, value: str | None) -> SigningKey | None:
    del context, parameter
    if value is None:
        return None
    if not value:
        return make_signing_key()
    certificates, comma, key = value.partition(",")
    if not comma:
        raise click.BadParameter("need CERT,KEY, or nothing: then put --sign behind the files")
    return load_signing_key(Path(certificates), Path(key))


@click.command(short_help="Simulate RTSP cameras.")
@click.argument("files", nargs=-1, required=True, callback=_parse_files, metavar="FILE[,SUBFILE]...")
@click.option("--port", default=0, show_default="any free one", type=click.IntRange(0, 65535))
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--count", type=click.IntRange(1, 1000), help="Cameras; files are used in turn. Default: one per file.")
@click.option("--user", default="", help="Ask for a login.")
@click.option("--password", default="", help="With --user.")
@click.option(
    "--auth",
    "schemes",
    multiple=True,
    type=click.Choice([str(each) for each in LoginScheme]),
    help="Login schemes offered, in this order. Default: digest-md5, basic.",
)
@click.option("--tls", is_flag=True, help="RTSPS, with a certificate made now; see --tls-dir.")
@click.option(
    "--tls-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where ca.pem, client.pem and client.key are written. Clients must then show client.pem.",
)
@click.option("--faults", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Fault script.")
@click.option("--number-frames", is_flag=True, help="Put a frame number into every picture (SEI).")
@click.option(
    "--report",
    type=click.Path(dir_okay=False, path_type=Path),
    help="At the end, write what was sent to whom (JSON) here.",
)
@click.option(
    "--sign",
    "signing",
    is_flag=False,
    flag_value="",
    callback=_parse_sign,
    metavar="[CERT,KEY]",
    help="Sign the video (ONVIF Media Signing), with this PEM chain and key or with a key made now.",
)
@click.option(
    "--sign-ca",
    type=click.Path(dir_okay=False, path_type=Path),
    help="With --sign alone: write the certificate of the key's authority here.",
)
@click.option("--port-per-camera", is_flag=True, help="A port of its own for every camera.")
def command(
    files: list[list[Path]],
    port: int,
    host: str,
    count: int | None,
    user: str,
    password: str,
    schemes: tuple[str, ...],
    tls: bool,
    tls_dir: Path | None,
    faults: Path | None,
    number_frames: bool,
    report: Path | None,
    signing: SigningKey | None,
    sign_ca: Path | None,
    port_per_camera: bool,
) -> None:
    """Serves FILEs as endless RTSP cameras, without re-encoding, and prints their URLs.

    FILE[,SUBFILE] gives a camera a main and a sub stream. Ends at Ctrl-C.
    """
    chosen = tuple(LoginScheme(each) for each in schemes) or (LoginScheme.DIGEST_MD5, LoginScheme.BASIC)
    login = Login(user, password, chosen) if user else None
    specs = []
    for index in range(count or len(files)):
        main, *sub = files[index % len(files)]
        specs.append(CameraSpec(f"cam{index + 1}", main, sub[0] if sub else None, login, signing))
    if sign_ca is not None:
        if signing is None or not signing.root_pem:
            raise click.UsageError("--sign-ca goes with --sign without a key of your own.")
        sign_ca.write_bytes(signing.root_pem)
    options = ServerOptions(
        host=host,
        port=port,
        port_per_camera=port_per_camera,
        tls=make_server_tls(host, tls_dir) if tls else None,
        source=SourceOptions(number_frames=number_frames),
    )
    script = load_script(faults) if faults else ()
    server = SimServer(specs, options, script)
    asyncio.run(_serve(server))
    if report is not None:
        write_report(server, report)


def write_report(server: SimServer, path: Path) -> None:
    """Writes camera -> stream -> sessions, each with the ranges of frame numbers it was sent."""
    sent = {
        camera: {role: [asdict(log) for log in logs] for role, logs in streams.items()}
        for camera, streams in server.sent().items()
    }
    path.write_text(json.dumps({"cameras": sent}), encoding="utf-8")


async def _serve(server: SimServer) -> None:
    stop = asyncio.Event()
    stop_on_signals(stop)
    async with server:
        for name, camera in server.cameras.items():
            for role in (StreamRole.MAIN, StreamRole.SUB):
                if role in camera.streams:
                    print(server.url(name, role))
        sys.stdout.flush()
        await stop.wait()
