"""What taxes stand on is kept: whose number was checked, both sides of a note, what was taxed before, papers."""

import django.db.models.deletion
from django.db import migrations, models

import prm.tenancy.sql
from prm.tenancy.rls import protect

# Numbers that were confirmed before count for what their partners are called now.
_CHECKED = """
update commissions_vat_status s
   set checked_name = coalesce(nullif(p.legal_name, ''), p.name), checked_country = p.country
  from partners_partner p
 where s.state = 'confirmed' and p.tenant_id = s.tenant_id and p.id = s.partner_id
"""


class Migration(migrations.Migration):
    dependencies = [
        ("commissions", "0027_contests_of_people"),
        ("prm", "0017_job_parts"),
    ]

    operations = [
        migrations.AddField(
            model_name="conversion",
            name="from_taxed_minor",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="conversion",
            name="to_taxed_minor",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="vatcharge",
            name="parties",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="vatstatus",
            name="checked_country",
            field=models.CharField(blank=True, default="", max_length=2),
        ),
        migrations.AddField(
            model_name="vatstatus",
            name="checked_name",
            field=models.CharField(blank=True, default="", max_length=160),
        ),
        migrations.AddField(
            model_name="vatstatus",
            name="reopened_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.CreateModel(
            name="TaxPaper",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("folder", models.CharField(max_length=24)),
                ("paper_id", models.UUIDField()),
                ("language", models.CharField(max_length=8)),
                ("sha256", models.CharField(max_length=64)),
                ("byte_count", models.BigIntegerField()),
                ("made_at", models.DateTimeField()),
                (
                    "tenant",
                    models.ForeignKey(
                        db_default=prm.tenancy.sql.CurrentTenant(),
                        db_index=False,
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="prm.tenant",
                    ),
                ),
            ],
            options={
                "db_table": "commissions_tax_paper",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "folder", "paper_id", "language"), name="tax_paper_once"
                    )
                ],
            },
        ),
        protect("commissions_tax_paper", append_only=True),
        migrations.RunSQL(sql=_CHECKED, reverse_sql=migrations.RunSQL.noop),
    ]
