"""What a partner will be paid, when, and what each amount waits for; together they are what the ledger owes it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Exists, F, OuterRef

from commissions.accruals.models import Accrual, Release
from commissions.calendar.rules import (
    DISPUTED,
    HOLD,
    READY,
    REVIEW,
    UNDER_WAY,
    Clock,
    Expected,
    expected_on,
)
from commissions.ledger.selectors import partner_balances, tenant_zone
from commissions.payouts.carrying import carries
from commissions.payouts.details import newest_account
from commissions.payouts.faults import open_faults
from commissions.payouts.freezing import Candidate, candidates_of
from commissions.payouts.models import ExclusionReason, Payout, PayoutAccount, PayoutState
from commissions.payouts.settings import payout_settings, pays_us_banks
from commissions.statements.models import Dispute, DisputeState
from partners.directory.models import Partner, PartnerState
from referrals.pipeline.models import Referral


def run_clock() -> Clock:
    """Return when the vendor prepares runs."""
    settings = payout_settings()
    return Clock(settings.cadence, settings.run_day, us=pays_us_banks(settings))


def expected_money(partner_id: UUID, *, at: datetime) -> list[Expected]:
    """Return everything a partner is owed, by expected day, what has no day last.

    at: aware UTC. By currency the amounts add up to what the ledger owes: pending, payable, disputed and in payout. A
    balance below zero is one of them.
    """
    zone, clock = tenant_zone(), run_clock()
    today = at.astimezone(zone).date()
    rows = [
        *_under_way(partner_id),
        *_ready(partner_id, at, today, clock, zone),
        *_on_hold(partner_id, today, clock, zone),
        *_disputed(partner_id),
    ]
    return sorted(
        rows,
        key=lambda row: (
            row.on is None,
            row.on or today,
            row.until or today,
            row.currency,
            row.key,
        ),
    )


def _under_way(partner_id: UUID) -> list[Expected]:
    rows = Payout.objects.filter(
        partner_id=partner_id, state__in=[PayoutState.APPROVED, PayoutState.EXPORTED]
    ).select_related("run")
    return [
        Expected(
            f"payout-{row.id}",
            row.currency,
            row.amount_minor,
            UNDER_WAY,
            on=row.run.pay_on,
            names=(row.number,),
        )
        for row in rows
    ]


def _ready(
    partner_id: UUID, at: datetime, today: date, clock: Clock, zone: ZoneInfo
) -> list[Expected]:
    return [_balance(row, today, clock, zone) for row in candidates_of(partner_id, at=at)]


def _balance(row: Candidate, today: date, clock: Clock, zone: ZoneInfo) -> Expected:
    key, reason = f"ready-{row.partner_id}-{row.currency}", row.reason or READY
    if reason == ExclusionReason.COOLING and row.cooling_until:
        ends = row.cooling_until.astimezone(zone).date()
        on, is_ready_day = expected_on(ends + timedelta(days=1), today=today, clock=clock)
        return Expected(
            key,
            row.currency,
            row.amount_minor,
            reason,
            on=on,
            is_ready_day=is_ready_day,
            until=ends,
        )
    if reason == ExclusionReason.BELOW_MINIMUM:
        missing = row.minimum_minor - row.amount_minor
        return Expected(key, row.currency, row.amount_minor, reason, missing_minor=missing)
    if reason != READY:
        return Expected(key, row.currency, row.amount_minor, reason)
    on, is_ready_day = expected_on(today, today=today, clock=clock)
    return Expected(key, row.currency, row.amount_minor, reason, on=on, is_ready_day=is_ready_day)


@dataclass(frozen=True)
class _Standing:
    """What stops all payments to a partner and has no end that is known; a run asks the same (payouts.freezing)."""

    is_paused: bool
    account: PayoutAccount | None
    came_back: bool

    def stops(self, currency: str) -> str:
        """Return the exclusion's reason that no end of a hold lifts; empty when the day counts."""
        if self.is_paused:
            return ExclusionReason.NOT_ACTIVE
        if self.account is None:
            return ""
        if not carries(self.account.method, self.account.country, currency):
            return ExclusionReason.OTHER_METHOD
        return ExclusionReason.RETURNED if self.came_back else ""


def _standing_of(partner_id: UUID) -> _Standing:
    account = newest_account(partner_id)
    return _Standing(
        Partner.objects.filter(id=partner_id, state=PartnerState.PAUSED).exists(),
        account,
        bool(account and open_faults(account.id)),
    )


def _on_hold(partner_id: UUID, today: date, clock: Clock, zone: ZoneInfo) -> list[Expected]:
    """Return rewards that wait for the end of their hold; what a review or the partner's standing stops has no day."""
    standing = _standing_of(partner_id)
    reviewed = Referral.objects.filter(id=OuterRef("referral_id"), held_at__isnull=False)
    disputed = Dispute.objects.filter(accrual_id=OuterRef("id"), state=DisputeState.OPEN)
    rows = (
        Accrual.objects.filter(
            ~Exists(Release.objects.filter(accrual_id=OuterRef("id"))), partner_id=partner_id
        )
        .exclude(clawed_minor=F("amount_minor"))
        .annotate(
            left_minor=F("amount_minor") - F("clawed_minor"),
            is_reviewed=Exists(reviewed),
            is_disputed=Exists(disputed),
        )
        .order_by("payable_at", "id")
        .values_list("id", "currency", "left_minor", "payable_at", "is_reviewed", "is_disputed")
    )
    found = []
    for id_, currency, left, payable_at, is_reviewed, is_disputed in rows:
        waits = REVIEW if is_reviewed else DISPUTED if is_disputed else standing.stops(currency)
        if waits:
            found.append(Expected(f"reward-{id_}", currency, left, waits, accrual_id=id_))
            continue
        ends = payable_at.astimezone(zone).date()
        on, is_ready_day = expected_on(ends, today=today, clock=clock)
        found.append(
            Expected(
                f"reward-{id_}",
                currency,
                left,
                HOLD,
                on=on,
                is_ready_day=is_ready_day,
                until=ends,
                accrual_id=id_,
            )
        )
    return found


def _disputed(partner_id: UUID) -> list[Expected]:
    return [
        Expected(f"disputed-{partner_id}-{row.currency}", row.currency, row.disputed, DISPUTED)
        for row in partner_balances(partner_id)
        if row.disputed
    ]
