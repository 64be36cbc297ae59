"""`vedette probe`: what a source carries, how long each step took, and the clear error if it fails."""

import asyncio
import json
import sys
from pathlib import Path

import click
from cryptography import x509

from vedette.camera.errors import BadUrlError
from vedette.camera.factory import SourceFactory
from vedette.camera.probe import ProbedSigning, ProbedStream, ProbeReport, probe_stream
from vedette.core.assignment import StreamSource
from vedette.core.media import StreamRole
from vedette.node.signing_probe import MediaSigningInspector
from vedette.runtime.clock import SystemClock

MAX_PASSWORD_CHARS = 1024


@click.command(short_help="Say what a source carries, or why it fails.")
@click.argument("url")
@click.option("--user", default="", help="User name of the camera.")
@click.option(
    "--password-file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="First line is used."
)
@click.option("--transport", type=click.Choice(["auto", "tcp", "udp"]), default="auto", show_default=True)
@click.option("--ca-file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Authority for RTSPS.")
@click.option("--no-verify-tls", is_flag=True, help="Accept any certificate. For tests only.")
@click.option("--seconds", type=click.FloatRange(0.5, 60), default=4.0, show_default=True, help="How long to look.")
@click.option(
    "--camera-root",
    "camera_roots",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Certificate of a camera maker: says whether a signed stream is from one of its cameras.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
def command(
    url: str,
    user: str,
    password_file: Path | None,
    transport: str,
    ca_file: Path | None,
    no_verify_tls: bool,
    seconds: float,
    camera_roots: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Connect to URL (rtsp, rtsps, http, https or a file) and report what it carries.

    Exit code 1 when it does not work, 2 for an unusable URL.
    """
    password = "" if password_file is None else _read_password(password_file)
    stream = StreamSource(
        role=StreamRole.MAIN,
        url=url,
        record=False,
        transport=transport,
        verify_tls=not no_verify_tls,
        ca_file="" if ca_file is None else str(ca_file),
    )
    clock = SystemClock()
    inspector = MediaSigningInspector(_read_roots(camera_roots))
    report = asyncio.run(probe_stream(SourceFactory(clock), stream, user, password, clock, seconds, inspector))
    if as_json:
        click.echo(json.dumps(report.to_dict()))
    else:
        _print(report)
    if report.error is not None:
        sys.exit(2 if report.error.code == BadUrlError.code else 1)


def _read_password(path: Path) -> str:
    with path.open(encoding="utf-8") as file:
        return file.readline(MAX_PASSWORD_CHARS).rstrip("\r\n")


def _read_roots(paths: tuple[Path, ...]) -> list[x509.Certificate] | None:
    try:
        found = [one for path in paths for one in x509.load_pem_x509_certificates(path.read_bytes())]
    except ValueError as exc:
        raise click.UsageError(f"--camera-root: no PEM certificate: {exc}") from exc
    return found or None


def _print(report: ProbeReport) -> None:
    click.echo(report.url)
    for one in report.steps:
        click.echo(f"  {'ok  ' if one.ok else 'FAIL'} {one.name:<16}{one.ms:>9.1f} ms  {one.detail if one.ok else ''}")
    for stream in report.streams:
        click.echo(f"  {_line(stream)}")
    if report.clock_offset_s is not None:
        click.echo(f"  camera clock {report.clock_offset_s:+.3f} s against ours")
    if report.signing is not None:
        click.echo(f"  {_signing_line(report.signing)}")
    if report.loss:
        click.echo(f"  {report.loss} packets lost on the way")
    if report.error is not None:
        click.echo(f"{report.error.message}\n  {report.error.hint}  [{report.error.code}]", err=True)


def _signing_line(signing: ProbedSigning) -> str:
    if signing.result == "unsigned":
        return "signed by the camera: no"
    words = f"signed by the camera: yes, {signing.result}"
    if signing.reasons:
        words += f" ({', '.join(signing.reasons)})"
    if signing.fingerprint:
        vouched = "a trusted maker vouches for its key" if signing.is_vouched else "nobody vouches for its key"
        words += f"; {signing.subject}, {vouched}, fingerprint {signing.fingerprint}"
    return words


def _line(stream: ProbedStream) -> str:
    parts = [f"{stream.kind}: {stream.codec} ({stream.codec_string})"]
    if stream.width:
        parts.append(f"{stream.width}x{stream.height}")
    if stream.fps is not None:
        parts.append(f"{stream.fps:g} pictures/s")
    if stream.gop_frames is not None:
        parts.append(f"key frame every {stream.gop_frames} ({stream.gop_s:g} s)")
    if stream.sample_rate_hz:
        parts.append(f"{stream.sample_rate_hz} Hz, {stream.channels} channel(s)")
    if stream.bitrate_bps is not None:
        parts.append(f"{stream.bitrate_bps / 1000:.0f} kbit/s")
    return ", ".join(parts)
