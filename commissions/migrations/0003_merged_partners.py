"""A merge of two partners carries rewards over to the one that stays, and lets it read the other's statements.

Transfers, accounts, payouts and statements stay as they are; balances move by transfers.
"""

from django.db import migrations

from prm.tenancy.rls import guarded_function
from prm.tenancy.sql import PARTNER_SQL

REWARDS = {"commissions_accrual": ["clawed_minor"], "commissions_release": [], "commissions_clawback": []}
PAPERS = ("commissions_statement", "commissions_statement_line")


def _carried(table: str, open_columns: list[str]) -> str:
    columns = f"array[{', '.join(repr(column) for column in [*open_columns, 'partner_id'])}]"
    return f"""
    grant update (partner_id) on {table} to prm_app;
    drop trigger append_only_update on {table};
    create trigger append_only_update before update on {table} for each row
      when ((to_jsonb(old) - {columns}) is distinct from (to_jsonb(new) - {columns})) execute function prm_append_only();
    create trigger follows_merge before update of partner_id on {table} for each row
      execute function partners_follows_merge();
    """


def _readable(table: str) -> str:
    own = (
        f"case when {PARTNER_SQL} is null then true"
        f" else partner_id = {PARTNER_SQL} or partner_id = any((select partners_merged_into({PARTNER_SQL}))::uuid[]) end"
    )
    return f"alter policy partner_isolation on {table} using ({own});"


class Migration(migrations.Migration):
    dependencies = [("commissions", "0002_protect"), ("referrals", "0007_merged_partners")]

    operations = [
        migrations.RunSQL(
            sql="grant select on partners_partner to prm_guard", reverse_sql=migrations.RunSQL.noop
        ),
        guarded_function(
            "partners_merged_into(uuid)",
            """
            create function partners_merged_into(partner uuid) returns uuid[] language sql stable security definer
              set search_path = pg_catalog as $$
              select coalesce(array_agg(p.id), '{}') from public.partners_partner p
               where p.tenant_id = nullif(current_setting('app.tenant_id', true), '')::bigint
                 and p.merged_into_id = partner
            $$
            """,
        ),
        migrations.RunSQL(
            sql="\n".join(
                [
                    *(_carried(table, columns) for table, columns in REWARDS.items()),
                    *(_readable(table) for table in PAPERS),
                ]
            ),
            reverse_sql=migrations.RunSQL.noop,
        ),
    ]
