"""Payments that came back because of their account: nothing more is paid there until somebody says so."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import prm.tenancy.models
import prm.tenancy.sql
from prm.tenancy.rls import protect


class Migration(migrations.Migration):
    dependencies = [
        ("commissions", "0028_tax_kept"),
        ("partners", "0013_answer_hours"),
        ("prm", "0017_job_parts"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="payoutexclusion",
            name="reason",
            field=models.CharField(
                choices=[
                    ("no_details", "No bank details"),
                    ("returned", "A payment to this account came back"),
                    ("cooling", "Bank details changed recently"),
                    ("below_minimum", "Below the minimum payout"),
                    ("negative", "Below zero after a reversed commission"),
                    ("not_active", "Partner is paused or ended"),
                    ("left_out", "Left out by finance"),
                    ("tax_form", "Tax form missing"),
                    ("invoice", "Invoice missing or not approved"),
                    ("vat", "How VAT applies is not known"),
                    ("other_method", "The chosen method cannot carry this currency"),
                ],
                max_length=16,
            ),
        ),
        migrations.CreateModel(
            name="AccountFault",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("code", models.CharField(blank=True, max_length=4)),
                ("at", models.DateTimeField()),
                ("cleared_at", models.DateTimeField(blank=True, null=True)),
                ("cleared_reason", models.CharField(blank=True, max_length=200)),
                (
                    "account",
                    prm.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="commissions.payoutaccount",
                    ),
                ),
                (
                    "cleared_by",
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
                    "payout",
                    prm.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="commissions.payout",
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
            ],
            options={
                "db_table": "commissions_account_fault",
                "indexes": [
                    models.Index(
                        condition=models.Q(("cleared_at", None)),
                        fields=["tenant", "account"],
                        name="account_fault_open",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "payout"), name="account_fault_once")
                ],
            },
        ),
        protect(
            "commissions_account_fault",
            partner="partner_id",
            partner_writes=False,
            append_only=True,
            updatable=["cleared_at", "cleared_by_id", "cleared_reason"],
            references={
                "partner_id": "partners_partner",
                "account_id": "commissions_payout_account",
                "payout_id": "commissions_payout",
            },
        ),
    ]
