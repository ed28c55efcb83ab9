"""What a partner's people earned by person and year, money and rewards in kind apart, and what is marked for taxes."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from commissions.accruals.models import TaxMark
from commissions.ledger.selectors import tenant_zone
from prm.events.services import Actor, emit


class NothingEarned(LookupError):
    """The person earned nothing for themselves in the year."""


@dataclass
class PersonYear:
    """One person's year: minor units by currency; marked_at: until when it went to payroll or the tax return."""

    user_id: int
    name: str
    year: int
    money: dict[str, int] = field(default_factory=dict)
    worth: dict[str, int] = field(default_factory=dict)
    changed_at: datetime | None = None
    marked_at: datetime | None = None

    @property
    def is_marked(self) -> bool:
        """Whether nothing was earned or taken back since the mark."""
        return bool(self.marked_at and self.changed_at and self.marked_at >= self.changed_at)

    @property
    def key(self) -> str:
        """What names the person's year in a form."""
        return f"{self.user_id}-{self.year}"

    @property
    def label(self) -> str:
        """What the person's year is called."""
        return f"{self.name} {self.year}"

    @property
    def fields(self) -> dict[str, str]:
        """What a form posts to name it."""
        return {"of": self.key}


def years_of_people(partner_id: UUID) -> list[PersonYear]:
    """Return what each of the partner's people earned themselves by year, the newest year first, then by name.

    Years are those of the tenant's zone. What was taken back is off; rewards in kind that ended are left out.
    """
    with connection.cursor() as cursor:
        cursor.execute(_YEARS, {"partner": partner_id, "zone": str(tenant_zone())})
        found: dict[tuple[int, int], PersonYear] = {}
        for user_id, name, year, currency, money, worth, changed_at in cursor.fetchall():
            row = found.setdefault((user_id, year), PersonYear(user_id, name, year))
            if money:
                row.money[currency] = money
            if worth:
                row.worth[currency] = worth
            row.changed_at = max(row.changed_at or changed_at, changed_at)
    _dress(found.values(), partner_id)
    return sorted(found.values(), key=lambda row: (-row.year, row.name, row.user_id))


@transaction.atomic
def mark_for_taxes(
    *, partner_id: UUID, user_id: int, year: int, actor: Actor, at: datetime
) -> TaxMark:
    """Say that a person's rewards of a year, as they stand now, went to payroll or the tax return.

    A repeat while nothing changed returns the first mark. Raises NothingEarned. Emits partner.tax_marked.
    """
    row = next(
        (row for row in years_of_people(partner_id) if (row.user_id, row.year) == (user_id, year)),
        None,
    )
    if row is None:
        raise NothingEarned(f"{user_id} {year}")
    if row.is_marked:
        return TaxMark.objects.filter(partner_id=partner_id, payee_id=user_id, year=year).latest(
            "at"
        )
    mark = TaxMark.objects.create(
        partner_id=partner_id, payee_id=user_id, year=year, at=at, marked_by_id=actor.user_id
    )
    emit(
        "partner.tax_marked",
        subject=f"partner:{partner_id}",
        actor=actor,
        partner_id=partner_id,
        payload={"partner_id": str(partner_id), "user_id": user_id, "year": year},
        at=at,
        queue=False,
    )
    return mark


def _dress(rows: Iterable[PersonYear], partner_id: UUID) -> None:
    """Say of each year until when it was marked."""
    marks = TaxMark.objects.filter(partner_id=partner_id).order_by("at", "id")
    newest = {(mark.payee_id, mark.year): mark.at for mark in marks}
    for row in rows:
        row.marked_at = newest.get((row.user_id, row.year))


_YEARS = """
select x.payee_id, u.name, x.year, x.currency, sum(x.money)::bigint, sum(x.worth)::bigint, max(x.changed_at)
  from (select a.payee_id, extract(year from a.earned_on)::int as year, a.currency,
               a.amount_minor - a.clawed_minor as money, 0::bigint as worth,
               greatest(a.recorded_at, (select max(c.at) from commissions_clawback c
                                         where c.tenant_id = a.tenant_id and c.accrual_id = a.id)) as changed_at
          from commissions_accrual a
         where a.partner_id = %(partner)s and a.payee_id is not null and a.replaced_at is null
        union all
        select k.payee_id, extract(year from k.earned_at at time zone %(zone)s)::int, k.currency, 0,
               case when k.void_at is null then k.worth_minor else 0 end, greatest(k.at, k.void_at)
          from commissions_reward_in_kind k
         where k.partner_id = %(partner)s
        union all
        select w.person_id, extract(year from w.at at time zone %(zone)s)::int, c.currency,
               case when w.transfer_id is null then 0 else z.amount_minor end,
               case when w.transfer_id is null then greatest(z.amount_minor, z.cost_minor) else 0 end, w.at
          from commissions_contest_place w
          join commissions_contest c on c.tenant_id = w.tenant_id and c.id = w.contest_id
          join commissions_contest_prize z on z.tenant_id = w.tenant_id and z.id = w.prize_id
         where w.partner_id = %(partner)s and w.person_id is not null) x
  join prm_user u on u.id = x.payee_id
 group by 1, 2, 3, 4
"""
