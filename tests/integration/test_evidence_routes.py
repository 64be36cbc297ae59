"""The evidence log through the API: who may see it, who may change its key, and what is said without a notary."""

import base64

from tests.support.gateway import API, Harness, open_gateway
from tests.support.notary import NotaryProcess
from vedette.evidence.witness import parse_log_key
from vedette.identity.permissions import Role


async def test_fingerprint_is_shown_and_only_administrators_change_the_key(tmp_path) -> None:
    async with open_gateway(tmp_path) as gateway:
        notary = NotaryProcess(tmp_path)
        await notary.start()
        try:
            async with notary.client() as client:
                head = await client.take_head()
            auditor = await gateway.login_as(Role.AUDITOR)
            shown = (await auditor.client.get(f"{API}/evidence")).json()
            assert (shown["fingerprint"], shown["state"]) == (head.fingerprint, "holds")
            (key,) = shown["keys"]
            assert (key["fingerprint"], key["to"]) == (head.fingerprint, None)
            assert key["signatures"] == ["Ed25519", "ML-DSA-44"]
            assert parse_log_key(shown["log_key"])[1] == base64.b64decode(head.key)
            await check_rotation(gateway, head.fingerprint)
        finally:
            notary.kill()


async def check_rotation(gateway: Harness, old: str) -> None:
    monitor = await gateway.login_as(Role.MONITOR)
    route = f"{API}/evidence/rotate-key"
    refused = await monitor.client.post(route, json={"reason": "x"}, headers=monitor.headers)
    assert refused.status_code == 403
    administrator = await gateway.login_as(Role.ADMINISTRATOR)
    done = await administrator.client.post(route, json={"reason": "yearly"}, headers=administrator.headers)
    assert done.status_code == 200, done.text
    shown = (await administrator.client.get(f"{API}/evidence")).json()
    assert [key["fingerprint"] for key in shown["keys"]] == [old, done.json()["fingerprint"]]
    async with gateway.local() as local:
        audit = (await local.get(f"{API}/audit")).json()["items"]
    assert any(row["action"] == "evidence.rotate_key" and row["detail"] == "yearly" for row in audit)


async def test_silent_notary_is_said_and_not_shown_as_a_log_that_holds(tmp_path) -> None:
    async with open_gateway(tmp_path) as gateway, gateway.local() as local:
        answer = await local.get(f"{API}/evidence")
        assert (answer.status_code, answer.json()["code"]) == (503, "notary_unavailable")
        system = (await local.get(f"{API}/system")).json()
        assert {one["role"]: one["state"] for one in system["processes"]}["notary"] == "unavailable"
