"""Row-level security of uploads and of the views as a partner."""

from django.db import migrations

from prm.tenancy.rls import protect
from prm.tenancy.sql import PARTNER_SQL

# What belongs to no partner, such as a lesson's video, every partner's people may read; they write only their own.
SHARED = f"case when {PARTNER_SQL} is null then true else partner_id is null or partner_id = {PARTNER_SQL} end"
OWN = f"case when {PARTNER_SQL} is null then true else partner_id = {PARTNER_SQL} end"


class Migration(migrations.Migration):
    dependencies = [("prm", "0006_uploads_and_partner_views")]

    operations = [
        protect("prm_upload"),
        migrations.RunSQL(
            sql=f"create policy partner_isolation on prm_upload as restrictive to prm_app "
            f"using ({SHARED}) with check ({OWN})",
            reverse_sql=migrations.RunSQL.noop,
        ),
        protect("prm_partner_view", partner="partner_id", partner_writes=False),
    ]
