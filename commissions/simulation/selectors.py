"""Reads about simulations."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from hashlib import sha256
from json import dumps
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from commissions.gifts.selectors import programme_costs
from commissions.ledger.selectors import tenant_zone
from commissions.plans.models import PlanVersion
from commissions.plans.rules import Version
from commissions.plans.selectors import version_terms
from commissions.simulation.models import CostTargets, SimulatedPartner, Simulation
from commissions.simulation.replaying import Span
from commissions.simulation.rules import Result, Targets, warnings_of
from referrals.pipeline.models import Referral


def targets_of(program_id: UUID) -> Targets:
    """Return what a lead and a customer of a program may cost."""
    row = CostTargets.objects.filter(program_id=program_id).first()
    if row is None:
        return Targets()
    return Targets(row.lead_ceiling_minor, row.customer_ceiling_minor, row.customer_floor_minor)


def simulations_of(program_id: UUID) -> QuerySet[Simulation]:
    """Return a program's simulations, those under way too."""
    return Simulation.objects.filter(program_id=program_id).select_related("created_by")


def digest_of_terms(version: Version) -> str:
    """Return what identifies a version's terms, whatever becomes of its draft."""
    said = dumps(
        [
            version.currency,
            version.hold_days,
            version.policy.as_json(),
            [
                [
                    rule.trigger,
                    rule.reward,
                    rule.amount_minor,
                    str(rule.rate),
                    rule.scope,
                    rule.months,
                    rule.terms.as_json(),
                ]
                for rule in version.rules
            ],
        ],
        sort_keys=True,
        default=str,
    )
    return sha256(said.encode()).hexdigest()


def newest_result(program_id: UUID, version: Version) -> Simulation | None:
    """Return the newest finished simulation of exactly these terms, None when there is none."""
    return (
        simulations_of(program_id)
        .filter(
            version_id=version.id,
            terms_digest=digest_of_terms(version),
            result__isnull=False,
        )
        .order_by("-created_at")
        .first()
    )


def draft_stand(simulation: Simulation) -> str:
    """Return where the draft that was tried stands: "same", "changed" since, or "" when it is none any more."""
    version = PlanVersion.objects.filter(id=simulation.version_id, published_at=None).first()
    if version is None:
        return ""
    same = digest_of_terms(version_terms(version)) == simulation.terms_digest
    return "same" if same else "changed"


def broken_bounds(simulation: Simulation) -> list[str]:
    """Return which bounds of the program a finished simulation breaks: lead, customer, floor."""
    if simulation.result is None:
        return []
    return warnings_of(Result.from_json(simulation.result), targets_of(simulation.program_id))


def partners_with_history(program_id: UUID, *, after: UUID | None, limit: int) -> list[UUID]:
    """Return partners that sent referrals in a program, by id, from beyond `after` on."""
    rows = Referral.objects.filter(program_id=program_id)
    if after:
        rows = rows.filter(partner_id__gt=after)
    return list(rows.order_by("partner_id").values_list("partner_id", flat=True).distinct()[:limit])


def partner_lines(simulation_id: UUID, view: str) -> QuerySet[SimulatedPartner]:
    """Return partners with their difference: view "winners", "losers" or "" for all of them."""
    rows = SimulatedPartner.objects.filter(simulation_id=simulation_id).select_related("partner")
    if view == "winners":
        return rows.filter(difference_minor__gt=0)
    if view == "losers":
        return rows.filter(difference_minor__lt=0)
    return rows


def costs_beside(program_id: UUID, currency: str, span: Span) -> dict[str, int]:
    """Return leads and customers of the span, and what the program cost beside commissions, in minor units.

    Goods are prizes and gifts that are not money, at their cost, without those that plans earn people, which depend on
    the plan. Fees are the tenant's in the currency: the bank does not know programs.
    """
    zone = tenant_zone()
    values: dict[str, Any] = {
        "program": program_id,
        "currency": currency,
        "first": span.first,
        "last": span.last,
        "start": datetime.combine(span.first, time(), zone),
        "end": datetime.combine(span.last + timedelta(days=1), time(), zone),
    }
    with connection.cursor() as cursor:
        cursor.execute(_BESIDE, values)
        row: Sequence[int] = cursor.fetchone()
    names = ("leads", "customers", "fees_minor", "prizes_minor")
    goods = programme_costs(program_id, span.first, span.last, without_plans=True)
    return {**dict(zip(names, row, strict=True)), "goods_minor": goods}


_BESIDE = """
select
  (select count(*) from referrals_referral r
    where r.program_id = %(program)s and r.registered_at >= %(start)s and r.registered_at < %(end)s),
  (select count(*) from referrals_referral r
    where r.program_id = %(program)s and r.stage_kind = 'won' and r.closed_at >= %(start)s and r.closed_at < %(end)s),
  (select coalesce(sum(case when t.debit_account_id = a.id then t.amount_minor else -t.amount_minor end), 0)::bigint
     from commissions_account a
     join commissions_transfer t on t.tenant_id = a.tenant_id and a.id in (t.debit_account_id, t.credit_account_id)
    where a.kind = 'fees' and a.currency = %(currency)s and t.booked_on between %(first)s and %(last)s),
  (select coalesce(sum(z.amount_minor), 0)::bigint
     from commissions_contest c
     join commissions_contest_place p on p.tenant_id = c.tenant_id and p.contest_id = c.id
     join commissions_contest_prize z on z.tenant_id = p.tenant_id and z.id = p.prize_id
    where c.program_id = %(program)s and c.settled_at >= %(start)s and c.settled_at < %(end)s
      and p.transfer_id is not null)
"""
