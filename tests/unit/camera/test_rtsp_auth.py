"""Logins, against the examples of the RFCs."""

import pytest

from vedette.camera.rtsp_auth import Authenticator, Challenge, Login, choose_challenge, parse_challenges


def test_md5_without_qop_is_that_of_rfc_2069_cameras() -> None:
    challenge = parse_challenges(('Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"',))[0]
    header = Authenticator(Login("Mufasa", "CircleOfLife"), challenge, "x").header("GET", "/dir/index.html")
    assert 'response="1949323746fe6a43ef61f9606e7febea"' in header
    assert "qop" not in header
    assert "algorithm" not in header


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_qop_auth_gives_the_responses_of_rfc_7616(algorithm: str, response: str) -> None:
    challenge = Challenge(
        scheme="digest",
        realm="http-auth@example.org",
        nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
        opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS",
        algorithm=algorithm,
        qop="auth",
    )
    login = Login("Mufasa", "Circle of Life")
    nonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
    header = Authenticator(login, challenge, nonce).header("GET", "/dir/index.html")
    assert f'response="{response}"' in header
    assert "nc=00000001" in header


def test_the_count_grows_with_every_request() -> None:
    authenticator = Authenticator(Login("u", "p"), Challenge("digest", "r", "n", "", "MD5", "auth"), "c")
    first, second = authenticator.header("A", "/"), authenticator.header("A", "/")
    assert "nc=00000001" in first
    assert "nc=00000002" in second
    assert first.split("response=")[1] != second.split("response=")[1]


def test_sha_256_is_taken_before_md5_and_basic() -> None:
    offers = parse_challenges(
        ('Basic realm="a"', 'Digest realm="a", nonce="1"', 'Digest realm="a", nonce="2", algorithm=SHA-256')
    )
    chosen = choose_challenge(offers, is_tls=False)
    assert chosen is not None
    assert chosen.algorithm == "SHA-256"


def test_two_challenges_in_one_header_are_told_apart() -> None:
    offers = parse_challenges(('Digest realm="cam", nonce="1,2", qop="auth,auth-int", Basic realm="cam"',))
    assert [offer.scheme for offer in offers] == ["digest", "basic"]
    assert offers[0].nonce == "1,2"


def test_basic_goes_out_when_nothing_else_is_offered_or_over_tls() -> None:
    basic, digest = Challenge("basic", "r"), Challenge("digest", "r", "n", algorithm="MD5")
    assert choose_challenge([basic], is_tls=False) is basic
    assert choose_challenge([basic], is_tls=True) is basic
    assert choose_challenge([basic, digest], is_tls=True) is digest
    assert choose_challenge([], is_tls=True) is None
    header = Authenticator(Login("Aladdin", "open sesame"), basic, "").header("DESCRIBE", "rtsp://x/")
    assert header == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="


def test_unknown_algorithms_are_not_offered() -> None:
    assert parse_challenges(('Digest realm="r", nonce="n", algorithm=SHA-512-256', "Negotiate", "")) == []


def test_the_password_is_never_shown() -> None:
    assert "secret" not in repr(Login("user", "secret"))
