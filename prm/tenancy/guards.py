"""What in the database keeps rows as they are and tenants apart, and whether it is switched on."""

from django.db import connection

# Tables of which no row is ever changed or taken away, by name of their triggers.
ADDED_TO_ONLY = (
    "prm_event",
    "prm_event_seal",
    "commissions_transfer",
    "commissions_statement_line",
)
_DOWN = """
select format('trigger %%s of %%s is switched off', t.tgname, c.relname)
  from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
 where n.nspname = 'public' and t.tgenabled in ('D', 'R')
union all
select format('trigger %%s of %%s is gone', w.name, w.tbl)
  from (select tbl, 'append_only_' || verb as name
          from unnest(%s::text[]) tbl, unnest(array['update', 'delete', 'truncate']) verb) w
 where to_regclass('public.' || w.tbl) is not null
   and not exists (select from pg_trigger t where t.tgrelid = to_regclass('public.' || w.tbl) and t.tgname = w.name)
union all
select format('tenants are not kept apart in %%s', c.relname)
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
 where n.nspname = 'public' and c.relkind in ('r', 'p') and exists (select from pg_policy p where p.polrelid = c.oid)
   and not (c.relrowsecurity and c.relforcerowsecurity)
 order by 1
"""


def guards_down() -> list[str]:
    """Return what of the database's own guards is switched off or gone, in words; nothing when all stand."""
    with connection.cursor() as cursor:
        cursor.execute(_DOWN, [list(ADDED_TO_ONLY)])
        return [row[0] for row in cursor.fetchall()]
