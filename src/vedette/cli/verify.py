"""`vedette verify`: what `verify.py` inside a bundle does, with the same code. Needs no running system."""

import json
import re
import sys
from pathlib import Path

import click

from vedette.evidence.offline_verify import WrongForm, parse_fingerprint, parse_witness_key, tell, verify

_FINGERPRINT = re.compile(r"[0-9a-f]{64}")


@click.command("verify")
@click.argument("bundle", type=click.Path(path_type=Path, exists=True))
@click.option("--trust", multiple=True, help="Fingerprint of a key that you trust; may be given several times.")
@click.option("--witness", multiple=True, help="Key of a witness that must have signed; may be given several times.")
@click.option("--tsa", multiple=True, help="Fingerprint of a time-stamping authority's certificate that you vouch for.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
def command(
    bundle: Path, trust: tuple[str, ...], witness: tuple[str, ...], tsa: tuple[str, ...], as_json: bool
) -> None:
    """Check a bundle (a folder or a .zip): was anything changed, removed or added?

    Exit code 0: valid and signed by a trusted key, 1: not valid, 3: whole, but signed by a key nobody vouched for.
    """
    fingerprints, authorities = ([parse_fingerprint(one) for one in given] for given in (trust, tsa))
    if not all(map(_FINGERPRINT.fullmatch, [*fingerprints, *authorities])):
        raise click.UsageError("A fingerprint has 64 characters, 0 to 9 and a to f.")
    try:
        witnesses = [parse_witness_key(one) for one in witness]
    except WrongForm as exc:
        raise click.UsageError(f"--witness: {exc}") from exc
    verifier = verify(str(bundle), fingerprints, witnesses=witnesses, authorities=authorities)
    print(json.dumps(verifier.as_record()) if as_json else "\n".join(tell(verifier)))
    sys.exit(verifier.verdict)
