"""Time stamps that `openssl ts` 3.0.19 made on 28 November 2026 for the log of that day must be right for ever.

Their certificates were valid for 30 days: what counts is the time of the stamp, not that of the check.
"""

from pathlib import Path

import pytest

from vedette.adapters.time_stamp_check import check_answer
from vedette.evidence.offline_verify import check_time_stamp, parse_checkpoint
from vedette.evidence.time_stamps import Question

FOLDER = Path(__file__).parent / "time_stamps_1"
NONCE, POLICY = 0x0123456789ABCDEF, "1.3.6.1.4.1.99999.1"
STAMPED_AT_NS = 1_795_862_924_000_000_000


@pytest.mark.parametrize(
    ("key", "fingerprint"),
    [
        ("rsa", "e3cd9ae0240f48441ea39b54217a36aa84c4f63e63b5b8d7da443da3ea43e772"),
        ("p256", "ed57c367cf98ee9c13050534d8a2353af3bc046e19a127f9e0dc830a046f3c02"),
        ("p384", "cfadf828f0a9a4cb7f616f724156cf07001c6737e197b0e10bfcb18d4b03d8ee"),
    ],
)
def test_stamp_of_an_expired_certificate_still_holds(key, fingerprint) -> None:
    response, stamped = (FOLDER / f"{key}.tsr").read_bytes(), (FOLDER / f"{key}.checkpoint").read_bytes()
    stamp = check_time_stamp(response, stamped)
    assert (stamp.at_ns, stamp.fingerprint, stamp.name) == (STAMPED_AT_NS, fingerprint, "OpenSSL TSA")
    _, size, _ = parse_checkpoint(stamped.decode().rpartition("\n\n")[0] + "\n")
    question = Question(size, stamped, NONCE, b"")
    assert check_answer(response, question, (FOLDER / f"{key}-root.pem").read_bytes(), POLICY) == stamp
