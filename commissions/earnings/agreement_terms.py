"""What agreements take from plans: the terms in force, and what new ones would have meant for a partner's last year."""

from datetime import datetime
from uuid import UUID

from commissions.acceptances.effects import effect_between, is_long, kept_effect
from commissions.ledger.selectors import tenant_zone
from commissions.plans.models import PlanVersion
from commissions.plans.selectors import terms_in_force, version_terms
from commissions.plans.wording import rule_words
from partners.agreements.panels import Effect, Terms
from partners.programs.models import Program
from prm.money import Money


def terms_for_agreement(program: Program, at: datetime) -> Terms | None:
    """Return what the plan in force says, in the active language; None before the first plan."""
    version = terms_in_force(program.id, at)
    if version is None:
        return None
    return Terms(
        plan_version_id=str(version.id),
        plan_number=version.number,
        plan_from=version.starts_at.astimezone(tenant_zone()).date(),
        rules=tuple(rule_words(rule, version.currency) for rule in version.rules),
        hold_days=version.hold_days,
        minimum=Money(version.minimum_payout_minor, version.currency),
    )


def effect_of_new_terms(
    partner_id: UUID, program_id: UUID, accepted_id: UUID, at: datetime
) -> Effect | None:
    """Price the partner's own last twelve months in a program under the plan it accepted and under the one in force.

    None when one of the plans is gone, and of a long history before the worker has priced it. Nothing is booked;
    amounts in minor units.
    """
    new = terms_in_force(program_id, at)
    row = PlanVersion.objects.filter(id=accepted_id, program_id=program_id).first()
    if new is None or row is None:
        return None
    old = version_terms(row)
    if old.id != new.id and is_long(partner_id, program_id):
        kept = kept_effect(partner_id, old, new)
        return kept.effect if kept else None
    return effect_between(partner_id, program_id, old, new, at)
