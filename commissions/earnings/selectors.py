"""Reads of the earnings pages: a partner's balance, next payout, months, and lists of lines."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, TypeVar
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, F, Func, IntegerField, Model, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Now
from django.utils import timezone

from commissions.accruals.models import PAID_BY, Accrual, Release
from commissions.contests.models import WON_BY, ContestPlace
from commissions.contests.selectors import contests_of_people
from commissions.ledger.selectors import PartnerBalance, is_booked, partner_balances
from commissions.payouts.details import newest_account
from commissions.payouts.models import Payout, PayoutAccount, PayoutLine, PayoutState
from commissions.payouts.returns import settled_in_the_end
from commissions.plans.models import PlanVersion
from commissions.statements.models import CORRECTED_BY, Dispute, DisputeState
from partners.directory.models import Enrollment, Partner
from prm.accounts.members import Member
from prm.web.counts import bounded_counts

IN_PROGRESS, PAID, REVERSED, IN_KIND = "progress", "paid", "reversed", "in_kind"
VIEWS = (IN_PROGRESS, PAID, REVERSED, IN_KIND)
# Tabs that list corrections and prizes beside rewards.
CORRECTED = (IN_PROGRESS, PAID)
COUNTED = 1000
Row = TypeVar("Row", bound=Model)
UNDER_WAY = frozenset({PayoutState.APPROVED, PayoutState.EXPORTED})


@dataclass(frozen=True)
class NextPayout:
    """What comes next: an approved payment, or what the next run would pay. Amounts in minor units.

    commission_count, prize_count: what it is made of, up to a bound; none of both when a merge brought it along.
    pay_on None: no run has been approved yet. missing_minor: how much is missing to the smallest payout.
    """

    amount_minor: int
    commission_count: int
    prize_count: int
    pay_on: date | None
    account: PayoutAccount | None
    minimum_minor: int
    missing_minor: int
    first_ready_at: datetime | None


@dataclass(frozen=True)
class Figures:
    """A partner's rewards in one currency, counted; all counts up to a bound.

    view_counts: rewards by tab. correction_counts, prize_counts: what disputes put right, and prizes of contests in
    money, by the tabs that have such.
    ready_count, ready_prizes: released rewards, and prizes in money, that no payment has. minimum_minor: the smallest
    payout that counts now, the least of its programs' plans. first_ready_at: when the first reward on hold is released.
    people_compete: whether the vendor has contests of people.
    """

    view_counts: dict[str, int]
    correction_counts: dict[str, int]
    prize_counts: dict[str, int]
    ready_count: int
    ready_prizes: int
    minimum_minor: int
    first_ready_at: datetime | None
    people_compete: bool

    @property
    def tab_counts(self) -> dict[str, int]:
        """How many lines each tab lists: rewards, and corrections and prizes with them."""
        return {
            view: count + self.correction_counts.get(view, 0) + self.prize_counts.get(view, 0)
            for view, count in self.view_counts.items()
        }


def balances(partner_id: UUID, fallback: str) -> list[PartnerBalance]:
    """Return the partner's balances by currency, one of zeroes when nothing was ever earned."""
    return partner_balances(partner_id) or [PartnerBalance(fallback)]


def figures(member: Member, partner_id: UUID, currency: str) -> Figures:
    """Return what the earnings page counts, in one statement."""
    accruals = listed_accruals(member).filter(partner_id=partner_id, currency=currency)
    plans = PlanVersion.objects.filter(
        Q(ends_at=None) | Q(ends_at__gt=Now()),
        program_id__in=Enrollment.objects.filter(partner_id=partner_id).values("program_id"),
        currency=currency,
        published_at__isnull=False,
        starts_at__lte=Now(),
    )
    waiting = accruals.filter(~Exists(Release.objects.filter(accrual_id=OuterRef("id"))))
    row = (
        Partner.objects.filter(id=partner_id)
        .annotate(
            **{view: _bounded(in_view(accruals, view)) for view in VIEWS},
            **{
                f"{view}_corrections": _bounded(corrections_in(partner_id, currency, view))
                for view in CORRECTED
            },
            **{
                f"{view}_prizes": _bounded(prizes_in(partner_id, currency, view))
                for view in CORRECTED
            },
            ready=_bounded(_free_releases().filter(accrual_id__in=accruals.values("id"))),
            ready_prizes=_bounded(_free_prizes(partner_id, currency)),
            minimum=Subquery(
                plans.order_by("minimum_payout_minor").values("minimum_payout_minor")[:1]
            ),
            first=Subquery(waiting.order_by("payable_at").values("payable_at")[:1]),
            people=Exists(contests_of_people()),
        )
        .values(
            *VIEWS,
            *(f"{view}_{kind}" for view in CORRECTED for kind in ("corrections", "prizes")),
            "ready",
            "ready_prizes",
            "minimum",
            "first",
            "people",
        )
        .get()
    )
    return Figures(
        {view: row[view] for view in VIEWS},
        {view: row[f"{view}_corrections"] for view in CORRECTED},
        {view: row[f"{view}_prizes"] for view in CORRECTED},
        row["ready"],
        row["ready_prizes"],
        row["minimum"] or 0,
        row["first"],
        row["people"],
    )


