"""A merge leads prizes that wait for a payment to its transfer, as it does with rewards."""

import django.db.models.deletion
from django.db import migrations

import prm.tenancy.models
from prm.tenancy.rls import key_name

_OPEN = "array['partner_id', 'carried_id']"
_CARRIED = f"""
alter table commissions_contest_place add constraint {key_name("commissions_contest_place", "carried_id")}
  foreign key (tenant_id, carried_id) references commissions_transfer (tenant_id, id);
grant update (carried_id) on commissions_contest_place to prm_app;
drop trigger append_only_update on commissions_contest_place;
create trigger append_only_update before update on commissions_contest_place for each row
  when ((to_jsonb(old) - {_OPEN}) is distinct from (to_jsonb(new) - {_OPEN})) execute function prm_append_only();
"""

# Merges of before: what was not paid before the merge is paid by its transfer.
_EARLIER = """
update commissions_contest_place c set carried_id = m.id
  from commissions_transfer t, commissions_transfer m, partners_partner p
 where t.tenant_id = c.tenant_id and t.id = c.transfer_id and t.partner_id <> c.partner_id
   and p.tenant_id = c.tenant_id and p.id = t.partner_id and p.merged_into_id = c.partner_id
   and m.tenant_id = c.tenant_id
   and m.key = 'merge:' || p.id || ':payable:' || t.currency || ':' || c.partner_id
   and not exists (select from commissions_payout_line l
                    where l.tenant_id = t.tenant_id and l.transfer_id = t.id and l.released_at is null)
"""


class Migration(migrations.Migration):
    dependencies = [("commissions", "0030_wise_accounts")]

    operations = [
        migrations.AddField(
            model_name="contestplace",
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
        migrations.RunSQL(sql=_CARRIED, reverse_sql=migrations.RunSQL.noop),
        migrations.RunSQL(sql=_EARLIER, reverse_sql=migrations.RunSQL.noop),
    ]
