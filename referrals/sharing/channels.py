"""The report by channel: clicks, leads, wins, and how long a win takes; all from one statement each."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from referrals.sharing.selectors import Period

# Leads of the period, whatever became of them since. Days are exact: seconds divided by 86,400.
_LEADS = """
select case when grouping(channel) = 1 then null else channel end, count(*),
  count(*) filter (where decided_at is not null and stage_kind not in ('rejected', 'expired')),
  count(*) filter (where stage_kind = 'won'),
  percentile_cont(array[0.25, 0.5, 0.75]) within group (order by extract(epoch from closed_at - registered_at) / 86400)
    filter (where stage_kind = 'won')
from referrals_referral
where source in ('link', 'coupon') and registered_at >= %(start)s and registered_at < %(end)s
  and (%(program)s::uuid is null or program_id = %(program)s)
  and (%(partner)s::uuid is null or partner_id = %(partner)s)
group by grouping sets ((channel), ())
"""
_CLICKS = """
select count.channel, sum(count.clicks)
from referrals_click_count count
join referrals_link link on link.tenant_id = count.tenant_id and link.id = count.link_id
where count.day between %(first)s and %(last)s
  and (%(program)s::uuid is null or link.program_id = %(program)s)
  and (%(partner)s::uuid is null or count.partner_id = %(partner)s)
group by count.channel
"""


@dataclass(frozen=True)
class ChannelLine:
    """What one channel brought. days: from lead to win, first quartile, median, third; None without a win."""

    channel: str
    clicks: int
    leads: int
    accepted: int
    won: int
    days: tuple[float, float, float] | None

    @property
    def conversion(self) -> float | None:
        """The share of leads that were won; None without leads."""
        return self.won / self.leads if self.leads else None

    @property
    def median(self) -> float | None:
        """Days from lead to win that half of the wins took at most, to one decimal."""
        return round(self.days[1], 1) if self.days else None


@dataclass(frozen=True)
class ChannelReport:
    """Every channel, most leads first, and all of them together."""

    lines: list[ChannelLine]
    total: ChannelLine


def channel_report(
    *, period: Period, program_id: UUID | None = None, partner_id: UUID | None = None
) -> ChannelReport:
    """Return what links, pages and codes brought in a period, by channel."""
    given: dict[str, Any] = {
        "start": period.starts_at,
        "end": period.ends_at,
        "first": period.first,
        "last": period.last,
        "program": program_id,
        "partner": partner_id,
    }
    with connection.cursor() as cursor:
        cursor.execute(_LEADS, given)
        leads = {row[0]: row[1:] for row in cursor.fetchall()}
        cursor.execute(_CLICKS, given)
        clicks = {channel: int(count) for channel, count in cursor.fetchall()}
    total = _line("", sum(clicks.values()), leads.pop(None, (0, 0, 0, None)))
    lines = [
        _line(name, clicks.get(name, 0), leads.get(name, (0, 0, 0, None)))
        for name in {*leads, *clicks}
    ]
    lines.sort(key=lambda line: (-line.leads, -line.clicks, line.channel))
    return ChannelReport(lines, total)


def _line(channel: str, clicks: int, found: tuple[Any, ...]) -> ChannelLine:
    count, accepted, won, days = found
    known = tuple(float(value) for value in days) if days and days[0] is not None else None
    return ChannelLine(channel, clicks, count, accepted, won, known)  # type: ignore[arg-type]
