from base64 import b64encode

import pytest

from tests.support.rtsp_client import digest_answer
from vedette.testing.login import Login, LoginResult, LoginScheme, check_login, make_challenges

URL = "rtsp://127.0.0.1/cam1/main"
ALL = (LoginScheme.DIGEST_SHA256, LoginScheme.DIGEST_MD5, LoginScheme.BASIC)


def answer(login: Login, scheme: LoginScheme, password: str = "p:ä@ss", method: str = "DESCRIBE") -> str:
    challenges = make_challenges(login, "n0nce", LoginResult.DENIED)
    text = next(
        value
        for _, value in challenges
        if {"basic": "Basic", "digest-md5": "=MD5", "digest-sha256": "=SHA-256"}[scheme] in value
    )
    if scheme is LoginScheme.BASIC:
        return "Basic " + b64encode(f"admin:{password}".encode()).decode()
    algorithm = "MD5" if scheme is LoginScheme.DIGEST_MD5 else "SHA-256"
    return digest_answer(text, method, URL, "admin", password, algorithm)


def check(login: Login, authorization: str, nonce: str = "n0nce") -> LoginResult:
    return check_login(login, "DESCRIBE", authorization, frozenset({nonce}))


@pytest.mark.parametrize("scheme", ALL)
@pytest.mark.parametrize("qop", [False, True])
def test_right_password_gets_in(scheme: LoginScheme, *, qop: bool) -> None:
    login = Login("admin", "p:ä@ss", ALL, qop)
    assert check(login, answer(login, scheme)) is LoginResult.GRANTED


@pytest.mark.parametrize("scheme", ALL)
@pytest.mark.parametrize("qop", [False, True])
def test_wrong_password_stays_out(scheme: LoginScheme, *, qop: bool) -> None:
    login = Login("admin", "p:ä@ss", ALL, qop)
    assert check(login, answer(login, scheme, "p:ä@sS")) is LoginResult.DENIED


def test_answer_to_another_method_stays_out() -> None:
    login = Login("admin", "p:ä@ss", ALL)
    assert check(login, answer(login, LoginScheme.DIGEST_MD5, method="PLAY")) is LoginResult.DENIED


def test_scheme_that_was_not_offered_stays_out() -> None:
    offered_all = Login("admin", "p:ä@ss", ALL)
    only_sha = Login("admin", "p:ä@ss", (LoginScheme.DIGEST_SHA256,))
    for scheme in (LoginScheme.BASIC, LoginScheme.DIGEST_MD5):
        assert check(only_sha, answer(offered_all, scheme)) is LoginResult.DENIED


def test_old_nonce_is_stale_only_with_the_right_password() -> None:
    login = Login("admin", "p:ä@ss", ALL)
    assert check(login, answer(login, LoginScheme.DIGEST_MD5), "newer") is LoginResult.STALE
    assert check(login, answer(login, LoginScheme.DIGEST_MD5, "x"), "newer") is LoginResult.DENIED
    assert "stale=true" in make_challenges(login, "n", LoginResult.STALE)[0][1]


@pytest.mark.parametrize("header", ["", "Basic", "Basic %%%", "Digest", 'Digest username="admin"', "Bearer x"])
def test_nonsense_stays_out(header: str) -> None:
    assert check(Login("admin", "p", ALL), header) is LoginResult.DENIED


def test_client_that_drops_qop_stays_out() -> None:
    login = Login("admin", "p:ä@ss", ALL, qop=True)
    without = answer(Login("admin", "p:ä@ss", ALL, qop=False), LoginScheme.DIGEST_MD5)
    assert check(login, without) is LoginResult.DENIED
