"""The signed link with which a person stops one kind of mail without signing in."""

from dataclasses import dataclass

from django.core import signing

from prm.tenancy.links import tenant_url
from prm.tenancy.models import Tenant

_SALT = "prm.notices.unsubscribe"


@dataclass(frozen=True)
class Unsubscription:
    """What a link stops: one kind, for one person, in one tenant."""

    tenant_id: int
    user_id: int
    kind: str


def unsubscribe_token(asked: Unsubscription) -> str:
    """Return the token; it does not expire, as mails are read late."""
    return signing.dumps([asked.tenant_id, asked.user_id, asked.kind], salt=_SALT)


def read_token(token: str) -> Unsubscription | None:
    """Return what a token stops, None for one that was tampered with."""
    try:
        tenant_id, user_id, kind = signing.loads(token, salt=_SALT)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return Unsubscription(int(tenant_id), int(user_id), str(kind))


def unsubscribe_url(tenant: Tenant, *, user_id: int, kind: str) -> str:
    """Return the absolute address that stops one kind of mail for one person."""
    token = unsubscribe_token(Unsubscription(tenant.id, user_id, kind))
    return tenant_url(tenant, "notice-unsubscribe", token=token)
