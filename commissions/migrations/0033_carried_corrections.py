"""A merge leads corrections that wait for a payment to its transfer, as it does with rewards and prizes."""

import django.db.models.deletion
from django.db import migrations

import prm.tenancy.models
from prm.tenancy.rls import key_name

_CARRIED = f"""
alter table commissions_dispute add constraint {key_name("commissions_dispute", "carried_id")}
  foreign key (tenant_id, carried_id) references commissions_transfer (tenant_id, id);
"""

# Merges of before: what was not paid before the merge is paid by its transfer.
_EARLIER = """
update commissions_dispute d set carried_id = m.id
  from commissions_transfer t, commissions_transfer m, partners_partner p
 where t.tenant_id = d.tenant_id and t.id = d.correction_id and t.partner_id <> d.partner_id
   and p.tenant_id = d.tenant_id and p.id = t.partner_id and p.merged_into_id = d.partner_id
   and m.tenant_id = d.tenant_id
   and m.key = 'merge:' || p.id || ':payable:' || t.currency || ':' || d.partner_id
   and not exists (select from commissions_payout_line l
                    where l.tenant_id = t.tenant_id and l.transfer_id = t.id and l.released_at is null)
"""


class Migration(migrations.Migration):
    dependencies = [("commissions", "0032_return_causes")]

    operations = [
        migrations.AddField(
            model_name="dispute",
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