def corrections_in(partner_id: UUID, currency: str, view: str) -> QuerySet[Dispute]:
    """Return what disputes put right in the partner's favour, of one tab, in no order yet.

    currency, view: empty for all of them. Only tabs of CORRECTED have such.
    """
    found = Dispute.objects.alias(corrected_by=CORRECTED_BY).filter(
        partner_id=partner_id, state=DisputeState.ACCEPTED, correction_minor__gt=0
    )
    if currency:
        found = found.filter(currency=currency)
    return _in_tab(found, "corrected_by", view)


def prizes_in(partner_id: UUID, currency: str, view: str) -> QuerySet[ContestPlace]:
    """Return the prizes in money that a partner and its people won, of one tab, in no order yet.

    currency, view: empty for all of them. Only tabs of CORRECTED have such. Each knows won_by, the transfer that
    payments claim: its own, or that of the merge which brought it along.
    """
    found = ContestPlace.objects.alias(won_by=WON_BY).filter(
        partner_id=partner_id, transfer__isnull=False
    )
    if currency:
        found = found.filter(contest__currency=currency)
    return _in_tab(found, "won_by", view)


def _in_tab(rows: QuerySet[Row], transfer: str, view: str) -> QuerySet[Row]:
    """Keep what was paid, or what was not, by the column that names a transfer; everything for no tab."""
    settled = Exists(
        PayoutLine.objects.filter(
            settled_in_the_end(), transfer_id=OuterRef(transfer), released_at=None
        )
    )
    if view == PAID:
        return rows.filter(settled)
    return rows.filter(~settled) if view else rows


def _bounded(rows: QuerySet[Any]) -> Func:
    """Count rows inside another statement, up to the bound."""
    return Func(
        ArraySubquery(rows.order_by().values("id")[: COUNTED + 1]),
        function="cardinality",
        output_field=IntegerField(),
    )


def payments_of(partner_id: UUID, currency: str, today: date) -> list[Payout]:
    """Return the partner's payments that are under way or were settled in the last twelve months, oldest first."""
    since = timezone.make_aware(datetime.combine(_months(today)[0], time()))
    return list(
        Payout.objects.filter(
            Q(state__in=UNDER_WAY) | Q(state=PayoutState.SETTLED, settled_at__gte=since),
            partner_id=partner_id,
            currency=currency,
        )
        .select_related("run", "account")
        .order_by("id")
    )


def next_payout(
    partner_id: UUID, balance: PartnerBalance, known: Figures, payments: Sequence[Payout]
) -> NextPayout:
    """Return what the partner gets next in the balance's currency, to which account, or what is missing."""
    under_way = next((row for row in payments if row.state in UNDER_WAY), None)
    if under_way is not None:
        return NextPayout(
            under_way.amount_minor,
            *_made_of(under_way),
            under_way.run.pay_on,
            under_way.account,
            0,
            0,
            None,
        )
    return NextPayout(
        amount_minor=max(balance.payable, 0),
        commission_count=known.ready_count,
        prize_count=known.ready_prizes,
        pay_on=None,
        account=newest_account(partner_id),
        minimum_minor=known.minimum_minor,
        missing_minor=max(known.minimum_minor - balance.payable, 0) if balance.payable > 0 else 0,
        first_ready_at=known.first_ready_at,
    )


