"""What agreements take from plans: the terms in force, and what new ones would have meant for a partner's last year."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from commissions.ledger.selectors import tenant_zone
from commissions.plans.models import PlanVersion
from commissions.plans.rules import Facts, Version, drafts_for
from commissions.plans.selectors import terms_in_force, version_terms
from commissions.plans.wording import rule_words
from commissions.plans.wording_changes import differences
from partners.agreements.panels import Effect, Terms
from partners.programs.models import Program
from prm.money import CurrencyMismatch, Money

YEAR = timedelta(days=365)


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

    Every qualified referral, win and payment counts once under each, as if all had been registered under it; refunds
    are taken off their payments. None when one of the plans is gone. Nothing is booked; amounts in minor units.
    """
    new = terms_in_force(program_id, at)
    row = PlanVersion.objects.filter(id=accepted_id, program_id=program_id).first()
    if new is None or row is None:
        return None
    old = version_terms(row)
    if old.id == new.id:
        return Effect(is_same=True, from_number=old.number, to_number=new.number)
    facts = list(_facts(partner_id, program_id, at))
    before, left_before = _earned(facts, old)
    after, left_after = _earned(facts, new)
    return Effect(
        is_same=False,
        from_number=old.number,
        to_number=new.number,
        changes=tuple((d.subject, d.before, d.after) for d in differences(old, new)),
        before=before,
        after=after,
        event_count=len(facts),
        left_out=max(left_before, left_after),
    )


def _earned(facts: Iterable[Facts], version: Version) -> tuple[Money, int]:
    total, left_out = 0, 0
    for fact in facts:
        try:
            total += sum(draft.amount.minor for draft in drafts_for(fact, version))
        except CurrencyMismatch:
            left_out += 1
    return Money(total, version.currency), left_out


def _facts(partner_id: UUID, program_id: UUID, at: datetime) -> Iterable[Facts]:
    """Yield what happened to the partner in the program in the year before the moment, as the engine takes it."""
    zone = tenant_zone()
    params: dict[str, Any] = {
        "partner": partner_id,
        "program": program_id,
        "since": at - YEAR,
        "until": at,
    }
    with connection.cursor() as cursor:
        cursor.execute(_REACHED, params)
        reached = cursor.fetchall()
        cursor.execute(_PAID, params)
        paid = cursor.fetchall()
    for kind, moment, currency, deal_minor in reached:
        base = Money(deal_minor if kind == "won" else 0, currency)
        yield Facts(kind, base, moment.astimezone(zone).date())
    for amount_minor, currency, booked_on, payment_no, first_on in paid:
        yield Facts("revenue", Money(amount_minor, currency), booked_on, payment_no, first_on)


_REACHED = """
select distinct on (r.id, c.to_kind) c.to_kind, c.at, r.currency, coalesce(c.deal_minor, r.deal_minor, 0)
  from referrals_referral r
  join referrals_stage_change c on c.tenant_id = r.tenant_id and c.referral_id = r.id
   and c.to_kind in ('qualified', 'won') and c.at > %(since)s and c.at <= %(until)s
 where r.partner_id = %(partner)s and r.program_id = %(program)s
 order by r.id, c.to_kind, c.at, c.id
"""

_PAID = """
select e.amount_minor - e.refunded_minor, e.currency, e.booked_on, e.payment_no,
       (select min(f.booked_on) from referrals_revenue_event f
         where f.tenant_id = e.tenant_id and f.referral_id = e.referral_id and f.payment_no = 1)
  from referrals_revenue_event e
  join referrals_referral r on r.tenant_id = e.tenant_id and r.id = e.referral_id
 where e.partner_id = %(partner)s and r.program_id = %(program)s and e.kind in ('sale', 'renewal', 'expansion')
   and e.booked_at > %(since)s and e.booked_at <= %(until)s and e.amount_minor > e.refunded_minor
"""
