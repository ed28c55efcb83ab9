"""What the portal knows about a company that somebody is about to send."""

from dataclasses import dataclass
from uuid import UUID

from django.db import connection


@dataclass(frozen=True)
class KnownCompany:
    """Whether a company is in the records: the partner's own newest live referral, and whether others have it.

    elsewhere never says whose: another partner's live referral or the vendor's customer.
    """

    own_referral_id: UUID | None
    elsewhere: bool

    def __bool__(self) -> bool:
        return self.elsewhere or self.own_referral_id is not None


def known_company(domain: str, email: str, partner_id: UUID) -> KnownCompany:
    """Look for a company by canonical domain and normalised email over all referrals and customers of the tenant.

    Empty texts find nothing. Looks past the partner's policy through referrals_known, which answers yes or no only.
    """
    if not domain and not email:
        return KnownCompany(None, elsewhere=False)
    with connection.cursor() as cursor:
        cursor.execute(
            "select own_referral, known from referrals_known(%s, %s, %s)",
            [domain, email, partner_id],
        )
        own, known = cursor.fetchone()
    return KnownCompany(own, elsewhere=bool(known))
