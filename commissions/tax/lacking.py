"""Which partners' forms are missing, refused, over or end soon, of all that are wanted."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection

from commissions.ledger.selectors import tenant_zone
from commissions.tax.models import FormKind
from commissions.tax.rules import EXPIRING_DAYS
from prm.tenancy.scope import current_scope


@dataclass(frozen=True)
class Lacking:
    """A form that a partner owes and that does not count, or ends soon.

    state: as rules.standing says it, or "expiring". form_id: what was sent. since: when it was first wanted of it.
    """

    partner_id: UUID
    name: str
    country: str
    form: str
    state: str
    valid_until: date | None
    form_id: UUID | None
    since: datetime

    @property
    def label(self) -> str:
        """The form's name."""
        return str(FormKind(self.form).label)

    def days_left(self, today: date) -> int | None:
        """Return in how many days it ends, below zero after its last; None without one."""
        return (self.valid_until - today).days if self.valid_until else None


def lacking_forms(*, at: datetime, limit: int | None = None) -> list[Lacking]:
    """Return what active partners lack at a moment (aware UTC), what ends soonest first, then by name."""
    values: dict[str, Any] = {
        "tenant": current_scope().tenant_id,
        "at": at,
        "today": at.astimezone(tenant_zone()).date(),
        "soon": EXPIRING_DAYS[-1],
        "limit": limit,
    }
    with connection.cursor() as cursor:
        cursor.execute(_LACKING, values)
        return [Lacking(*row) for row in cursor.fetchall()]


_LACKING = """
select w.partner_id, w.name, w.country, w.form,
       case when f.state is null then 'missing'
            when f.state <> 'approved' then f.state
            when f.valid_until < %(today)s then 'expired'
            else 'expiring' end as state,
       f.valid_until, f.id, w.since
  from (select p.id as partner_id, p.name, p.country, q.form, max(greatest(q.from_at, p.created_at)) as since
          from commissions_tax_requirement q
          join partners_partner p on p.tenant_id = q.tenant_id and p.state = 'active' and p.merged_into_id is null
               and q.country in ('', p.country) and q.partner_type in ('', p.type)
         where q.tenant_id = %(tenant)s and q.ended_at is null and q.from_at <= %(at)s
         group by p.id, p.name, p.country, q.form) w
  left join lateral (
       -- A new one on its way says more than one that has ended or ends soon.
       select x.id, x.state, x.valid_until from commissions_tax_form x
        where x.tenant_id = %(tenant)s and x.partner_id = w.partner_id and x.form = w.form and x.replaced_at is null
        order by x.state = 'approved' and (x.valid_until is null or x.valid_until > %(today)s::date + %(soon)s) desc,
                 x.sent_at desc, x.id desc
        limit 1) f on true
 where f.state is distinct from 'approved' or f.valid_until <= %(today)s::date + %(soon)s
 order by f.valid_until nulls last, w.name, w.partner_id, w.form
 limit %(limit)s
"""
