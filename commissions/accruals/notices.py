"""Who hears of a reward, and with what facts."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from commissions.accruals.models import Accrual, Clawback
from partners.programs.models import Program
from prm.accounts.capabilities import Capability
from prm.accounts.selectors import members_with
from prm.events.models import Event
from prm.notices.services import notify
from prm.tenancy.scope import current_scope
from referrals.pipeline.models import Referral


def tell_earned(event: Event) -> None:
    """Tell the partner's people who see its earnings of a new reward, each once."""
    accrual = Accrual.objects.get(id=event.payload["accrual_id"])
    facts = {
        **_facts(accrual),
        "amount_minor": accrual.amount_minor,
        "payable_on": payable_on(accrual).isoformat(),
    }
    _tell("commission.earned", f"accrual:{accrual.id}", accrual, facts, event)


def tell_reversed(event: Event) -> None:
    """Tell the same people that a part or the whole was taken back, and why."""
    clawback = Clawback.objects.select_related("accrual").get(id=event.payload["clawback_id"])
    accrual = clawback.accrual
    facts = {
        **_facts(accrual),
        "amount_minor": clawback.amount_minor,
        "left_minor": accrual.amount_minor - accrual.clawed_minor,
        "refunded": clawback.refund_id is not None,
        "reason": clawback.reason,
    }
    _tell("commission.reversed", f"clawback:{clawback.id}", accrual, facts, event)


def tell_budget_reached(event: Event) -> None:
    """Tell the people who edit programs, once per event, that rewards wait for the budget."""
    program = Program.objects.get(id=event.payload["program_id"])
    for person in members_with(Capability.EDIT_PROGRAMS, tenant_id=current_scope().tenant_id):
        notify(
            kind="plan.budget_reached",
            key=f"budget:{event.id}",
            user_id=person.id,
            facts={"program": program.name},
            path="manage/waiting-rewards/",
            at=event.at,
        )


def _tell(kind: str, key: str, accrual: Accrual, facts: dict[str, Any], event: Event) -> None:
    people = members_with(
        Capability.SEE_EARNINGS, tenant_id=current_scope().tenant_id, partner_id=accrual.partner_id
    )
    for person in people:
        notify(
            kind=kind,
            key=key,
            user_id=person.id,
            facts=facts,
            path=f"earnings/{accrual.id}/",
            partner_id=accrual.partner_id,
            at=event.at,
        )


def _facts(accrual: Accrual) -> dict[str, Any]:
    return {
        "currency": accrual.currency,
        "company": company_of(accrual.referral_id),
        "earned_on": accrual.earned_on.isoformat(),
        "trace": accrual.trace,
    }


def company_of(referral_id: UUID) -> str:
    """Return the referred company's name, empty when the referral is gone."""
    return Referral.objects.filter(id=referral_id).values_list("company", flat=True).first() or ""


def payable_on(accrual: Accrual) -> date:
    """Return the day on which the hold ends, in the tenant's zone."""
    return accrual.earned_on + timedelta(days=accrual.trace.get("hold_days", 0))
