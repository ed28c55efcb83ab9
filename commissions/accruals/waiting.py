"""What waits for a budget, as people read it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Sum

from commissions.accruals.budgets import period_start, still_waiting, used_minor
from commissions.accruals.models import WaitingReward
from commissions.plans.rules import Trace
from commissions.plans.selectors import published_terms
from commissions.plans.wording import explain
from partners.programs.models import Program
from prm.web.formats import money_text
from referrals.pipeline.models import Referral

# Of a partner's own, the first so many are listed.
SHOWN = 20


@dataclass(frozen=True)
class Waiting:
    """One reward in the queue; `calculation` in the reader's language."""

    id: int
    company: str
    partner: str
    program: str
    referral_id: UUID
    calculation: str
    earned_at: datetime
    amount_minor: int
    currency: str


@dataclass(frozen=True)
class BudgetUse:
    """How much of a program's budget is used in its present period; amounts in words."""

    program: str
    used: str
    budget: str
    waiting: str
    waiting_count: int


def waiting_of_partner(partner_id: UUID, currency: str) -> list[Waiting]:
    """Return a partner's rewards that wait for a budget, first come first, at most SHOWN."""
    rows = still_waiting().filter(partner_id=partner_id, currency=currency)
    return waiting_lines(rows.select_related("partner", "program")[:SHOWN])


def waiting_lines(rows: Iterable[WaitingReward]) -> list[Waiting]:
    """Return rows of the queue as people read them; rows come with partner and program."""
    rows = list(rows)
    companies = dict(
        Referral.objects.filter(id__in={row.referral_id for row in rows}).values_list(
            "id", "company"
        )
    )
    return [
        Waiting(
            id=row.id,
            company=companies.get(row.referral_id, ""),
            partner=row.partner.name,
            program=row.program.name,
            referral_id=row.referral_id,
            calculation=explain(Trace.from_json(row.trace)),
            earned_at=row.earned_at,
            amount_minor=row.amount_minor,
            currency=row.currency,
        )
        for row in rows
    ]


def budget_uses(at: datetime) -> list[BudgetUse]:
    """Return the programs whose plan in force has a budget, by name, with what is used and what waits."""
    programs = {row.id: row for row in Program.objects.order_by("name")}
    terms = published_terms(programs)
    found = []
    for program_id, program in programs.items():
        version = next((row for row in terms.get(program_id, []) if row.covers(at)), None)
        budget = version.policy.budget if version else None
        if version is None or budget is None:
            continue
        queue = still_waiting(program_id)
        total = queue.aggregate(total=Sum("amount_minor"))["total"] or 0
        found.append(
            BudgetUse(
                program.name,
                money_text(used_minor(program_id, period_start(budget, at)), version.currency),
                money_text(budget.minor, version.currency),
                money_text(total, version.currency),
                queue.count(),
            )
        )
    return found
