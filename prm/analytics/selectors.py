"""The figures of the dashboards: every number is counted from the rows that its own page lists."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from partners.directory.models import Partner
from prm.analytics.rules import Period
from prm.tenancy.models import Tenant
from referrals.pipeline.models import OPEN_KINDS, Referral, StageChange, StageKind
from referrals.revenue.models import PAYMENT_KINDS, REVERSAL_KINDS, RevenueEvent

DECIDED = (StageKind.WON, StageKind.LOST, StageKind.REJECTED)


@dataclass(frozen=True)
class Asked:
    """What the reader asked for: days of the tenant, one currency, one program or all."""

    tenant: Tenant
    period: Period
    currency: str
    program_id: UUID | None = None

    def moments(self, period: Period | None = None) -> tuple[datetime, datetime]:
        """The period's first moment and the first one after it, aware."""
        zone = ZoneInfo(self.tenant.time_zone)
        days = period or self.period
        return datetime.combine(days.start, time(), zone), datetime.combine(days.end, time(), zone)


@dataclass(frozen=True)
class Figure:
    """A number's name, what it means in a sentence, and the rows that it counts."""

    label: Promise | str
    meaning: Promise | str
    # "referrals", "revenue" or "partners": which table lists the rows.
    rows: str
    of: Callable[[Asked, Period], QuerySet[Any]]


def _referrals(asked: Asked) -> QuerySet[Any]:
    rows = Referral.objects.all()
    return rows.filter(program_id=asked.program_id) if asked.program_id else rows


def _registered(asked: Asked, period: Period) -> QuerySet[Any]:
    start, end = asked.moments(period)
    return _referrals(asked).filter(registered_at__gte=start, registered_at__lt=end)


def _closed(asked: Asked, period: Period, kinds: tuple[str, ...]) -> QuerySet[Any]:
    start, end = asked.moments(period)
    return _referrals(asked).filter(stage_kind__in=kinds, closed_at__gte=start, closed_at__lt=end)


def _revenue(asked: Asked, period: Period) -> QuerySet[Any]:
    rows = RevenueEvent.objects.filter(
        booked_on__gte=period.start, booked_on__lt=period.end, currency=asked.currency
    )
    return rows.filter(referral__program_id=asked.program_id) if asked.program_id else rows


def _active_partners(asked: Asked, period: Period) -> QuerySet[Any]:
    sent = _registered(asked, period).filter(partner_id=OuterRef("pk"))
    return Partner.objects.filter(Exists(sent))


def _reached(kind: str) -> Callable[[Asked, Period], QuerySet[Any]]:
    """Referrals registered in the period that ever got to the stage kind or past it."""
    path = [
        StageKind.SUBMITTED,
        StageKind.ACCEPTED,
        StageKind.QUALIFIED,
        StageKind.OPPORTUNITY,
        StageKind.WON,
    ]
    kinds = tuple(path[path.index(StageKind(kind)) :])

    def rows(asked: Asked, period: Period) -> QuerySet[Any]:
        if kind == StageKind.SUBMITTED:
            return _registered(asked, period)

        return _registered(asked, period).filter(
            Exists(StageChange.objects.filter(referral_id=OuterRef("pk"), to_kind__in=kinds)),
        )

    return rows


FIGURES: dict[str, Figure] = {
    "revenue": Figure(
        _("Partner revenue"),
        _(
            "Payments booked with customers that partners referred, less refunds and chargebacks, by booking day."
        ),
        "revenue",
        _revenue,
    ),
    "referrals": Figure(
        _("Referrals"), _("Referrals registered in the period."), "referrals", _registered
    ),
    "won": Figure(
        _("Won"),
        _("Referrals won in the period, whenever they were registered."),
        "referrals",
        lambda asked, period: _closed(asked, period, (StageKind.WON,)),
    ),
    "decided": Figure(
        _("Decided"),
        _("Referrals won, lost or declined in the period."),
        "referrals",
        lambda asked, period: _closed(asked, period, DECIDED),
    ),
    "waiting": Figure(
        _("Waiting for an answer"),
        _("Referrals that nobody has accepted or declined yet, whenever they were sent."),
        "referrals",
        lambda asked, _period: _referrals(asked).filter(stage_kind=StageKind.SUBMITTED),
    ),
    "open": Figure(
        _("Open referrals"),
        _("Referrals that can still be won, whenever they were sent."),
        "referrals",
        lambda asked, _period: _referrals(asked).filter(stage_kind__in=OPEN_KINDS),
    ),
    "active-partners": Figure(
        _("Active partners"),
        _("Partners that sent at least one referral in the period."),
        "partners",
        _active_partners,
    ),
    **{
        f"reached-{kind}": Figure(
            label,
            _("Referrals registered in the period that reached this step or a later one."),
            "referrals",
            _reached(kind),
        )
        for kind, label in [
            ("accepted", _("Reached accepted")),
            ("qualified", _("Reached qualified")),
            ("opportunity", _("Reached opportunity")),
            ("won", _("Reached won")),
        ]
    },
}


def count_of(figure: str, asked: Asked, period: Period | None = None) -> int:
    """Return how many rows the figure's page lists."""
    return FIGURES[figure].of(asked, period or asked.period).count()


def revenue_of(asked: Asked, period: Period | None = None) -> int:
    """Return payments less refunds of the period, in minor units of the asked currency."""
    rows = _revenue(asked, period or asked.period)
    sums = rows.aggregate(
        paid=Sum("amount_minor", filter=Q(kind__in=PAYMENT_KINDS)),
        back=Sum("amount_minor", filter=Q(kind__in=REVERSAL_KINDS)),
    )
    return int(sums["paid"] or 0) - int(sums["back"] or 0)


