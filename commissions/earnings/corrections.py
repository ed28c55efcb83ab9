"""What disputes put right, and prizes: money beside the rewards, listed and counted with them, as in the balance."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Sum
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from commissions.contests.models import ContestPlace
from commissions.earnings.lines import (
    READY,
    InState,
    known_payouts,
    state_in,
    when_words,
)
from commissions.earnings.selectors import CORRECTED, corrections_in, prizes_in
from commissions.payouts.models import Payout, PayoutLine
from commissions.statements.models import Dispute
from prm.web.formats import day_text

# The newest ones that a list names; its sum is of all.
LONGEST = 100


@dataclass(frozen=True)
class Correction(InState):
    """One movement in the partner's favour, in minor units of `currency`; payout: the payment it is in, if any."""

    title: str
    what: str
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
    def when(self) -> str:
        """When it was or will be paid."""
        return when_words(self.state, self.payout, self.booked_on)


@dataclass(frozen=True)
class Corrections:
    """A tab's corrections, or its prizes, newest first, and what all of them come to."""

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


def prizes_of(partner_id: UUID, currency: str, view: str) -> Corrections:
    """Return the prizes in money that stand beside the rewards of a tab, as corrections do."""
    if view not in CORRECTED:
        return Corrections([], 0)
    places = prizes_in(partner_id, currency, view)
    total = places.aggregate(total=Sum("prize__amount_minor"))["total"] or 0
    newest = places.select_related("contest", "prize", "person").order_by("-at", "-id")[:LONGEST]
    return Corrections(_prize_rows(list(newest)) if total else [], total)


def all_prizes(partner_id: UUID, currency: str = "") -> list[Correction]:
    """Return every prize in money of a partner and its people, in one currency or in all, newest first."""
    places = prizes_in(partner_id, currency, "").select_related("contest", "prize", "person")
    return _prize_rows(list(places.order_by("-at", "-id")))


def _rows(disputes: Sequence[Dispute]) -> list[Correction]:
    claimed = _claimed(dispute.corrected_by_id for dispute in disputes)
    return [_row(dispute, claimed.get(dispute.corrected_by_id)) for dispute in disputes]


def _claimed(transfer_ids: Iterable[int | None]) -> dict[int | None, Payout]:
    """Return the payments that transfers are in, by transfer."""
    claims = dict(
        PayoutLine.objects.filter(transfer_id__in=list(transfer_ids), released_at=None).values_list(
            "transfer_id", "payout_id"
        )
    )
    payouts = known_payouts(set(claims.values()), staff=False)
    return {
        transfer_id: payouts[payout_id]
        for transfer_id, payout_id in claims.items()
        if payout_id in payouts
    }


def _prize_rows(places: Sequence[ContestPlace]) -> list[Correction]:
    claimed = _claimed(place.won_by_id for place in places)
    return [_prize_row(place, claimed.get(place.won_by_id)) for place in places]


def _prize_row(place: ContestPlace, payout: Payout | None) -> Correction:
    assert place.prize is not None, "what was booked is a prize"
    return Correction(
        title=place.contest.title,
        what=gettext("Prize of a contest, for %(person)s") % {"person": place.person}
        if place.person
        else gettext("Prize of a contest"),
        url=reverse("commissions:contest", kwargs={"contest_id": place.contest_id}),
        booked_on=timezone.localtime(place.at).date(),
        amount_minor=place.prize.amount_minor,
        currency=place.contest.currency,
        state=state_in(payout) if payout else READY,
        payout=payout,
    )


def _row(dispute: Dispute, payout: Payout | None) -> Correction:
    assert dispute.closed_at is not None, "a correction ends its dispute"
    return Correction(
        title=gettext("Correction of statement %(number)s") % {"number": dispute.statement.number},
        what=gettext("What your dispute put right"),
        url=reverse("commissions:dispute-detail", kwargs={"dispute_id": dispute.id}),
        booked_on=timezone.localtime(dispute.closed_at).date(),
        amount_minor=dispute.correction_minor,
        currency=dispute.currency,
        state=state_in(payout) if payout else READY,
        payout=payout,
    )
