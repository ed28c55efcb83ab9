"""Who read a statement, the files it was first made into, and the logos it was printed with."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import prm.tenancy.models
import prm.tenancy.sql
from prm.tenancy.rls import protect


class Migration(migrations.Migration):
    dependencies = [
        ("commissions", "0019_tax_thresholds"),
        ("partners", "0013_answer_hours"),
        ("prm", "0017_job_parts"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="StatementFile",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=3)),
                ("language", models.CharField(max_length=8)),
                ("sha256", models.CharField(max_length=64)),
                ("byte_count", models.BigIntegerField()),
                ("made_at", models.DateTimeField()),
            ],
            options={
                "db_table": "commissions_statement_file",
            },
        ),
        migrations.CreateModel(
            name="StatementLogo",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("sha256", models.CharField(max_length=64)),
                ("content", models.BinaryField()),
            ],
            options={
                "db_table": "commissions_statement_logo",
            },
        ),
        migrations.CreateModel(
            name="StatementReading",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "way",
                    models.CharField(
                        choices=[
                            ("page", "Page"),
                            ("pdf", "Pdf"),
                            ("csv", "Csv"),
                            ("xlsx", "Xlsx"),
                            ("confirmed", "Confirmed"),
                        ],
                        max_length=9,
                    ),
                ),
                ("at", models.DateTimeField()),
            ],
            options={
                "db_table": "commissions_statement_reading",
            },
        ),
        migrations.AddField(
            model_name="statement",
            name="digest_version",
            field=models.SmallIntegerField(db_default=1),
        ),
        migrations.AddConstraint(
            model_name="statement",
            constraint=models.UniqueConstraint(
                condition=models.Q(("run_id__isnull", False)),
                fields=("tenant", "run_id", "partner", "currency"),
                name="statement_once_per_run",
            ),
        ),
        migrations.AddField(
            model_name="statementfile",
            name="partner",
            field=prm.tenancy.models.TenantForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="partners.partner",
            ),
        ),
        migrations.AddField(
            model_name="statementfile",
            name="statement",
            field=prm.tenancy.models.TenantForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="commissions.statement",
            ),
        ),
        migrations.AddField(
            model_name="statementfile",
            name="tenant",
            field=models.ForeignKey(
                db_default=prm.tenancy.sql.CurrentTenant(),
                db_index=False,
                editable=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="prm.tenant",
            ),
        ),
        migrations.AddField(
            model_name="statementlogo",
            name="tenant",
            field=models.ForeignKey(
                db_default=prm.tenancy.sql.CurrentTenant(),
                db_index=False,
                editable=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="prm.tenant",
            ),
        ),
        migrations.AddField(
            model_name="statementreading",
            name="partner",
            field=prm.tenancy.models.TenantForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="partners.partner",
            ),
        ),
        migrations.AddField(
            model_name="statementreading",
            name="statement",
            field=prm.tenancy.models.TenantForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="commissions.statement",
            ),
        ),
        migrations.AddField(
            model_name="statementreading",
            name="tenant",
            field=models.ForeignKey(
                db_default=prm.tenancy.sql.CurrentTenant(),
                db_index=False,
                editable=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="prm.tenant",
            ),
        ),
        migrations.AddField(
            model_name="statementreading",
            name="user",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="statementfile",
            constraint=models.UniqueConstraint(
                fields=("tenant", "statement", "kind", "language"), name="statement_file_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="statementlogo",
            constraint=models.UniqueConstraint(
                fields=("tenant", "sha256"), name="statement_logo_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="statementreading",
            constraint=models.UniqueConstraint(
                fields=("tenant", "statement", "way"), name="statement_reading_once"
            ),
        ),
        protect(
            "commissions_statement_file",
            partner="partner_id",
            partner_writes=False,
            references={
                "statement_id": "commissions_statement",
                "partner_id": "partners_partner",
            },
            append_only=True,
        ),
        protect("commissions_statement_logo", append_only=True),
        protect(
            "commissions_statement_reading",
            partner="partner_id",
            references={
                "statement_id": "commissions_statement",
                "partner_id": "partners_partner",
            },
            append_only=True,
        ),
    ]
