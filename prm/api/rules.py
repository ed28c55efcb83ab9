"""What a key may be used for, and how its secret reads; nothing here knows the database."""

import hashlib
import re
import secrets
from enum import StrEnum

# prm_<8 letters to tell keys apart>_<43 letters that nobody can guess>
PATTERN = re.compile(r"^prm_([a-z2-7]{8})_([A-Za-z0-9_-]{43})$")
_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"


class Scope(StrEnum):
    """One thing that a key may be used for."""

    READ_REFERRALS = "read:referrals"
    WRITE_REFERRALS = "write:referrals"
    WRITE_EVENTS = "write:events"


# Money is booked by the vendor; a partner's key can never be given it.
PARTNER_SCOPES = frozenset({Scope.READ_REFERRALS, Scope.WRITE_REFERRALS})


def new_secret() -> str:
    """Return a key's secret: 256 random bits behind a prefix that may be shown."""
    prefix = "".join(secrets.choice(_ALPHABET) for _ in range(8))
    return f"prm_{prefix}_{secrets.token_urlsafe(32)}"


def shown_prefix(secret: str) -> str:
    """Return the part of a secret that people may see, "prm_ab2cd3ef"; empty for what is no secret of ours."""
    found = PATTERN.match(secret)
    return f"prm_{found[1]}" if found else ""


def secret_digest(secret: str) -> str:
    """Return what is stored of a secret: SHA-256 in hex. The secret is random, so no slow hash is needed."""
    return hashlib.sha256(secret.encode()).hexdigest()
