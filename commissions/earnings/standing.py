"""What of a partner's money a change of its state touches."""

from uuid import UUID

from django.db.models import Max
from django.utils import timezone

from commissions.accruals.models import Accrual
from commissions.ledger.selectors import partner_balances
from commissions.plans.models import RevenueScope, Trigger
from partners.directory.money import Item, MoneyLine, fills_money_preview

_AMOUNTS = {
    Item.ON_HOLD: "pending",
    Item.PAYABLE: "payable",
    Item.IN_PAYOUT: "in_payout",
    Item.DISPUTED: "disputed",
}


@fills_money_preview
def money_under_way(partner_id: UUID) -> list[MoneyLine]:
    """Return what is owed by state and currency, and how many customers go on earning."""
    lines = []
    for balance in partner_balances(partner_id):
        for item, name in _AMOUNTS.items():
            if minor := getattr(balance, name):
                lines.append(
                    MoneyLine(
                        item,
                        amount_minor=minor,
                        currency=balance.currency,
                        last_on=_last_hold(partner_id, balance.currency)
                        if item == Item.ON_HOLD
                        else "",
                    )
                )
    if recurring := _recurring(partner_id):
        lines.append(MoneyLine(Item.RECURRING, count=recurring))
    return lines


def _last_hold(partner_id: UUID, currency: str) -> str:
    last = Accrual.objects.filter(
        partner_id=partner_id, currency=currency, payable_at__gt=timezone.now()
    ).aggregate(last=Max("payable_at"))["last"]
    return timezone.localdate(last).isoformat() if last else ""


def _recurring(partner_id: UUID) -> int:
    """Count referrals that earned on a payment under a rule that pays for later payments too."""
    return (
        Accrual.objects.filter(
            partner_id=partner_id,
            rule__trigger=Trigger.REVENUE,
            rule__scope__in=[RevenueScope.MONTHS, RevenueScope.LIFETIME],
        )
        .values("referral_id")
        .distinct()
        .count()
    )
