"""Runs benchmarks or evaluations one after the other and keeps their figures in docs/measurements.md.

    python scripts/measure.py benchmarks [NAME ...] [-- ARGUMENTS of each script]

Each script writes its figures as JSON (`--json`); the page keeps one section per script, replaced at each run, with the
date, the machine and the exact command. What people write outside the marked sections stays.
"""

import argparse
import json
import platform
import re
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "measurements.md"
WRITES_FIGURES = re.compile(r"\b(given|options)\.json\b")
"""In a script that writes a result, not in a process that others start or a module that they share."""


def find_scripts(package: str) -> list[str]:
    """Names of the runnable scripts of a package, in order."""
    paths = sorted((ROOT / package).glob("*.py"))
    return [path.stem for path in paths if WRITES_FIGURES.search(path.read_text("utf-8"))]


def describe_machine() -> str:
    """The processor and the number of cores, for the record."""
    model = platform.machine()
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    cores = len(re.findall(r"^processor", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE))
    return f"{model}, {cores} cores, {platform.system()} {platform.release()}"


def run_script(package: str, name: str, arguments: list[str]) -> dict[str, Any] | None:
    """Runs one script and returns its document, or None when it failed (its output is shown)."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "figures.json"
        command = [sys.executable, "-m", f"{package}.{name}", "--json", str(out), *arguments]
        print(f"== {package}.{name}", file=sys.stderr, flush=True)
        done = subprocess.run(command, cwd=ROOT, check=False, stdout=sys.stderr)
        if done.returncode != 0 or not out.exists():
            print(f"!! {package}.{name} ended with {done.returncode}", file=sys.stderr)
            return None
        document: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
        return document


def format_section(package: str, name: str, arguments: list[str], document: dict[str, Any]) -> str:
    """One Markdown section with a table of the figures."""
    at = document.get("date") or datetime.now(UTC).isoformat(timespec="seconds")
    command = " ".join(["python -m", f"{package}.{name}", *arguments])
    rows = [f"| `{key}` | {format_value(value)} |" for key, value in document["figures"].items()]
    head = [
        f"### {package}.{name}",
        "",
        f"{at}, {describe_machine()}. `{command}`",
        "",
        "| figure | value |",
        "|---|---|",
    ]
    return "\n".join([*head, *rows, ""])


def format_value(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def replace_section(page: str, key: str, section: str) -> str:
    """Puts a section between its marks, or at the end of the page when it is new."""
    begin, end = f"<!-- {key} -->", f"<!-- /{key} -->"
    block = f"{begin}\n{section}{end}"
    pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    if pattern.search(page):
        return pattern.sub(lambda _: block, page)
    return f"{page.rstrip()}\n\n{block}\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("package", choices=["benchmarks", "evals"])
    parser.add_argument("names", nargs="*")
    own = sys.argv[1 : sys.argv.index("--")] if "--" in sys.argv else sys.argv[1:]
    arguments = sys.argv[len(own) + 2 :]
    options = parser.parse_args(own)
    failed = 0
    for name in options.names or find_scripts(options.package):
        document = run_script(options.package, name, arguments)
        if document is None:
            failed += 1
            continue
        section = format_section(options.package, name, arguments, document)
        key = f"{options.package}.{name}"
        PAGE.write_text(replace_section(PAGE.read_text(encoding="utf-8"), key, section), encoding="utf-8")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