def _made_of(payout: Payout) -> tuple[int, int]:
    """Return how many commissions and prizes a payment pays, both up to the bound.

    The one transfer by which a merge brought a balance along does not say what it was made of: then nothing is named.
    """
    lines = PayoutLine.objects.filter(payout_id=payout.id)
    kinds = {
        kind: lines.filter(transfer__kind=kind)
        for kind in ("release", "dispute", "dispute_end", "award", "merge")
    }
    counts = bounded_counts(kinds, bound=COUNTED)
    if counts["merge"]:
        return 0, 0
    # What a dispute froze left the payment beside its release; what it let go came back without one.
    commissions = counts["release"] - counts["dispute"] + counts["dispute_end"]
    return commissions, counts["award"]


def listed_accruals(member: Member) -> QuerySet[Accrual]:
    """Return the accruals a member may see, in no order yet."""
    return Accrual.objects.visible_to(member)


def in_view(accruals: QuerySet[Accrual], view: str) -> QuerySet[Accrual]:
    """Return the accruals of one tab: not settled yet, settled, taken back in part or whole, taken instead of money.

    What was taken instead of money is in no other tab, so that no sum counts it with money.
    """
    taken = is_booked("in_kind")
    if view == IN_KIND:
        return accruals.filter(taken)
    if view != REVERSED:
        accruals = accruals.filter(~taken)
    settled = PayoutLine.objects.filter(
        settled_in_the_end(), transfer_id=OuterRef("paid_by"), released_at=None
    )
    releases = Release.objects.alias(paid_by=PAID_BY)
    # What a dispute froze stands beside its claimed release until the answer.
    waits = Dispute.objects.filter(
        accrual_id=OuterRef("id"), state=DisputeState.OPEN, frozen_minor__gt=0
    )
    paid = Exists(releases.filter(Exists(settled), accrual_id=OuterRef("id"))) & ~Exists(waits)
    if view == PAID:
        return accruals.filter(paid).exclude(clawed_minor=F("amount_minor"))
    if view == REVERSED:
        return accruals.filter(clawed_minor__gt=0)
    return accruals.filter(~paid).exclude(clawed_minor=F("amount_minor"))


def on_hold(accruals: QuerySet[Accrual]) -> QuerySet[Accrual]:
    """Return the accruals that are not released yet and not taken back in full."""
    return accruals.filter(~Exists(Release.objects.filter(accrual_id=OuterRef("id")))).exclude(
        clawed_minor=F("amount_minor")
    )


def ready(accruals: QuerySet[Accrual]) -> QuerySet[Accrual]:
    """Return the accruals that are released and claimed by no payment."""
    return accruals.filter(Exists(_free_releases().filter(accrual_id=OuterRef("id"))))


def _free_releases() -> QuerySet[Release]:
    """Return the releases of something that no live payment claims."""
    claimed = PayoutLine.objects.filter(transfer_id=OuterRef("paid_by"), released_at=None)
    releases = Release.objects.alias(paid_by=PAID_BY)
    taken = is_booked("in_kind", "accrual_id")
    return releases.filter(~Exists(claimed), ~taken, transfer_id__isnull=False)


def _free_prizes(partner_id: UUID, currency: str) -> QuerySet[ContestPlace]:
    """Return the prizes in money that no live payment claims."""
    claimed = PayoutLine.objects.filter(transfer_id=OuterRef("won_by"), released_at=None)
    return prizes_in(partner_id, currency, "").filter(~Exists(claimed))


def paid_by_month(payments: Sequence[Payout], today: date) -> list[tuple[date, int]]:
    """Return what was paid in each of the last twelve months, oldest first, in minor units; days are the reader's."""
    sums: dict[date, int] = defaultdict(int)
    for row in payments:
        if row.state == PayoutState.SETTLED and row.settled_at:
            sums[timezone.localtime(row.settled_at).date().replace(day=1)] += row.amount_minor
    return [(month, sums[month]) for month in _months(today)]


def _months(today: date) -> list[date]:
    """Return the first days of the last twelve months, oldest first."""
    return [
        date(today.year - (today.month <= back), (today.month - back - 1) % 12 + 1, 1)
        for back in range(11, -1, -1)
    ]
