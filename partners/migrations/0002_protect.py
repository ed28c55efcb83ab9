"""Row-level security of the partners' tables."""

from django.db import migrations

from prm.tenancy.rls import protect


class Migration(migrations.Migration):
    dependencies = [("partners", "0001_initial"), ("prm", "0002_protect")]

    operations = [
        protect("partners_program"),
        protect("partners_partner", partner="id"),
        protect(
            "partners_enrollment",
            partner="partner_id",
            references={"partner_id": "partners_partner", "program_id": "partners_program"},
        ),
        # A membership or invitation of partner people points into its own tenant.
        migrations.RunSQL(
            sql="""
            alter table prm_membership add constraint membership_partner_same_tenant
              foreign key (tenant_id, partner_id) references partners_partner (tenant_id, id);
            alter table prm_invitation add constraint invitation_partner_same_tenant
              foreign key (tenant_id, partner_id) references partners_partner (tenant_id, id);
            """,
            reverse_sql=migrations.RunSQL.noop,
        ),
    ]
