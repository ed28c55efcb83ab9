"""Tax that is kept back from payments, and by which rules."""

import django.db.models.deletion
from django.db import migrations, models

import prm.tenancy.models
import prm.tenancy.sql
from prm.tenancy.rls import protect


class Migration(migrations.Migration):
    dependencies = [
        ("commissions", "0017_merged_histories"),
        ("partners", "0013_answer_hours"),
        ("prm", "0016_membership_visits"),
    ]

    operations = [
        migrations.CreateModel(
            name="WithholdingRule",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("country", models.CharField(blank=True, default="", max_length=2)),
                ("partner_type", models.CharField(blank=True, default="", max_length=12)),
                ("rate", models.DecimalField(decimal_places=6, max_digits=7)),
                ("share", models.DecimalField(decimal_places=6, max_digits=7)),
                ("starts_on", models.DateField()),
                ("ends_on", models.DateField(blank=True, null=True)),
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
                "db_table": "commissions_withholding_rule",
            },
        ),
        migrations.CreateModel(
            name="Withholding",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("currency", models.CharField(max_length=3)),
                ("base_minor", models.BigIntegerField()),
                ("rate", models.DecimalField(decimal_places=6, max_digits=7)),
                ("share", models.DecimalField(decimal_places=6, max_digits=7)),
                ("amount_minor", models.BigIntegerField()),
                ("withheld_on", models.DateField()),
                (
                    "partner",
                    prm.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partners.partner",
                    ),
                ),
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
                (
                    "transfer",
                    prm.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="commissions.transfer",
                    ),
                ),
                (
                    "rule",
                    prm.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="commissions.withholdingrule",
                    ),
                ),
            ],
            options={
                "db_table": "commissions_withholding",
            },
        ),
        migrations.AddConstraint(
            model_name="withholdingrule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("rate__gt", 0), ("rate__lte", 1), ("share__gt", 0), ("share__lte", 1)
                ),
                name="withholding_rule_fractions",
            ),
        ),
        migrations.AddConstraint(
            model_name="withholdingrule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ends_on", None), ("ends_on__gte", models.F("starts_on")), _connector="OR"
                ),
                name="withholding_rule_forward",
            ),
        ),
        migrations.AddConstraint(
            model_name="withholdingrule",
            constraint=models.UniqueConstraint(
                fields=("tenant", "country", "partner_type", "starts_on"),
                name="withholding_rule_once",
            ),
        ),
        migrations.AddIndex(
            model_name="withholding",
            index=models.Index(
                fields=["tenant", "withheld_on", "partner"], name="withholding_of_year"
            ),
        ),
        migrations.AddIndex(
            model_name="withholding",
            index=models.Index(
                fields=["tenant", "partner", "currency"], name="withholding_partner"
            ),
        ),
        migrations.AddConstraint(
            model_name="withholding",
            constraint=models.UniqueConstraint(
                fields=("tenant", "transfer"), name="withholding_once"
            ),
        ),
        protect("commissions_withholding_rule"),
        protect(
            "commissions_withholding",
            partner="partner_id",
            partner_writes=False,
            append_only=True,
            references={
                "partner_id": "partners_partner",
                "rule_id": "commissions_withholding_rule",
                "transfer_id": "commissions_transfer",
            },
        ),
    ]
