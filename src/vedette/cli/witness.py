"""`vedette witness`: signs checkpoints of evidence logs on another host, so that no log can tell two histories."""

import os
import sys
from pathlib import Path

import click


@click.command("witness")
@click.option("--state", type=click.Path(path_type=Path), required=True, help="Folder of its key and state.")
@click.option("--name", required=True, help="Its name, for example witness.example.org/a.")
@click.option("--log", "logs", multiple=True, required=True, help="Key of a log; may be given several times.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(1, 65535), default=8690, show_default=True)
def command(state: Path, name: str, logs: tuple[str, ...], host: str, port: int) -> None:
    """Serve as a witness. Its first log line shows its key.

    The key goes into the settings file of the node (`witnesses`), and to whoever verifies (`--witness`).
    """
    from vedette.node.witness import run  # noqa: PLC0415 -- a server is loaded only where one runs

    os.umask(0o077)
    sys.exit(run(state.expanduser().resolve(), name, logs, host, port))
