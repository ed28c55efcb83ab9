"""Tax that the vendor keeps back: taken off a payment when its run is frozen, given back when the run is sent back.

What is kept back moves from payable to withheld_tax, so that the payment claims it as a line below zero: it pays the
net, and every sum of lines stays what it was. Between runs nothing is kept back.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Count

from commissions.ledger.models import AccountKind, Transfer
from commissions.ledger.selectors import tenant_zone
from commissions.ledger.services import NewTransfer, post_staged, reversal_of
from commissions.tax.dues import Due
from commissions.tax.models import Withholding, WithholdingRule
from commissions.tax.rules import Taxed, rule_for, withheld_minor
from prm.events.services import Actor, emit
from prm.tenancy.scope import current_scope


@transaction.atomic
def withhold(*, dues: Iterable[Due], at: datetime) -> int:
    """Keep tax back from balances that a run is about to pay; return from how many.

    The caller holds the balances' rows. Not for balances from which tax is kept back already.
    """
    rules = list(WithholdingRule.objects.order_by("id"))
    today = at.astimezone(tenant_zone()).date()
    rows = []
    for due in dues:
        rule = rule_for(rules, country=due.country, partner_type=due.partner_type, on=today)
        minor = withheld_minor(due.base_minor, rate=rule.rate, share=rule.share) if rule else 0
        if rule and minor > 0:
            rows.append((due, rule, minor))
    counts = _counts({(due.partner_id, due.currency) for due, _rule, _minor in rows})
    posted = post_staged([_movement(due, minor, counts, at) for due, _rule, minor in rows])
    Withholding.objects.bulk_create(
        Withholding(
            partner_id=due.partner_id,
            rule_id=rule.id,
            currency=due.currency,
            base_minor=due.base_minor,
            rate=rule.rate,
            share=rule.share,
            amount_minor=minor,
            withheld_on=today,
            transfer_id=place.id,
        )
        for (due, rule, minor), place in zip(rows, posted, strict=True)
    )
    return len(rows)


def tax_is_withheld() -> bool:
    """Tell whether the vendor ever set a rule."""
    return WithholdingRule.objects.exists()


@transaction.atomic
def give_back(*, transfer_ids: Sequence[int], at: datetime) -> None:
    """Take back what was kept back from payments that are not made; other transfers are left alone. Once each."""
    taxed = {
        row.transfer_id: row for row in Withholding.objects.filter(transfer_id__in=transfer_ids)
    }
    transfers = list(Transfer.objects.filter(id__in=taxed, reverses_id=None).order_by("id"))
    posted = post_staged(
        [reversal_of(row, key=f"{row.key}:back", at=at, kind="withholding") for row in transfers]
    )
    today = at.astimezone(tenant_zone()).date()
    Withholding.objects.bulk_create(
        Withholding(
            partner_id=taxed[row.id].partner_id,
            rule_id=taxed[row.id].rule_id,
            currency=row.currency,
            base_minor=-taxed[row.id].base_minor,
            rate=taxed[row.id].rate,
            share=taxed[row.id].share,
            amount_minor=-taxed[row.id].amount_minor,
            withheld_on=today,
            transfer_id=place.id,
        )
        for row, place in zip(transfers, posted, strict=True)
        if place.is_new
    )


def withholding_for(*, country: str, partner_type: str, amount_minor: int, on: date) -> int:
    """Return what would be kept back from a payment on a day, in minor units of its currency."""
    rules: list[Taxed] = list(WithholdingRule.objects.order_by("id"))
    rule = rule_for(rules, country=country, partner_type=partner_type, on=on)
    return withheld_minor(amount_minor, rate=rule.rate, share=rule.share) if rule else 0


def withheld_from(payout_id: UUID) -> Withholding | None:
    """Return the tax that was kept back from one payment, None without."""
    with connection.cursor() as cursor:
        cursor.execute(_OF_PAYOUT, [current_scope().tenant_id, payout_id])
        found = cursor.fetchone()
    return Withholding.objects.get(id=found[0]) if found else None


@transaction.atomic
def add_rule(
    *,
    country: str,
    partner_type: str,
    rate: Decimal,
    share: Decimal,
    starts_on: date,
    actor: Actor,
    at: datetime,
) -> WithholdingRule:
    """Keep tax back from payments of runs from a day on; the rule of the same partners before it ends the day before.

    rate, share: fractions above 0 up to 1. A repeat for the same day changes nothing. Emits tax.withholding_set.
    """
    same = WithholdingRule.objects.select_for_update(no_key=True).filter(
        country=country, partner_type=partner_type
    )
    row, is_new = WithholdingRule.objects.get_or_create(
        country=country,
        partner_type=partner_type,
        starts_on=starts_on,
        defaults={"rate": rate, "share": share},
    )
    if is_new:
        for earlier in same.filter(ends_on=None, starts_on__lt=starts_on):
            earlier.ends_on = date.fromordinal(starts_on.toordinal() - 1)
            earlier.save(update_fields=["ends_on"])
        _emit("tax.withholding_set", row, actor, at)
    return row


@transaction.atomic
def end_rule(*, rule_id: int, actor: Actor, at: datetime) -> None:
    """Keep nothing back after today. A repeat does nothing. Emits tax.withholding_ended."""
    row = WithholdingRule.objects.select_for_update(no_key=True).get(id=rule_id)
    today = at.astimezone(tenant_zone()).date()
    if row.ends_on is not None and row.ends_on <= today:
        return
    row.ends_on = max(today, row.starts_on)
    row.save(update_fields=["ends_on"])
    _emit("tax.withholding_ended", row, actor, at)


def _emit(name: str, row: WithholdingRule, actor: Actor, at: datetime) -> None:
    emit(
        name,
        subject=f"withholding_rule:{row.id}",
        actor=actor,
        payload={
            "country": row.country,
            "partner_type": row.partner_type,
            "rate": str(row.rate),
            "share": str(row.share),
        },
        at=at,
        queue=False,
    )


def _movement(
    due: Due, minor: int, counts: dict[tuple[UUID, str], int], at: datetime
) -> NewTransfer:
    journal = f"withholding:{due.partner_id}:{due.currency}"
    return NewTransfer(
        kind="withholding",
        key=f"{journal}:{counts.get((due.partner_id, due.currency), 0) + 1}",
        journal=journal,
        debit=(AccountKind.PAYABLE, due.partner_id, due.currency),
        credit=(AccountKind.WITHHELD_TAX, None, due.currency),
        amount_minor=minor,
        booked_at=at,
        partner_id=due.partner_id,
    )


def _counts(wanted: set[tuple[UUID, str]]) -> dict[tuple[UUID, str], int]:
    """Return how often tax was kept back or given back before: the number in the natural key."""
    rows = (
        Withholding.objects.filter(partner_id__in={partner_id for partner_id, _ in wanted})
        .values_list("partner_id", "currency")
        .annotate(count=Count("id"))
    )
    return {(partner_id, currency): count for partner_id, currency, count in rows}


_OF_PAYOUT = """
select w.id from commissions_payout_line l
  join commissions_withholding w on w.tenant_id = l.tenant_id and w.transfer_id = l.transfer_id and w.amount_minor > 0
 where l.tenant_id = %s and l.payout_id = %s and l.released_at is null
"""
