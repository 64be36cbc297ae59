"""Password rules and hashing."""

import pytest

from vedette.core.errors import InvalidInputError
from vedette.identity.passwords import HashCost, PasswordHasher, WeakPasswordError, check_password, make_password
from vedette.identity.permissions import ROLE_PERMISSIONS, Permission, Role, find_permissions
from vedette.identity.users import check_user_name

CHEAP = HashCost(passes=1, memory_kib=64, lanes=1)


@pytest.mark.parametrize(
    "password", ["correct horse battery", "camera lens yellow owl", "mật khẩu rất dài", "x7-Kp2_mQ9z"]
)
def test_good_passwords_pass(password: str) -> None:
    check_password("anna", password)


@pytest.mark.parametrize(
    "password", ["", "short", "x" * 300, "Anna-is-here-1", "aaaabbbbaaaa", "Password2026", "admin12345", "vedette-2026"]
)
def test_bad_passwords_are_refused_without_being_repeated(password: str) -> None:
    with pytest.raises(WeakPasswordError) as caught:
        check_password("anna", password)
    assert not password or password not in str(caught.value)


def test_generated_passwords_are_good_and_never_the_same() -> None:
    made = {make_password() for _ in range(200)}
    assert len(made) == 200
    for password in made:
        check_password("admin", password)


async def test_hash_is_argon2id_and_salted() -> None:
    hasher = PasswordHasher(CHEAP)
    one, other = await hasher.hash("secret phrase"), await hasher.hash("secret phrase")
    assert one.startswith("$argon2id$")
    assert one != other
    assert await hasher.is_match(one, "secret phrase")
    assert not await hasher.is_match(one, "Secret phrase")
    assert not await hasher.is_match(None, "secret phrase")
    assert not await hasher.is_match("damaged", "secret phrase")


async def test_hash_with_old_parameters_is_renewed() -> None:
    old = await PasswordHasher(CHEAP).hash("secret phrase")
    assert not PasswordHasher(CHEAP).is_outdated(old)
    assert PasswordHasher(HashCost(passes=2, memory_kib=64, lanes=1)).is_outdated(old)


def test_production_cost_is_not_below_rfc_9106() -> None:
    cost = HashCost()
    assert cost.memory_kib >= 64 * 1024
    assert cost.passes >= 3


def test_only_administrators_administer_and_only_monitors_export() -> None:
    def who(permission: Permission) -> set[Role]:
        return {role for role in Role if permission in ROLE_PERMISSIONS[role]}

    assert who(Permission.USERS_MANAGE) == {Role.ADMINISTRATOR}
    assert who(Permission.CAMERA_CONFIGURE) == {Role.ADMINISTRATOR}
    assert who(Permission.RECORDING_EXPORT) == {Role.ADMINISTRATOR, Role.MONITOR}
    assert who(Permission.HOLD_MANAGE) == {Role.ADMINISTRATOR, Role.MONITOR}
    for alone in (
        Permission.STORAGE_CONFIGURE,
        Permission.EVIDENCE_MANAGE,
        Permission.PRIVACY_CONFIGURE,
        Permission.PRIVACY_UNMASK,
    ):
        assert who(alone) == {Role.ADMINISTRATOR}
    assert who(Permission.AUDIT_VIEW) == {Role.ADMINISTRATOR, Role.AUDITOR}
    assert Permission.RECORDING_PLAY not in ROLE_PERMISSIONS[Role.GUARD]
    assert Permission.CAMERA_VIEW not in ROLE_PERMISSIONS[Role.AUDITOR]


def test_scopes_only_ever_take_away() -> None:
    wide = frozenset(Permission)
    for role in Role:
        assert find_permissions(role, wide) == ROLE_PERMISSIONS[role]
        assert find_permissions(role, frozenset()) == frozenset()


@pytest.mark.parametrize("name", ["", " anna", "anna ", "an na", "../anna", "a" * 65, "\u0430nna", "anna\n"])
def test_confusing_user_names_are_refused(name: str) -> None:
    with pytest.raises(InvalidInputError, match="not allowed"):
        check_user_name(name)
