"""A merge leads the rewards that wait for a payment to its transfer; the duplicate's payments stay readable."""

import django.db.models.deletion
from django.db import migrations

import prm.tenancy.models
from prm.tenancy.rls import key_name
from prm.tenancy.sql import PARTNER_SQL

PAYMENTS = ("commissions_payout", "commissions_payout_line", "commissions_payout_account")
_OPEN = "array['partner_id', 'carried_id']"


def _readable(table: str) -> str:
    own, merged = f"partner_id = {PARTNER_SQL}", f"(select partners_merged_into({PARTNER_SQL}))::uuid[]"
    sees = f"case when {PARTNER_SQL} is null then true else {own} or partner_id = any({merged}) end"
    return f"alter policy partner_isolation on {table} using ({sees});"


_CARRIED = f"""
alter table commissions_release add constraint {key_name("commissions_release", "carried_id")}
  foreign key (tenant_id, carried_id) references commissions_transfer (tenant_id, id);
grant update (carried_id) on commissions_release to prm_app;
drop trigger append_only_update on commissions_release;
create trigger append_only_update before update on commissions_release for each row
  when ((to_jsonb(old) - {_OPEN}) is distinct from (to_jsonb(new) - {_OPEN})) execute function prm_append_only();
"""

# Merges of before: once, as the next one of the same partner could not tell them apart any more.
_EARLIER = """
update commissions_release r set carried_id = m.id
  from commissions_transfer t, commissions_transfer m, partners_partner p
 where t.tenant_id = r.tenant_id and t.id = r.transfer_id and t.partner_id <> r.partner_id
   and p.tenant_id = r.tenant_id and p.id = t.partner_id and p.merged_into_id = r.partner_id
   and m.tenant_id = r.tenant_id
   and m.key = 'merge:' || p.id || ':payable:' || t.currency || ':' || r.partner_id
   and not exists (select from commissions_payout_line l
                    where l.tenant_id = t.tenant_id and l.transfer_id = t.id and l.released_at is null)
"""


class Migration(migrations.Migration):
    dependencies = [("commissions", "0003_merged_partners")]

    operations = [
        migrations.AddField(
            model_name="release",
            name="carried",
            field=prm.tenancy.models.TenantForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="commissions.transfer",
            ),
        ),
        migrations.RunSQL(
            sql="\n".join([_CARRIED, *(_readable(table) for table in PAYMENTS)]),
            reverse_sql=migrations.RunSQL.noop,
        ),
        migrations.RunSQL(sql=_EARLIER, reverse_sql=migrations.RunSQL.noop),
    ]
