"""The command line: one file per command."""

import os


def main() -> None:
    """Runs the `vedette` command."""
    from vedette.cli.app import run  # noqa: PLC0415 -- keeps `import vedette.cli` free of every dependency
    from vedette.runtime.threads import limit_numeric_threads  # noqa: PLC0415 -- as above

    limit_numeric_threads(os.environ)
    run()
