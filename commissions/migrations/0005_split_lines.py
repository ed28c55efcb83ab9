"""A reward may be several partners': its lines are told apart by the set of shares and the place in it.

The place, not the partner, keeps a line unique: two of one reward may belong to one partner after a merge.
"""

from django.db import migrations, models

from prm.tenancy.rls import guarded_function


class Migration(migrations.Migration):
    dependencies = [("commissions", "0004_release_carried"), ("referrals", "0015_attribution")]

    operations = [
        migrations.RemoveConstraint(model_name="accrual", name="accrual_once"),
        migrations.AddField(
            model_name="accrual",
            name="place",
            field=models.SmallIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="accrual",
            name="split_no",
            field=models.IntegerField(db_default=0, default=0),
        ),
        migrations.AddConstraint(
            model_name="accrual",
            constraint=models.UniqueConstraint(
                fields=("tenant", "source_kind", "source_id", "rule", "split_no", "place"),
                name="accrual_once",
            ),
        ),
        # What a held referral earned is not due.
        migrations.RunSQL(
            sql="drop function commissions_tenants_with_due_releases()",
            reverse_sql=migrations.RunSQL.noop,
        ),
        guarded_function(
            "commissions_tenants_with_due_releases()",
            """
            create function commissions_tenants_with_due_releases() returns table (tenant_id bigint)
            language sql stable security definer set search_path = pg_catalog as $$
              select t.id from public.prm_tenant t where exists (
                select from public.commissions_accrual a where a.tenant_id = t.id and a.payable_at <= pg_catalog.now()
                  and not exists (select from public.commissions_release r
                                   where r.tenant_id = a.tenant_id and r.accrual_id = a.id)
                  and not exists (select from public.referrals_referral f
                                   where f.tenant_id = a.tenant_id and f.id = a.referral_id
                                     and f.held_at is not null))
            $$""",
        ),
    ]
