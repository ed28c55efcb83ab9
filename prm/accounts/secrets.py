"""Encryption of secrets at rest, with rotatable keys."""

from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class CannotDecrypt(ValueError):
    """No configured key opens the stored secret."""


@lru_cache(maxsize=1)
def _box(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def encrypt(text: str) -> str:
    """Return the text sealed with the newest key; an empty text stays empty."""
    return _box(tuple(settings.FIELD_KEYS)).encrypt(text.encode()).decode() if text else ""


def decrypt(sealed: str) -> str:
    """Return the text of encrypt(). Raises CannotDecrypt when no key fits."""
    if not sealed:
        return ""
    try:
        return _box(tuple(settings.FIELD_KEYS)).decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise CannotDecrypt("no configured key opens this secret") from error
