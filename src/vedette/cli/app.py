"""The table of commands. A command's module is imported only when it is called, so that `vedette serve
--role recorder` never loads what a recorder must not have.
"""

import importlib
import sys
from collections.abc import Mapping

import click
from typing_extensions import override

from vedette.core.errors import VedetteError

COMMANDS: dict[str, str] = {
    "serve": "Run the system, or one role of it.",
    "login": "Keep a token for the commands that talk to a running system.",
    "doctor": "Say what this machine can do and what it lacks.",
    "sim": "Simulate RTSP cameras.",
    "probe": "Say what a source carries, or why it fails.",
    "camera": "Add, test, list, remove, import and export cameras; their recording plans.",
    "recordings": "List the recordings and gaps of a camera.",
    "ledger": "Count expected and stored frames, with the reason of each missing one.",
    "volumes": "List, add and remove storage volumes.",
    "erase": "Erase footage before its term: shows what goes, asks, and refuses what is held.",
    "hold": "Put footage on hold, list and release holds.",
    "events": "List or follow events.",
    "search": "Find people, vehicles and plates that cameras saw, and trace them.",
    "watchlist": "Show and change lists of wanted, permitted and known plates, vehicles and faces.",
    "status": "Show the state of every process, camera, volume and control.",
    "check": "Check volumes against their indexes; never deletes footage.",
    "export": "Export footage.",
    "verify": "Check a bundle of footage: nothing changed, removed or added.",
    "witness": "Sign checkpoints of evidence logs, on another host.",
    "analyze": "Analyse video files and pictures.",
    "enhance": "Enlarge a picture or a video by super-resolution; always labelled.",
    "profile": "Make a profile of a gallery of your own pictures and videos; never of footage.",
    "models": "List, pull and verify models.",
    "lab": "Train models (extra `lab`).",
    "user": "Administer users.",
    "backup": "Write an encrypted backup of configuration, keys, evidence and, if asked, footage.",
    "restore": "Make an installation from its backups, or try whether one could be made.",
    "audit": "Export the audit log.",
}
"""Command -> one line of help. The module is `vedette.cli.<command>`, which holds a click `command`."""


class LazyCommands(click.Group):
    """A group that imports a command's module when the command is used; others may be added besides.

    Args:
        table: Command -> one line of help.
        prefix: Of the modules: `vedette.cli.<prefix><command>`.
    """

    def __init__(self, table: Mapping[str, str], name: str, about: str, prefix: str = "") -> None:
        super().__init__(name=name, help=about)
        self._table, self._prefix = table, prefix

    @override
    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*self._table, *super().list_commands(ctx)]

    @override
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._table:
            return super().get_command(ctx, cmd_name)
        name = f"vedette.cli.{self._prefix}{cmd_name}"
        command = importlib.import_module(name).command
        if not isinstance(command, click.Command):
            raise TypeError(f"{name}.command is no click command")
        return command

    @override
    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        room = formatter.width - 6 - max(map(len, self.list_commands(ctx)))
        own = [(name, command.get_short_help_str(room)) for name, command in sorted(self.commands.items())]
        with formatter.section("Commands"):
            formatter.write_dl([*self._table.items(), *own])


def run() -> None:
    """Runs the command line. Exit codes: 0 done, 1 failed or "no", 2 wrong usage, 3 cannot tell."""
    group = LazyCommands(COMMANDS, "vedette", "A trusted, CPU-first video management system.")
    try:
        group(prog_name="vedette")
    except VedetteError as error:
        sys.stderr.write(f"vedette: {error.message}\n")
        if error.hint:
            sys.stderr.write(f"  {error.hint}\n")
        sys.exit(1)
