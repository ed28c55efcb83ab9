"""Count clicks: doubles told from first ones, sums by link, day and channel; each click exactly once."""

from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from prm.tenancy.models import Tenant
from prm.tenancy.scope import current_scope, tenant_scope

BATCH = 10_000
# One statement, one transaction: a worker that dies in it leaves the inbox as it was. Two workers wait for each other,
# since a click is a double of clicks before it.
_LOCK = "select pg_advisory_xact_lock(hashtextextended('referrals.sharing.clicks', %s))"
_FOLD = """
with taken as (
  delete from referrals_click_inbox
   where id in (select id from referrals_click_inbox where tenant_id = %(tenant)s order by id limit %(batch)s)
     and tenant_id = %(tenant)s
  returning id, link_id, partner_id, at, visitor, channel, campaign
), beside as (
  select taken.*, coalesce(rules.double_minutes, %(minutes)s) * interval '1 minute' as pause,
         lag(taken.at) over (partition by taken.link_id, taken.visitor order by taken.at, taken.id) as before
    from taken
    join referrals_link link on link.tenant_id = %(tenant)s and link.id = taken.link_id
    left join referrals_sharing_rules rules
      on rules.tenant_id = %(tenant)s and rules.program_id = link.program_id
), judged as (
  select beside.*, coalesce(beside.before, earlier.at) > beside.at - beside.pause as is_double
    from beside
    left join lateral (
      select click.at from referrals_click click
       where beside.before is null and click.tenant_id = %(tenant)s and click.link_id = beside.link_id
         and click.visitor = beside.visitor and click.at <= beside.at
       order by click.at desc limit 1) earlier on true
), kept as (
  insert into referrals_click (link_id, partner_id, at, visitor, channel, campaign, is_double)
  select link_id, partner_id, at, visitor, channel, campaign, coalesce(is_double, false) from judged order by id
  returning link_id, partner_id, at, channel, campaign, is_double
), summed as (
  insert into referrals_click_count (link_id, partner_id, day, channel, campaign, clicks, doubles)
  select link_id, partner_id, (at at time zone %(zone)s)::date, channel, campaign,
         count(*) filter (where not is_double), count(*) filter (where is_double)
    from kept group by 1, 2, 3, 4, 5 order by 1, 3, 4, 5
  on conflict (tenant_id, link_id, day, channel, campaign)
  do update set clicks = referrals_click_count.clicks + excluded.clicks,
    doubles = referrals_click_count.doubles + excluded.doubles
  returning 1
)
select (select count(*) from taken), (select count(*) from summed)
"""


def fold_clicks(tenant_id: int, *, batch: int = BATCH) -> int:
    """Count everything that waits in a tenant's inbox, batch by batch; return how many clicks were taken.

    A click of the same visitor on the same link within the program's minutes after another is a double: kept, not
    counted. A repeat finds an empty inbox. Only outside a scope.
    """
    total = 0
    while True:
        with tenant_scope(tenant_id):
            taken = _fold_batch(batch)
        total += taken
        if taken < batch:
            return total


def _fold_batch(batch: int) -> int:
    tenant = Tenant.objects.only("time_zone").get(id=current_scope().tenant_id)
    given: dict[str, Any] = {
        "tenant": tenant.id,
        "batch": batch,
        "minutes": 30,
        "zone": ZoneInfo(tenant.time_zone).key,
    }
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [tenant.id])
        cursor.execute(_FOLD, given)
        return int(cursor.fetchone()[0])


def tenants_with_clicks() -> list[int]:
    """Return the ids of tenants whose inbox is not empty; reads across tenants through a guarded function."""
    with connection.cursor() as cursor:
        cursor.execute("select tenant_id from referrals_tenants_with_clicks()")
        return [row[0] for row in cursor.fetchall()]
