"""Signing in: password or mailed code, the second factor never skipped, nobody's existence told, tries limited."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from time import process_time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth import hashers
from django.db import connections
from django.test import Client
from pytest_django import Settings

from prm.accounts.models import User
from prm.notices.models import AccountMail
from tests.builders.people import PASSWORD
from tests.conftest import World, make_world
from tests.prm.signin.conftest import (
    code_in_the_mail,
    factors_of,
    forget_the_cache,
    recovery_codes_of,
    signed_in,
)

LOGIN, FACTOR = "/acme/accounts/login/", "/acme/accounts/2fa/authenticate/"
App = Callable[[User], Callable[..., str]]


def give_password(client: Client, email: str, password: str = PASSWORD, path: str = LOGIN) -> Any:
    return client.post(path, {"login": email, "password": password})


def test_a_password_leads_to_the_persons_place(world: World, client: Client) -> None:
    response = give_password(client, "MANAGER@acme.example")

    assert (response.status_code, response.headers["Location"]) == (302, "/acme/start/")
    assert client.get("/acme/start/").headers["Location"] == "/acme/manage/"


def test_signing_in_comes_back_to_the_page_that_asked(world: World, client: Client) -> None:
    asked = client.get("/acme/profile/").headers["Location"]

    assert asked == "/acme/accounts/login/?next=/acme/profile/"
    response = client.post(
        asked, {"login": "manager@acme.example", "password": PASSWORD, "next": "/acme/profile/"}
    )
    assert response.headers["Location"] == "/acme/profile/"


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "/\\evil.example",
        "https:evil.example",
        "https://evil.example/",
        "http://testserver@evil.example",
        "/%5cevil\r\nSet-Cookie:a=b",
        "javascript:alert(1)",
        "https://partners.globex.example/",
    ],
)
def test_next_never_leaves_the_host(
    world: World, client: Client, settings: Settings, target: str
) -> None:
    settings.CSRF_TRUSTED_ORIGINS = ["https://partners.globex.example"]

    response = client.post(
        LOGIN, {"login": "manager@acme.example", "password": PASSWORD, "next": target}
    )

    assert response.headers["Location"].startswith("/")
    assert not response.headers["Location"].startswith(("//", "/\\"))
    assert "a" not in client.cookies


def test_the_session_changes_its_name_at_every_step(
    world: World, client: Client, with_app: App
) -> None:
    code = with_app(world.manager)
    client.get(LOGIN)
    session = client.session
    session["planted"] = 1
    session.save()
    planted = client.cookies["sessionid" if "sessionid" in client.cookies else "session"].value

    give_password(client, world.manager.email)
    halfway = client.session.session_key
    client.post(FACTOR, {"code": code()})

    assert signed_in(client)
    assert client.session.session_key not in {planted, halfway}


def test_a_mailed_code_signs_in_once(world: World, client: Client) -> None:
    client.post("/acme/accounts/login/code/", {"email": world.manager.email})
    code = code_in_the_mail()

    response = client.post(
        "/acme/accounts/login/code/confirm/", {"code": code.lower().replace("-", "")}
    )

    assert (response.status_code, signed_in(client)) == (302, True)
    other = Client()
    other.post("/acme/accounts/login/code/", {"email": world.manager.email})
    other.post("/acme/accounts/login/code/confirm/", {"code": code})
    assert not signed_in(other)


def test_a_mailed_code_comes_in_the_vendors_name_and_the_persons_language(
    world: World, client: Client
) -> None:
    User.objects.filter(id=world.manager.id).update(language="it")

    client.post(
        "/acme/accounts/login/code/",
        {"email": world.manager.email},
        headers={"Accept-Language": "en"},
    )

    mail = AccountMail.objects.get()
    assert (mail.to, mail.sender, mail.language) == (world.manager.email, "Acme", "it")


@pytest.mark.parametrize("way", ["password", "code", "reset"])
def test_no_way_in_skips_the_second_factor(
    world: World, client: Client, with_app: App, way: str
) -> None:
    code = with_app(world.manager)
    if way == "password":
        give_password(client, world.manager.email)
    elif way == "code":
        client.post("/acme/accounts/login/code/", {"email": world.manager.email})
        client.post("/acme/accounts/login/code/confirm/", {"code": code_in_the_mail()})
    else:
        client.post("/acme/accounts/password/reset/", {"email": world.manager.email})
        client.post("/acme/accounts/password/reset/confirm/", {"code": code_in_the_mail()})
        client.post(
            "/acme/accounts/password/reset/complete/",
            {"password1": "another good phrase", "password2": "another good phrase"},
        )
        if not signed_in(client):
            give_password(client, world.manager.email, "another good phrase")

    assert not signed_in(client)
    assert client.get("/acme/manage/").status_code == 302
    client.post(FACTOR, {"code": code()})
    assert signed_in(client)


def test_a_code_of_the_app_works_once_even_when_the_cache_forgets(
    world: World, client: Client, with_app: App
) -> None:
    code = with_app(world.manager)
    give_password(client, world.manager.email)
    client.post(FACTOR, {"code": code()})
    assert signed_in(client)

    forget_the_cache()
    again = Client()
    give_password(again, world.manager.email)
    again.post(FACTOR, {"code": code()})

    assert not signed_in(again)


@pytest.mark.parametrize("step", [-2, -1, 1, 2])
def test_a_code_of_another_half_minute_is_refused(
    world: World, client: Client, with_app: App, step: int
) -> None:
    code = with_app(world.manager)
    give_password(client, world.manager.email)

    client.post(FACTOR, {"code": code(step)})

    assert not signed_in(client)


def test_the_apps_secret_is_not_readable_in_the_database(world: World, with_app: App) -> None:
    with_app(world.manager)

    stored = Authenticator.objects.get(user=world.manager).data["secret"]

    assert stored.startswith("gAAAA")


def test_a_recovery_code_works_once(world: World, client: Client, with_app: App) -> None:
    with_app(world.manager)
    first = recovery_codes_of(world.manager)[0]
    give_password(client, world.manager.email)
    client.post(FACTOR, {"code": first})
    assert signed_in(client)

    again = Client()
    give_password(again, world.manager.email)
    again.post(FACTOR, {"code": first})

    assert not signed_in(again)


@pytest.mark.race
def test_one_code_at_two_browsers_at_once_opens_one(real_database: str, with_app: App) -> None:
    world = make_world()
    code = with_app(world.manager)
    browsers = [Client() for _ in range(4)]
    for browser in browsers:
        give_password(browser, world.manager.email)
    together = Barrier(len(browsers))

    def type_it(browser: Client) -> bool:
        try:
            together.wait(10)
            browser.post(FACTOR, {"code": code()})
            return signed_in(browser)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(browsers)) as pool:
        assert sorted(pool.map(type_it, browsers)) == [False, False, False, True]


def test_a_new_second_factor_ends_the_other_sessions(
    real_database: str, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world()
    elsewhere = Client()
    for browser in (client, elsewhere):
        give_password(browser, world.manager.email)
        browser.get("/acme/profile/")
    assert UserSession.objects.filter(user=world.manager).count() == 2
    client.post("/acme/accounts/reauthenticate/", {"password": PASSWORD})
    monkeypatch.setattr(
        "allauth.mfa.totp.forms.auth.validate_totp_code", lambda secret, code: code == "123456"
    )
    client.get("/acme/accounts/2fa/totp/activate/")

    response = client.post("/acme/accounts/2fa/totp/activate/", {"code": "123456"})

    assert response.status_code == 302, response.content.decode()[:2000]
    assert factors_of(world.manager) == ["recovery_codes", "totp"]
    assert client.get("/acme/profile/").status_code == 200
    assert elsewhere.get("/acme/profile/").status_code == 302
    assert AccountMail.objects.latest("id").to == world.manager.email


def test_a_changed_password_ends_the_other_sessions(world: World, client: Client) -> None:
    elsewhere = Client()
    for browser in (client, elsewhere):
        give_password(browser, world.manager.email)
    client.post("/acme/accounts/reauthenticate/", {"password": PASSWORD})

    client.post(
        "/acme/accounts/password/change/",
        {
            "oldpassword": PASSWORD,
            "password1": "another good phrase",
            "password2": "another good phrase",
        },
    )

    assert client.get("/acme/profile/").status_code == 200
    assert elsewhere.get("/acme/profile/").status_code == 302


def test_sign_up_is_shut(world: World, client: Client) -> None:
    client.get("/acme/accounts/signup/")
    client.post(
        "/acme/accounts/signup/", {"email": "eve@evil.example", "password1": "another good phrase"}
    )

    assert not User.objects.filter(email="eve@evil.example").exists()


@pytest.mark.parametrize(
    ("path", "form"),
    [
        pytest.param(LOGIN, {"login": "{}", "password": "wrong phrase"}, id="password"),
        pytest.param("/acme/accounts/login/code/", {"email": "{}"}, id="code"),
        pytest.param("/acme/accounts/password/reset/", {"email": "{}"}, id="reset"),
    ],
)
def test_a_stranger_and_a_member_look_the_same(
    world: World, path: str, form: dict[str, str]
) -> None:
    answers: dict[str, Any] = {}
    times: dict[str, list[float]] = {"manager@acme.example": [], "nobody@acme.example": []}
    # Time of the processor, by turns, and the quickest of each: what else the box does is not counted.
    for turn in range(8):
        for email, taken in times.items():
            forget_the_cache()
            client = Client()
            began = process_time()
            response = client.post(
                path, {name: value.format(email) for name, value in form.items()}
            )
            taken.append(process_time() - began)
            if turn == 0:
                page = (
                    client.get(response.headers["Location"]).content
                    if response.status_code == 302
                    else response.content
                )
                answers[email] = (
                    response.status_code,
                    response.headers.get("Location"),
                    _plain(page, email),
                )

    assert answers["manager@acme.example"] == answers["nobody@acme.example"]
    if path != LOGIN:
        mailed = [AccountMail.objects.filter(to=email).count() for email in times]
        assert mailed == [8, 8]
    assert abs(min(times["manager@acme.example"]) - min(times["nobody@acme.example"])) < 0.05


def _plain(page: bytes, email: str) -> str:
    """Return the page without what differs between any two: the form tokens, and the address that was typed."""
    return re.sub(r"[A-Za-z0-9]{64}", "token", page.decode().replace(email, "@"))


def test_too_many_wrong_passwords_stop_the_right_one_too(world: World, client: Client) -> None:
    for _ in range(5):
        give_password(client, world.manager.email, "wrong phrase")

    give_password(client, world.manager.email)

    assert not signed_in(client)
    give_password(client, world.finance.email)
    assert signed_in(client)


def test_too_many_resets_get_429_and_a_pause(world: World, client: Client) -> None:
    answers = [
        client.post("/acme/accounts/password/reset/", {"email": f"x{n}@acme.example"}).status_code
        for n in range(20)
    ]

    response = client.post("/acme/accounts/password/reset/", {"email": "y@acme.example"})

    assert (set(answers), response.status_code, response.headers["Retry-After"]) == (
        {302},
        429,
        "60",
    )
    assert b"Too many tries" in response.content


def test_one_address_is_not_flooded_with_codes(world: World) -> None:
    for _ in range(6):
        Client().post("/acme/accounts/login/code/", {"email": world.manager.email})

    assert AccountMail.objects.filter(to=world.manager.email).count() == 3


def test_a_mailed_code_cannot_be_guessed_on(world: World, client: Client) -> None:
    client.post("/acme/accounts/login/code/", {"email": world.manager.email})
    for _ in range(3):
        client.post("/acme/accounts/login/code/confirm/", {"code": "AAAA-AAAA"})

    client.post("/acme/accounts/login/code/confirm/", {"code": code_in_the_mail()})

    assert not signed_in(client)


def test_tries_are_counted_in_the_database_while_the_cache_is_away(
    world: World,
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import redis

    def away(*_: object, **__: object) -> None:
        raise redis.ConnectionError("away")

    for name in ("get", "set", "add", "delete"):
        monkeypatch.setattr(f"django.core.cache.backends.redis.RedisCacheClient.{name}", away)

    for _ in range(5):
        assert give_password(client, world.manager.email, "wrong phrase").status_code == 200
    give_password(client, world.manager.email)

    assert not signed_in(client)
    assert give_password(client, world.finance.email).status_code == 302


def test_account_mails_are_text_and_html_with_the_code_apart(world: World, client: Client) -> None:
    client.post("/acme/accounts/login/code/", {"email": world.manager.email})

    mail = AccountMail.objects.get()
    code = code_in_the_mail()
    assert code in mail.text
    assert re.search(rf'<p class="code ink"[^>]*>{code}</p>', mail.html)
    assert "Acme" in mail.html
    assert "{{" not in mail.html


@pytest.mark.parametrize(
    "path",
    [
        "/acme/profile/",
        "/acme/accounts/2fa/",
        "/acme/accounts/email/",
        "/acme/memberships/",
        "/acme/accounts/sessions/",
        "/acme/nothing/",
    ],
)
def test_a_persons_pages_lie_in_no_cache(world: World, client: Client, path: str) -> None:
    give_password(client, world.manager.email)

    header = client.get(path).headers["Cache-Control"]

    assert "no-store" in header
    assert "private" in header


@pytest.mark.parametrize("email", ["manager@acme.example", "nobody@acme.example"])
def test_a_wrong_login_costs_one_hash_whoever_it_names(
    world: World, client: Client, monkeypatch: pytest.MonkeyPatch, email: str
) -> None:
    """The clock cannot tell who has a login when both ways hash once; the figures stand in prm/DECISIONS.md."""
    hashed = []

    def counted(name: str) -> Callable[..., Any]:
        real = getattr(hashers, name)

        def counting(*given: Any, **named: Any) -> Any:
            hashed.append(name)
            return real(*given, **named)

        return counting

    monkeypatch.setattr(hashers, "verify_password", counted("verify_password"))
    monkeypatch.setattr("django.contrib.auth.base_user.make_password", counted("make_password"))

    give_password(client, email, "wrong phrase")

    assert len(hashed) == 1


def test_a_post_without_a_session_comes_back_to_the_page_with_the_form(
    world: World, client: Client
) -> None:
    form, path = "http://testserver/acme/referrals/?stage=won", "/acme/manage/review/take/"

    of_own = client.post(path, headers={"referer": form}).headers["Location"]
    of_another = client.post(path, headers={"referer": "https://elsewhere.example/x"})

    assert of_own == "/acme/accounts/login/?next=/acme/referrals/%3Fstage%3Dwon"
    assert of_another.headers["Location"] == f"/acme/accounts/login/?next={path}"
