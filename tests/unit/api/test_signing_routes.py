"""What the cameras' own signatures say, over the API and on the command line's table."""

from contextlib import closing

from tests.support.gateway import API, Harness
from vedette.adapters.sqlite_signing_results import SqliteSigningResults
from vedette.cli.recordings import tell_signing
from vedette.core.time import NS_PER_S, format_utc
from vedette.evidence.media_signing.segments import SigningResult
from vedette.evidence.media_signing.stretches import SigningStretch

AT_NS = 1_767_225_600 * NS_PER_S
MINUTE_NS = 60 * NS_PER_S


async def test_results_are_listed_by_range_and_the_newest_of_each_stream(gateway: Harness) -> None:
    async with gateway.local() as client:
        body = {"name": "Gate", "main": {"url": "rtsp://192.0.2.9/main"}, "record": "main"}
        camera = (await client.post(f"{API}/cameras", json=body)).json()["id"]
        assert (await client.get(f"{API}/signing")).json() == {"items": []}
        good = SigningStretch(
            camera, "main", AT_NS, AT_NS + MINUTE_NS, SigningResult.VALID, "f" * 64, "gate", True, 1, 30, 30
        )
        bad = SigningStretch(
            *(camera, "main", AT_NS + MINUTE_NS, AT_NS + 2 * MINUTE_NS, SigningResult.INVALID, "f" * 64, "gate", True),
            *(1, 30, 29, 0, AT_NS + MINUTE_NS + 5 * NS_PER_S, ("modified",)),
        )
        gone = SigningStretch("0" * 26, "main", AT_NS, AT_NS + MINUTE_NS, SigningResult.VALID, "f" * 64)
        with closing(SqliteSigningResults(gateway.data / "signing" / "results.db")) as results:
            results.keep([good, bad, gone], {})
        (newest,) = (await client.get(f"{API}/signing")).json()["items"]
        assert (newest["camera_id"], newest["result"], newest["vouched"]) == (camera, "invalid", True)
        assert newest["first_fault"] == format_utc(bad.first_fault_ns)
        span = {"from": format_utc(AT_NS), "to": format_utc(AT_NS + MINUTE_NS)}
        listed = (await client.get(f"{API}/cameras/{camera}/recordings", params=span)).json()["signing"]
        assert [one["result"] for one in listed] == ["valid"]
    assert tell_signing(newest) == f"invalid, by gate, from {newest['first_fault']} on: modified"
