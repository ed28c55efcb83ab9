"""The person referred: known again without their address, and addressed by a link that only the server can make."""

from uuid import UUID

from django.core import signing
from django.utils.crypto import salted_hmac

from prm.tenancy.links import tenant_url
from prm.tenancy.models import Tenant
from prm.tenancy.scope import current_scope
from referrals.capture.models import PrivacyNotice

_DIGEST = "referrals.capture.person"
_LINK = "referrals.capture.person-link"


def person_digest(email_norm: str) -> str:
    """Return the keyed digest of a normalised address; tells nothing without the server's key, differs by tenant."""
    text = f"{current_scope().tenant_id}:{email_norm}"
    return salted_hmac(_DIGEST, text, algorithm="sha256").hexdigest()


def person_url(tenant: Tenant, notice_id: UUID) -> str:
    """Return the absolute address of a person's own page; it does not expire, since rights do not."""
    return tenant_url(tenant, "referrals:person", token=person_token(notice_id))


def person_token(notice_id: UUID) -> str:
    """Return the secret of a person's own page."""
    return signing.dumps([current_scope().tenant_id, notice_id.hex], salt=_LINK)


def notice_of(token: str) -> PrivacyNotice | None:
    """Return the notice that a token belongs to, None for one not made here or for another tenant."""
    try:
        tenant_id, notice_id = signing.loads(token, salt=_LINK)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    if tenant_id != current_scope().tenant_id:
        return None
    found = PrivacyNotice.objects.filter(id=UUID(notice_id))
    return found.select_related("referral", "referral__partner", "referral__program").first()
