"""What a dispute put right: money beside the rewards, listed and counted with them, as the balance has it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Sum
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from commissions.earnings.lines import (
    ICONS,
    LABELS,
    READY,
    TONES,
    known_payouts,
    state_in,
    when_words,
)
from commissions.earnings.selectors import CORRECTED, corrections_in
from commissions.payouts.models import Payout, PayoutLine
from commissions.statements.models import Dispute
from prm.web.formats import day_text

# The newest ones that a list names; its sum is of all.
LONGEST = 100


@dataclass(frozen=True)
class Correction:
    """One correction in the partner's favour, in minor units of `currency`; payout: the payment it is in, if any."""

    title: str
    url: str
    booked_on: date
    amount_minor: int
    currency: str
    state: str
    payout: Payout | None

    @property
    def day(self) -> str:
        """The day it was booked, as a list says it."""
        return day_text(self.booked_on, "short")

    @property
    def label(self) -> str:
        """Where its money stands, in a word or two."""
        return str(LABELS[self.state])

    @property
    def tone(self) -> str:
        """The badge's tone."""
        return TONES[self.state]

    @property
    def icon(self) -> str:
        """The badge's icon."""
        return ICONS[self.state]

    @property
    def when(self) -> str:
        """When it was or will be paid."""
        return when_words(self.state, self.payout, self.booked_on)


@dataclass(frozen=True)
class Corrections:
    """A tab's corrections, newest first, and what all of them come to."""

    rows: list[Correction]
    total_minor: int


def corrections_of(partner_id: UUID, currency: str, view: str) -> Corrections:
    """Return what stands beside the rewards of a tab: not paid yet, or paid; nothing in the other tabs."""
    if view not in CORRECTED:
        return Corrections([], 0)
    disputes = corrections_in(partner_id, currency, view)
    total = disputes.aggregate(total=Sum("correction_minor"))["total"] or 0
    newest = disputes.select_related("statement").order_by("-closed_at", "-id")[:LONGEST]
    return Corrections(_rows(list(newest)) if total else [], total)


def all_corrections(partner_id: UUID, currency: str = "") -> list[Correction]:
    """Return every correction of a partner, in one currency or in all, newest first."""
    disputes = corrections_in(partner_id, currency, "").select_related("statement")
    return _rows(list(disputes.order_by("-closed_at", "-id")))


def _rows(disputes: Sequence[Dispute]) -> list[Correction]:
    claims = dict(
        PayoutLine.objects.filter(
            transfer_id__in=[dispute.correction_id for dispute in disputes], released_at=None
        ).values_list("transfer_id", "payout_id")
    )
    payouts = known_payouts(set(claims.values()), staff=False)
    claimed: dict[int | None, Payout] = {
        transfer_id: payouts[payout_id]
        for transfer_id, payout_id in claims.items()
        if payout_id in payouts
    }
    return [_row(dispute, claimed.get(dispute.correction_id)) for dispute in disputes]


def _row(dispute: Dispute, payout: Payout | None) -> Correction:
    assert dispute.closed_at is not None, "a correction ends its dispute"
    return Correction(
        title=gettext("Correction of statement %(number)s") % {"number": dispute.statement.number},
        url=reverse("commissions:dispute-detail", kwargs={"dispute_id": dispute.id}),
        booked_on=timezone.localtime(dispute.closed_at).date(),
        amount_minor=dispute.correction_minor,
        currency=dispute.currency,
        state=state_in(payout) if payout else READY,
        payout=payout,
    )
