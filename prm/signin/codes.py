"""Codes of authenticator apps are used up in PostgreSQL, where a flushed cache cannot forget them."""

import time

from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from allauth.mfa.utils import decrypt
from django.db import transaction

LAST_USED = "last_counter"


def use_code(authenticator: Authenticator, code: str) -> bool:
    """Use a valid code up; tell whether it was new.

    The counter of the half minute must be above the last one used, read under a row lock: of two
    people who type the same code at once one is refused. RULES.md, Identity.
    """
    secret = decrypt(authenticator.data["secret"])
    now = int(time.time()) // app_settings.TOTP_PERIOD
    window = range(now - app_settings.TOTP_TOLERANCE - 1, now + app_settings.TOTP_TOLERANCE + 2)
    counter = next(
        (
            at
            for at in window
            if compare_user_code(actual=code, expected=format_hotp_value(hotp_value(secret, at)))
        ),
        None,
    )
    if counter is None:
        return False
    with transaction.atomic():
        row = Authenticator.objects.select_for_update().get(pk=authenticator.pk)
        if row.data.get(LAST_USED, -1) >= counter:
            return False
        row.data[LAST_USED] = counter
        row.save(update_fields=["data"])
    authenticator.data = row.data
    return True


def mark_used(authenticator: Authenticator) -> None:
    """Use up the code of this half minute, with which a new authenticator app has just proved itself."""
    authenticator.data[LAST_USED] = int(time.time()) // app_settings.TOTP_PERIOD
    authenticator.save(update_fields=["data"])
