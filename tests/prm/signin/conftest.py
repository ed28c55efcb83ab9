"""What tests of signing in share."""

import re
import time
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.core.cache import cache
from django.test import Client

from prm.accounts.models import User
from prm.notices.models import AccountMail

CODE = re.compile(r"^([A-Z0-9]{4}-?[A-Z0-9]{2,4})$", re.MULTILINE)


@pytest.fixture
def half_minute(monkeypatch: pytest.MonkeyPatch) -> int:
    """Stop the clock of the codes, so that no test runs over the edge of a half minute; return which one it is."""
    now = int(time.time()) // 30 * 30 + 15
    stopped = SimpleNamespace(time=lambda: now)
    monkeypatch.setattr("allauth.mfa.totp.internal.auth.time", stopped)
    monkeypatch.setattr("prm.signin.codes.time", stopped)
    return now // 30


@pytest.fixture
def with_app(half_minute: int) -> Callable[[User], Callable[..., str]]:
    """Give a person an authenticator app; returns what shows the code of a half minute, 0 being the present one."""

    def give(user: User) -> Callable[..., str]:
        secret = generate_totp_secret()
        TOTP.activate(user, secret)
        return lambda step=0: format_hotp_value(hotp_value(secret, half_minute + step))

    return give


def recovery_codes_of(user: User) -> list[str]:
    """Make recovery codes for a person and return them."""
    return list(RecoveryCodes(RecoveryCodes.activate(user).instance).get_unused_codes())


def forget_the_cache() -> None:
    """Lose everything cached, as a flushed Redis does, without reaching the caches of other runs."""
    cache.key_prefix += "x"


def signed_in(client: Client) -> bool:
    """Tell whether the browser is somebody's."""
    return "_auth_user_id" in client.session


def code_in_the_mail() -> str:
    """Return the code of the newest mail."""
    found = CODE.search(AccountMail.objects.latest("id").text)
    assert found, AccountMail.objects.latest("id").text
    return found[1]


def factors_of(user: User) -> list[str]:
    """Return the kinds of the person's second factors."""
    return sorted(Authenticator.objects.filter(user=user).values_list("type", flat=True))
