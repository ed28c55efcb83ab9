"""What of a partner's referrals a change of its state touches."""

from uuid import UUID

from django.db.models import Count, Max, Q
from django.utils import timezone

from partners.directory.money import Item, MoneyLine, fills_money_preview
from referrals.pipeline.models import OPEN_KINDS, Referral


@fills_money_preview
def referrals_under_way(partner_id: UUID) -> list[MoneyLine]:
    """Return how many referrals are open, and how many of them are protected and until when."""
    now = timezone.now()
    protected = Q(protected_until__gt=now)
    found = Referral.objects.filter(partner_id=partner_id, stage_kind__in=OPEN_KINDS).aggregate(
        open=Count("id"),
        protected=Count("id", filter=protected),
        last=Max("protected_until", filter=protected),
    )
    lines = []
    if found["open"]:
        lines.append(MoneyLine(Item.OPEN_REFERRALS, count=found["open"]))
    if found["protected"]:
        last_on = timezone.localdate(found["last"]).isoformat()
        lines.append(MoneyLine(Item.PROTECTED, count=found["protected"], last_on=last_on))
    return lines
