"""Whether a company can be registered, in one word that tells nothing else."""

from datetime import datetime
from uuid import UUID

from partners.directory.moves import tenant_day
from prm.api.auth import Caller
from prm.api.problems import too_many
from prm.api.schemas import CheckIn
from referrals.claims.availability import ChecksUsedUp, check_availability
from referrals.claims.rules import Facts
from referrals.claims.selectors import may_register
from referrals.intake.selectors import programs_open_to
from referrals.pipeline.rules import (
    company_domain,
    normalised_company,
    normalised_email,
    normalised_tax_id,
)

# When to come back at the earliest; the count begins anew with the tenant's day.
RETRY_SECONDS = 3600


def availability(asked: CheckIn, *, caller: Caller, partner_id: UUID, at: datetime) -> str:
    """Return "review" when the vendor or somebody else's live referral may know the company, else "open".

    A partner's key asks as often in a day as the partner's people may, all of them and all its keys together; the
    question is kept as theirs are. The vendor's own key asks without. Raises Problem 429.
    """
    facts = Facts(
        name=normalised_company(asked.company),
        domain=company_domain(asked.website, asked.email),
        email=normalised_email(asked.email),
        tax_id=normalised_tax_id(asked.tax_id),
        country=asked.country.upper(),
    )
    programs = programs_open_to(partner_id, day=tenant_day(at))
    if caller.partner_id is None or not programs:
        return may_register(facts, partner_id, at)
    try:
        kept = check_availability(
            facts=facts,
            company=asked.company,
            partner_id=partner_id,
            program_id=programs[0].id,
            actor=caller.actor,
            at=at,
        )
    except ChecksUsedUp:
        raise too_many(RETRY_SECONDS) from None
    return kept.answer
