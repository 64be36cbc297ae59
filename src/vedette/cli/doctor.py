"""`vedette doctor`: says what this machine can do and what it lacks."""

import sys
from pathlib import Path

import click

from vedette.cli.settings_file import find_data
from vedette.node.doctor import report
from vedette.runtime.settings import NodeSettings


@click.command("doctor")
@click.option("--data", type=click.Path(path_type=Path), default=None, help="Data directory [./var].")
@click.option("--port", type=click.IntRange(1, 65535), default=8600, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
def command(data: Path | None, port: int, as_json: bool) -> None:
    """Measure and check this machine; every lack comes with what to do. Exit code 1 when something is bad."""
    sys.exit(report.run(NodeSettings(data=find_data(data).resolve(), port=port), as_json=as_json))
