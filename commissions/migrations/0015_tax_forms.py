"""Which tax forms are wanted, and what partners sent."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import prm.tenancy.models
import prm.tenancy.sql
from prm.tenancy.rls import protect


class Migration(migrations.Migration):
    dependencies = [
        ("commissions", "0014_simulation"),
        ("partners", "0013_answer_hours"),
        ("prm", "0016_membership_visits"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="TaxForm",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=prm.tenancy.sql.UUID7(),
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "form",
                    models.CharField(
                        choices=[
                            ("vat_id", "VAT number"),
                            ("codice_fiscale", "Codice fiscale"),
                            ("w9", "Form W-9"),
                            ("w8ben", "Form W-8BEN"),
                        ],
                        max_length=16,
                    ),
                ),
                ("number", models.TextField(blank=True, default="")),
                ("masked", models.CharField(blank=True, default="", max_length=40)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("received", "Received"),
                            ("approved", "Approved"),
                            ("refused", "Refused"),
                        ],
                        default="received",
                        max_length=8,
                    ),
                ),
                ("replaced_at", models.DateTimeField(blank=True, null=True)),
                ("valid_until", models.DateField(blank=True, null=True)),
                ("note", models.CharField(blank=True, default="", max_length=300)),
                ("sent_at", models.DateTimeField()),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                (
                    "decided_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
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
                    "sent_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
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
                    "upload",
                    prm.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="prm.upload",
                    ),
                ),
            ],
            options={
                "db_table": "commissions_tax_form",
                "indexes": [
                    models.Index(fields=["tenant", "state", "sent_at", "id"], name="tax_form_queue")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("replaced_at", None)),
                        fields=("tenant", "partner", "form", "state"),
                        name="tax_form_one_counts",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="TaxRequirement",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("country", models.CharField(blank=True, default="", max_length=2)),
                ("partner_type", models.CharField(blank=True, default="", max_length=12)),
                (
                    "form",
                    models.CharField(
                        choices=[
                            ("vat_id", "VAT number"),
                            ("codice_fiscale", "Codice fiscale"),
                            ("w9", "Form W-9"),
                            ("w8ben", "Form W-8BEN"),
                        ],
                        max_length=16,
                    ),
                ),
                ("from_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
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
                "db_table": "commissions_tax_requirement",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)),
                        fields=("tenant", "country", "partner_type", "form"),
                        name="tax_requirement_once",
                    )
                ],
            },
        ),
        protect("commissions_tax_requirement"),
        protect(
            "commissions_tax_form",
            partner="partner_id",
            references={"partner_id": "partners_partner", "upload_id": "prm_upload"},
        ),
    ]
