"""The figures of the dashboards: every number is counted from the rows that its own page lists."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib.postgres.fields import ArrayField
from django.db import connection
from django.db.models import (
    Aggregate,
    Count,
    Exists,
    F,
    FloatField,
    Min,
    OuterRef,
    Q,
    QuerySet,
)
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from partners.directory.models import Partner
from prm.analytics.rules import Period
from prm.tenancy.models import Tenant
from referrals.pipeline.models import OPEN_KINDS, Referral, StageChange, StageKind
from referrals.revenue.models import REVERSAL_KINDS, RevenueEvent

DECIDED = (StageKind.WON, StageKind.LOST, StageKind.REJECTED)
# The way to a win, in order; a referral's furthest step decides how deep in the funnel it counts.
PATH = (
    StageKind.SUBMITTED,
    StageKind.ACCEPTED,
    StageKind.QUALIFIED,
    StageKind.OPPORTUNITY,
    StageKind.WON,
)


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


Condition = Callable[[Asked, Period], Q]


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


# Imported history that nobody answered: undated rows are registered on the day of the import, so counting them
# would make a year of one day.
_UNANSWERED = Q(stage_kind=StageKind.SUBMITTED, queued_at__isnull=True)


def _registered_in(asked: Asked, period: Period) -> Q:
    start, end = asked.moments(period)
    return Q(registered_at__gte=start, registered_at__lt=end) & ~_UNANSWERED


def _unanswered_in(asked: Asked, period: Period) -> Q:
    start, end = asked.moments(period)
    return Q(registered_at__gte=start, registered_at__lt=end) & _UNANSWERED


def _closed_in(kinds: tuple[str, ...]) -> Condition:
    def where(asked: Asked, period: Period) -> Q:
        start, end = asked.moments(period)
        return Q(stage_kind__in=kinds, closed_at__gte=start, closed_at__lt=end)

    return where


_won, _decided = _closed_in((StageKind.WON,)), _closed_in(DECIDED)


def _waiting(_asked: Asked, _period: Period) -> Q:
    return Q(stage_kind=StageKind.SUBMITTED, queued_at__isnull=False)


def _open(_asked: Asked, _period: Period) -> Q:
    return Q(stage_kind__in=OPEN_KINDS)


def _where(condition: Condition) -> Callable[[Asked, Period], QuerySet[Any]]:
    """Return what lists the referrals of a condition; scoreboard() counts by the same condition."""
    return lambda asked, period: _referrals(asked).filter(condition(asked, period))


_registered = _where(_registered_in)


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
    kinds = PATH[PATH.index(StageKind(kind)) :]

    def rows(asked: Asked, period: Period) -> QuerySet[Any]:
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
        _("Referrals"),
        _("Referrals registered in the period, without imported history that nobody answered."),
        "referrals",
        _registered,
    ),
    "unanswered-history": Figure(
        _("Imported without an answer"),
        _(
            "Imported referrals registered in the period that nobody has answered; no other number counts them."
        ),
        "referrals",
        _where(_unanswered_in),
    ),
    "won": Figure(
        _("Won"),
        _("Referrals won in the period, whenever they were registered."),
        "referrals",
        _where(_won),
    ),
    "decided": Figure(
        _("Decided"),
        _("Referrals won, lost or declined in the period."),
        "referrals",
        _where(_decided),
    ),
    "waiting": Figure(
        _("Waiting for an answer"),
        _(
            "Referrals that are owed an answer, whenever they were sent; imported history is owed none."
        ),
        "referrals",
        _where(_waiting),
    ),
    "open": Figure(
        _("Open referrals"),
        _("Referrals that can still be won, whenever they were sent."),
        "referrals",
        _where(_open),
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


@dataclass(frozen=True)
class Quartiles:
    """Days between two moments: the middle half and how many rows it is made of."""

    lower: float
    median: float
    upper: float
    count: int


@dataclass(frozen=True)
class Scoreboard:
    """The referrals of a period in numbers; each equals the rows that its figure lists."""

    registered: int
    won: int
    decided: int
    waiting: int
    active_partners: int
    # Imported without an answer; in no other count.
    unanswered: int
    # The same of the period before.
    registered_before: int
    won_before: int
    decided_before: int
    # Days from registration to the win of the referrals won in the period; None without a win.
    cycle: Quartiles | None
    # From when the longest waiting one is owed an answer; None when none waits.
    waiting_since: datetime | None
    # On which nothing happens, as both sides were told.
    still: int


class _Quartiles(Aggregate):
    template = "percentile_cont(array[0.25, 0.5, 0.75]) within group (order by extract(epoch from %(expressions)s))"
    output_field = ArrayField(FloatField())


def scoreboard(asked: Asked) -> Scoreboard:
    """Count the period's referrals, and those of the period before, by the figures' own conditions in one pass."""
    now, before = asked.period, asked.period.previous
    row = _referrals(asked).aggregate(
        registered=Count("id", filter=_registered_in(asked, now)),
        won=Count("id", filter=_won(asked, now)),
        decided=Count("id", filter=_decided(asked, now)),
        waiting=Count("id", filter=_waiting(asked, now)),
        active_partners=Count("partner_id", filter=_registered_in(asked, now), distinct=True),
        unanswered=Count("id", filter=_unanswered_in(asked, now)),
        registered_before=Count("id", filter=_registered_in(asked, before)),
        won_before=Count("id", filter=_won(asked, before)),
        decided_before=Count("id", filter=_decided(asked, before)),
        waiting_since=Min("queued_at", filter=_waiting(asked, now)),
        still=Count("id", filter=Q(stalled_at__isnull=False, closed_at=None)),
        seconds=_Quartiles(F("closed_at") - F("registered_at"), filter=_won(asked, now)),
    )
    seconds = row.pop("seconds")
    cycle = None
    if seconds:
        lower, median, upper = (value / 86_400 for value in seconds)
        cycle = Quartiles(lower, median, upper, count=row["won"])
    return Scoreboard(**row, cycle=cycle)


@dataclass(frozen=True)
class Revenue:
    """Net revenue in minor units of the asked currency: of the period, of the one before, by month."""

    total_minor: int
    before_minor: int
    # One for each month asked for, oldest first; days after the period are left out.
    by_month_minor: list[int]


def revenue(asked: Asked, months: list[date]) -> Revenue:
    """Return payments less refunds of the period, the period before, and each month that starts on the given days."""
    now, before = asked.period, asked.period.previous
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select month,
                   coalesce(sum(net) filter (where booked_on >= %(first)s and booked_on < %(after)s), 0)::bigint,
                   coalesce(sum(net) filter (where booked_on >= %(was)s and booked_on < %(was_after)s), 0)::bigint,
                   coalesce(sum(net) filter (where booked_on < %(after)s), 0)::bigint
              from (select booked_on, date_trunc('month', booked_on)::date as month,
                           case when kind = any(%(back)s) then -amount_minor else amount_minor end as net
                      from referrals_revenue_event
                     where currency = %(currency)s
                       and (booked_on >= least(%(first)s::date, %(chart)s::date) and booked_on < %(after)s
                            or booked_on >= %(was)s and booked_on < %(was_after)s)
                       and (%(program)s::uuid is null
                            or referral_id in (select id from referrals_referral where program_id = %(program)s::uuid))
                   ) booked
             group by month""",
            {
                "first": now.start,
                "after": now.end,
                "was": before.start,
                "was_after": before.end,
                "chart": months[0],
                "back": [str(kind) for kind in REVERSAL_KINDS],
                "currency": asked.currency,
                "program": asked.program_id,
            },
        )
        rows = cursor.fetchall()
    in_month = {month: value for month, _total, _before, value in rows}
    return Revenue(
        total_minor=sum(row[1] for row in rows),
        before_minor=sum(row[2] for row in rows),
        by_month_minor=[in_month.get(month, 0) for month in months],
    )


