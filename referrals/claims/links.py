"""The signed link in a warning with which a partner says, without signing in, that it still works on an account."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.core import signing

_SALT = "referrals.claims.still_working"


@dataclass(frozen=True)
class StillWorking:
    """What the link is good for: one claim of one tenant, and the one warning it came with."""

    tenant_id: int
    claim_id: UUID
    warned_at: datetime


def still_working_token(said: StillWorking) -> str:
    """Return the token; it ends with the next sign of work, so it needs no date of its own."""
    return signing.dumps(
        [said.tenant_id, str(said.claim_id), said.warned_at.isoformat()], salt=_SALT
    )


def read_still_working(token: str) -> StillWorking | None:
    """Return what a token is good for, None for one that was tampered with."""
    try:
        tenant_id, claim_id, warned_at = signing.loads(token, salt=_SALT)
        return StillWorking(int(tenant_id), UUID(claim_id), datetime.fromisoformat(warned_at))
    except (signing.BadSignature, ValueError, TypeError):
        return None
