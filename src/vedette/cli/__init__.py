"""The command line: one file per command."""


def main() -> None:
    """Runs the `vedette` command."""
    from vedette.cli.app import run  # noqa: PLC0415 -- keeps `import vedette.cli` free of every dependency

    run()
