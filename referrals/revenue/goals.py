"""How far partners are with their goals: referrals submitted and won, and revenue less what was given back."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q, Sum

from partners.directory.goals import counts_progress
from partners.directory.models import PartnerGoal
from prm.tenancy.models import Tenant
from prm.tenancy.scope import current_scope
from referrals.pipeline.models import Referral, StageChange, StageKind
from referrals.revenue.models import RevenueEvent

_BACK = ("refund", "chargeback")


@counts_progress
def progress(goals: Sequence[PartnerGoal]) -> dict[int, int]:
    """Return what was reached of each goal in its days, in the tenant's zone.

    Won referrals count on the day of the win; revenue is booked payments less refunds and chargebacks of those days.
    """
    zone = ZoneInfo(
        Tenant.objects.values_list("time_zone", flat=True).get(id=current_scope().tenant_id)
    )
    return {goal.id: _reached(goal, zone) for goal in goals}


def _reached(goal: PartnerGoal, zone: ZoneInfo) -> int:
    begin = datetime.combine(goal.from_on, time.min, zone)
    end = datetime.combine(goal.until_on + timedelta(days=1), time.min, zone)
    if goal.metric == PartnerGoal.Metric.REFERRALS:
        return Referral.objects.filter(
            partner_id=goal.partner_id, registered_at__gte=begin, registered_at__lt=end
        ).count()
    if goal.metric == PartnerGoal.Metric.WON:
        return (
            StageChange.objects.filter(
                partner_id=goal.partner_id,
                to_kind=StageKind.WON,
                at__gte=begin,
                at__lt=end,
                referral__stage_kind=StageKind.WON,
            )
            .values("referral_id")
            .distinct()
            .count()
        )
    sums = RevenueEvent.objects.filter(
        partner_id=goal.partner_id,
        currency=goal.currency,
        booked_on__gte=goal.from_on,
        booked_on__lte=goal.until_on,
    ).aggregate(
        paid=Sum("amount_minor", filter=~Q(kind__in=_BACK)),
        back=Sum("amount_minor", filter=Q(kind__in=_BACK)),
    )
    return int(sums["paid"] or 0) - int(sums["back"] or 0)
