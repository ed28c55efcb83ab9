"""Whether a company can be registered, in one word that tells nothing else."""

from datetime import datetime
from uuid import UUID

from prm.api.schemas import CheckIn
from referrals.claims.rules import Facts
from referrals.claims.selectors import may_register
from referrals.pipeline.rules import (
    company_domain,
    normalised_company,
    normalised_email,
    normalised_tax_id,
)


def availability(asked: CheckIn, *, partner_id: UUID, at: datetime) -> str:
    """Return "review" when the vendor or somebody else's live referral may know the company, else "open"."""
    facts = Facts(
        name=normalised_company(asked.company),
        domain=company_domain(asked.website, asked.email),
        email=normalised_email(asked.email),
        tax_id=normalised_tax_id(asked.tax_id),
        country=asked.country.upper(),
    )
    return may_register(facts, partner_id, at)