def win_rate(asked: Asked, period: Period | None = None) -> tuple[int, int]:
    """Return (won, decided) of the period; the rate is their quotient, undefined for no decision."""
    days = period or asked.period
    return count_of("won", asked, days), count_of("decided", asked, days)


@dataclass(frozen=True)
class Quartiles:
    """Days between two moments: the middle half and how many rows it is made of."""

    lower: float
    median: float
    upper: float
    count: int


def sales_cycle(asked: Asked, period: Period | None = None) -> Quartiles | None:
    """Return days from registration to the win for referrals won in the period; None without a win."""
    return _days_between(_closed(asked, period or asked.period, (StageKind.WON,)), "closed_at")


def first_answer(asked: Asked, period: Period | None = None) -> Quartiles | None:
    """Return days from registration to the first decision for referrals registered in the period."""
    rows = _registered(asked, period or asked.period).filter(
        decided_at__isnull=False, import_id__isnull=True
    )
    return _days_between(rows, "decided_at")


def _days_between(rows: QuerySet[Any], column: str) -> Quartiles | None:
    inner, params = rows.order_by().values("registered_at", column).query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(*), percentile_cont(array[0.25, 0.5, 0.75]) within group "  # noqa: S608  inner is Django's own
            f"(order by extract(epoch from days.{column} - days.registered_at) / 86400.0) from ({inner}) days",
            params,
        )
        count, quartiles = cursor.fetchone()
    if not count:
        return None
    lower, median, upper = (float(value) for value in quartiles)
    return Quartiles(lower, median, upper, count)


def revenue_by_month(asked: Asked, months: list[date]) -> list[int]:
    """Return net revenue of each month that starts on the given days, oldest first, in minor units."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select date_trunc('month', booked_on)::date,
                   sum(case when kind in ('refund', 'chargeback') then -amount_minor else amount_minor end)::bigint
              from referrals_revenue_event
             where booked_on >= %s and currency = %s
               and (%s::uuid is null or referral_id in (select id from referrals_referral where program_id = %s::uuid))
             group by 1""",
            [months[0], asked.currency, asked.program_id, asked.program_id],
        )
        found = dict(cursor.fetchall())
    return [int(found.get(month, 0)) for month in months]


@dataclass(frozen=True)
class FunnelStep:
    """How many referrals of the period got this far."""

    kind: str
    figure: str
    count: int


def funnel(asked: Asked) -> list[FunnelStep]:
    """Return the steps from submitted to won for the referrals registered in the period."""
    steps = [("submitted", "referrals")] + [
        (kind, f"reached-{kind}") for kind in ("accepted", "qualified", "opportunity", "won")
    ]
    return [FunnelStep(kind, figure, count_of(figure, asked)) for kind, figure in steps]


@dataclass(frozen=True)
class TopPartner:
    """A partner's part in the period: sent and won counts, net revenue in minor units."""

    partner_id: UUID
    name: str
    country: str
    sent_count: int
    won_count: int
    revenue_minor: int


def top_partners(asked: Asked, *, most: int = 5) -> list[TopPartner]:
    """Return the partners with the most net revenue in the period, most first; ties by wins, then name."""
    start, end = asked.moments()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            with money as (
              select e.partner_id,
                     sum(case when e.kind in ('refund', 'chargeback') then -e.amount_minor
                              else e.amount_minor end)::bigint minor
                from referrals_revenue_event e
               where e.booked_on >= %(first)s and e.booked_on < %(after)s and e.currency = %(currency)s
                 and (%(program)s::uuid is null
                      or e.referral_id in (select id from referrals_referral where program_id = %(program)s::uuid))
               group by 1
            ), sent as (
              select r.partner_id, count(*) sent_count from referrals_referral r
               where r.registered_at >= %(start)s and r.registered_at < %(end)s
                 and (%(program)s::uuid is null or r.program_id = %(program)s::uuid)
               group by 1
            ), wins as (
              select r.partner_id, count(*) won_count from referrals_referral r
               where r.stage_kind = 'won' and r.closed_at >= %(start)s and r.closed_at < %(end)s
                 and (%(program)s::uuid is null or r.program_id = %(program)s::uuid)
               group by 1
            )
            select p.id, p.name, p.country, coalesce(s.sent_count, 0), coalesce(w.won_count, 0), coalesce(m.minor, 0)
              from partners_partner p left join money m on m.partner_id = p.id
              left join sent s on s.partner_id = p.id left join wins w on w.partner_id = p.id
             where m.minor is not null or s.sent_count is not null or w.won_count is not null
             order by 6 desc, 5 desc, 2 limit %(most)s""",
            {
                "first": asked.period.start,
                "after": asked.period.end,
                "start": start,
                "end": end,
                "currency": asked.currency,
                "program": asked.program_id,
                "most": most,
            },
        )
        return [TopPartner(*row) for row in cursor.fetchall()]


def currencies_in_use() -> list[str]:
    """Return the currencies of booked revenue, most used first."""
    rows = (
        RevenueEvent.objects.values_list("currency")
        .annotate(n=Count("id"))
        .order_by("-n", "currency")
    )
    return [row[0] for row in rows[:20]]


def rate_of(part: int, whole: int) -> Decimal | None:
    """Return the quotient as a fraction; None for nothing to divide by."""
    return Decimal(part) / Decimal(whole) if whole else None