def revenue_of(asked: Asked) -> int:
    """Return payments less refunds of the period, in minor units of the asked currency."""
    return revenue(asked, [asked.period.start.replace(day=1)]).total_minor


@dataclass(frozen=True)
class FunnelStep:
    """How many referrals of the period got this far."""

    kind: str
    figure: str
    count: int


def funnel(asked: Asked) -> list[FunnelStep]:
    """Return the steps from submitted to won for the referrals registered in the period, by each one's furthest."""
    cohort = _registered(asked, asked.period).values("tenant_id", "id")
    inner, params = cohort.order_by().query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            "select rank, count(*) from (select max(array_position(%s::text[], c.to_kind::text)) rank "  # noqa: S608  inner is Django's own
            f"from ({inner}) r left join referrals_stage_change c "
            "on c.tenant_id = r.tenant_id and c.referral_id = r.id group by r.id) furthest group by rank",
            [[str(kind) for kind in PATH], *params],
        )
        at_rank = cursor.fetchall()
    # Whatever its changes say, a registered referral was submitted.
    counts = {
        kind: sum(count for furthest, count in at_rank if rank == 1 or (furthest or 1) >= rank)
        for rank, kind in enumerate(PATH, 1)
    }
    figures = {StageKind.SUBMITTED: "referrals"}
    return [
        FunnelStep(kind.value, figures.get(kind, f"reached-{kind.value}"), counts[kind])
        for kind in PATH
    ]


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
                 and not (r.stage_kind = 'submitted' and r.queued_at is null)
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
