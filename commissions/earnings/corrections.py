"""What a dispute put right: money beside the rewards, listed with them so that list and balance agree."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import OuterRef, Q, QuerySet, Subquery, Sum
from django.urls import reverse
from django.utils.translation import gettext

from commissions.earnings.lines import ICONS, IN_PAYOUT, LABELS, PAID, READY, RETURNED, TONES
from commissions.earnings.selectors import IN_PROGRESS
from commissions.earnings.selectors import PAID as PAID_VIEW
from commissions.payouts.models import PayoutLine, PayoutState
from commissions.statements.models import Dispute, DisputeState
from prm.web.formats import day_text

# The newest ones that a list names; its sum is of all.
LONGEST = 100
_STATES = {PayoutState.SETTLED: PAID, PayoutState.RETURNED: RETURNED}


@dataclass(frozen=True)
class Correction:
    """One correction in the partner's favour, in minor units of the list's currency."""

    title: str
    url: str
    day: str
    amount_minor: int
    label: str
    tone: str
    icon: str


@dataclass(frozen=True)
class Corrections:
    """A tab's corrections, newest first, and what all of them come to."""

    rows: list[Correction]
    total_minor: int


def corrections_of(partner_id: UUID, currency: str, view: str) -> Corrections:
    """Return what stands beside the rewards of a tab: not paid yet, or paid; nothing in the other tabs."""
    if view not in {IN_PROGRESS, PAID_VIEW}:
        return Corrections([], 0)
    disputes = _in_view(partner_id, currency, view)
    total = disputes.aggregate(total=Sum("correction_minor"))["total"] or 0
    newest = disputes.select_related("statement").order_by("-closed_at", "-id")[:LONGEST]
    return Corrections([_row(dispute) for dispute in newest] if total else [], total)


def _in_view(partner_id: UUID, currency: str, view: str) -> QuerySet[Dispute]:
    # Before its approval a partner does not see a payment; what came back is ready again.
    claim = PayoutLine.objects.filter(
        transfer_id=OuterRef("correction_id"), released_at=None
    ).exclude(payout__state__in=[PayoutState.PREPARED, PayoutState.CANCELLED])
    disputes = Dispute.objects.filter(
        partner_id=partner_id,
        currency=currency,
        state=DisputeState.ACCEPTED,
        correction_minor__gt=0,
    ).annotate(paid_state=Subquery(claim.values("payout__state")[:1]))
    settled = Q(paid_state=PayoutState.SETTLED)
    if view == PAID_VIEW:
        return disputes.filter(settled)
    return disputes.filter(~settled | Q(paid_state=None))


def _row(dispute: Dispute) -> Correction:
    paid_state = dispute.paid_state  # type: ignore[attr-defined]
    state = _STATES.get(paid_state, IN_PAYOUT) if paid_state else READY
    return Correction(
        title=gettext("Correction of statement %(number)s") % {"number": dispute.statement.number},
        url=reverse("commissions:dispute-detail", kwargs={"dispute_id": dispute.id}),
        day=day_text(dispute.closed_at, "short") if dispute.closed_at else "",
        amount_minor=dispute.correction_minor,
        label=str(LABELS[state]),
        tone=TONES[state],
        icon=ICONS[state],
    )
