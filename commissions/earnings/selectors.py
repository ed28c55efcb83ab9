"""Reads of the earnings pages: a partner's balance, next payout, months, and lists of lines."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import Exists, F, Min, OuterRef, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from commissions.accruals.models import Accrual, Release
from commissions.ledger.selectors import PartnerBalance, partner_balances
from commissions.payouts.details import newest_account
from commissions.payouts.models import Payout, PayoutAccount, PayoutLine, PayoutState
from commissions.plans.models import PlanVersion
from partners.directory.models import Enrollment
from prm.accounts.members import Member

IN_PROGRESS, PAID, REVERSED = "progress", "paid", "reversed"
VIEWS = (IN_PROGRESS, PAID, REVERSED)
COUNTED = 1000


@dataclass(frozen=True)
class NextPayout:
    """What comes next: an approved payment, or what the next run would pay. Amounts in minor units.

    pay_on None: no run has been approved yet. missing_minor: how much is missing to the smallest payout.
    """

    amount_minor: int
    line_count: int
    pay_on: date | None
    account: PayoutAccount | None
    minimum_minor: int
    missing_minor: int
    first_ready_at: datetime | None


def balances(partner_id: UUID, fallback: str) -> list[PartnerBalance]:
    """Return the partner's balances by currency, one of zeroes when nothing was ever earned."""
    return partner_balances(partner_id) or [PartnerBalance(fallback)]


def next_payout(partner_id: UUID, balance: PartnerBalance) -> NextPayout:
    """Return what the partner gets next in the balance's currency, to which account, or what is missing."""
    under_way = (
        Payout.objects.filter(
            partner_id=partner_id,
            currency=balance.currency,
            state__in=[PayoutState.APPROVED, PayoutState.EXPORTED],
        )
        .select_related("run", "account")
        .order_by("id")
        .first()
    )
    if under_way is not None:
        return NextPayout(
            under_way.amount_minor,
            under_way.line_count,
            under_way.run.pay_on,
            under_way.account,
            0,
            0,
            None,
        )
    minimum = smallest_payout(partner_id, balance.currency)
    ready = Accrual.objects.filter(partner_id=partner_id, currency=balance.currency)
    waiting = ready.filter(~Exists(Release.objects.filter(accrual_id=OuterRef("id"))))
    return NextPayout(
        amount_minor=max(balance.payable, 0),
        line_count=_open_count(partner_id, balance.currency),
        pay_on=None,
        account=newest_account(partner_id),
        minimum_minor=minimum,
        missing_minor=max(minimum - balance.payable, 0) if balance.payable > 0 else 0,
        first_ready_at=waiting.aggregate(first=Min("payable_at"))["first"],
    )


def smallest_payout(partner_id: UUID, currency: str) -> int:
    """Return the smallest payout that counts for the partner now: the least of its programs' plans, in minor units."""
    programs = Enrollment.objects.filter(partner_id=partner_id).values("program_id")
    in_force = PlanVersion.objects.filter(
        Q(ends_at=None) | Q(ends_at__gt=Now()),
        program_id__in=programs,
        currency=currency,
        published_at__isnull=False,
        starts_at__lte=Now(),
    )
    return in_force.aggregate(least=Min("minimum_payout_minor"))["least"] or 0


def _open_count(partner_id: UUID, currency: str) -> int:
    """Return how many released rewards no payment claims yet."""
    claimed = PayoutLine.objects.filter(transfer_id=OuterRef("transfer_id"), released_at=None)
    released = Release.objects.filter(
        ~Exists(claimed),
        partner_id=partner_id,
        accrual__currency=currency,
        transfer_id__isnull=False,
    )
    return released[: COUNTED + 1].count()


def listed_accruals(member: Member) -> QuerySet[Accrual]:
    """Return the accruals a member may see, in no order yet."""
    return Accrual.objects.visible_to(member)


def in_view(accruals: QuerySet[Accrual], view: str) -> QuerySet[Accrual]:
    """Return the accruals of one tab: not settled yet, settled, or taken back in part or whole."""
    settled = PayoutLine.objects.filter(
        transfer_id=OuterRef("transfer_id"), released_at=None, payout__state=PayoutState.SETTLED
    )
    paid = Exists(Release.objects.filter(Exists(settled), accrual_id=OuterRef("id")))
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
    claimed = PayoutLine.objects.filter(transfer_id=OuterRef("transfer_id"), released_at=None)
    free = Release.objects.filter(
        ~Exists(claimed), accrual_id=OuterRef("id"), transfer_id__isnull=False
    )
    return accruals.filter(Exists(free))


def view_counts(accruals: QuerySet[Accrual]) -> dict[str, int]:
    """Return how many accruals each tab holds, counted up to a bound."""
    return {view: in_view(accruals, view)[: COUNTED + 1].count() for view in VIEWS}


def paid_by_month(partner_id: UUID, currency: str, today: date) -> list[tuple[date, int]]:
    """Return what was paid in each of the last twelve months, oldest first, in minor units; days are the reader's."""
    months = [
        date(today.year - (today.month <= back), (today.month - back - 1) % 12 + 1, 1)
        for back in range(11, -1, -1)
    ]
    sums: dict[date, int] = defaultdict(int)
    rows = Payout.objects.filter(
        partner_id=partner_id, currency=currency, state=PayoutState.SETTLED
    )
    for settled_at, minor in rows.values_list("settled_at", "amount_minor"):
        sums[timezone.localtime(settled_at).date().replace(day=1)] += minor
    return [(month, sums[month]) for month in months]
