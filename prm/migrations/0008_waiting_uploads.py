"""Files that wait for the malware scanner, found without reading all of them."""

from django.db import migrations, models

from prm.tenancy.rls import guarded_function


class Migration(migrations.Migration):
    dependencies = [("prm", "0007_protect_uploads_and_partner_views")]

    operations = [
        migrations.AddIndex(
            model_name="upload",
            index=models.Index(
                fields=["tenant", "id"],
                name="upload_waiting",
                condition=models.Q(scan="waiting"),
            ),
        ),
        migrations.RunSQL(
            sql="grant select on prm_upload to prm_guard", reverse_sql=migrations.RunSQL.noop
        ),
        guarded_function(
            "prm_tenants_with_waiting_uploads()",
            "create function prm_tenants_with_waiting_uploads() returns table (tenant_id bigint) "
            "language sql stable security definer set search_path = pg_catalog as $$ "
            "select distinct u.tenant_id from public.prm_upload u "
            "where u.scan = 'waiting' and u.removed_at is null $$",
        ),
    ]
