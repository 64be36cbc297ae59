"""An auditor sees what he checks with, and nothing that would let him into a camera."""

from tests.support.gateway import API, Harness
from vedette.identity.permissions import Role

ADDRESS, SECRET = "192.0.2.9", "canary-password-7"


async def add_camera(gateway: Harness, name: str) -> str:
    main = {"url": f"rtsp://{ADDRESS}/main"}
    body = {"name": name, "group": "Vault", "main": main, "user": "canary-user", "password": SECRET, "record": "main"}
    async with gateway.local() as client:
        return str((await client.post(f"{API}/cameras", json=body)).json()["id"])


async def test_auditor_gets_names_and_ids_of_cameras_and_nothing_else(gateway: Harness) -> None:
    ids = {name: await add_camera(gateway, name) for name in ("yard", "Cổng trước", "Barn")}
    auditor = await gateway.login_as(Role.AUDITOR)
    answer = await auditor.client.get(f"{API}/recordings/cameras")
    assert answer.status_code == 200
    assert answer.json() == {"items": [{"id": ids[name], "name": name} for name in ("Barn", "Cổng trước", "yard")]}
    for secret in (ADDRESS, SECRET, "canary-user", "Vault", "rtsp"):
        assert secret not in answer.text
    for path in ("/cameras", f"/cameras/{ids['yard']}", "/cameras/export.xlsx", f"/cameras/{ids['yard']}/privacy"):
        refused = await auditor.client.get(f"{API}{path}")
        assert (refused.status_code, refused.json()["code"]) == (403, "missing_permission"), path
    await auditor.client.aclose()


async def test_guard_and_narrow_tokens_do_not_get_the_list(gateway: Harness) -> None:
    await add_camera(gateway, "yard")
    guard = await gateway.login_as(Role.GUARD)
    assert (await guard.client.get(f"{API}/recordings/cameras")).status_code == 403
    await guard.client.aclose()
    auditor = await gateway.login_as(Role.AUDITOR)
    for scopes, status in ((["audit.view"], 403), (["recording.play"], 200)):
        body = {"name": "-".join(scopes), "scopes": scopes}
        made = await auditor.client.post(f"{API}/tokens", json=body, headers=auditor.headers)
        assert made.status_code == 201, made.text
        async with gateway.anonymous() as client:
            bearer = {"Authorization": f"Bearer {made.json()['token']}"}
            assert (await client.get(f"{API}/recordings/cameras", headers=bearer)).status_code == status
    await auditor.client.aclose()
