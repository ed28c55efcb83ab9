"""VAT on payments: settings, rates, what partners say, charges, notes and invoices; certificates of a year."""

import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models

import prm.tenancy.models
import prm.tenancy.sql
from prm.tenancy.rls import protect
from prm.tenancy.sql import PARTNER_SQL


def _readable(table: str) -> str:
    """Let the partner that stays after a merge read the duplicate's papers."""
    own = (
        f"case when {PARTNER_SQL} is null then true"
        f" else partner_id = {PARTNER_SQL}"
        f" or partner_id = any((select partners_merged_into({PARTNER_SQL}))::uuid[]) end"
    )
    return f"alter policy partner_isolation on {table} using ({own})"


class Migration(migrations.Migration):
    dependencies = [
        ("commissions", "0022_history_points"),
        ("partners", "0013_answer_hours"),
        ("prm", "0017_job_parts"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="account",
            name="kind",
            field=models.CharField(
                choices=[
                    ("pending", "Pending"),
                    ("payable", "Payable"),
                    ("disputed", "Disputed"),
                    ("in_payout", "In Payout"),
                    ("deferred", "Deferred"),
                    ("commission_expense", "Commission Expense"),
                    ("cash", "Cash"),
                    ("fees", "Fees"),
                    ("fx", "Fx"),
                    ("withheld_tax", "Withheld Tax"),
                    ("input_vat", "Input Vat"),
                    ("adjustments", "Adjustments"),
                    ("breakage", "Breakage"),
                    ("write_offs", "Write Offs"),
                ],
                max_length=20,
            ),
        ),
        migrations.AlterField(
            model_name="payoutexclusion",
            name="reason",
            field=models.CharField(
                choices=[
                    ("no_details", "No bank details"),
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
            name="PartnerInvoice",
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
                ("currency", models.CharField(max_length=3)),
                ("number", models.CharField(max_length=40)),
                ("invoiced_on", models.DateField()),
                ("net_minor", models.BigIntegerField()),
                ("vat_minor", models.BigIntegerField()),
                ("gross_minor", models.BigIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("received", "Being checked"),
                            ("approved", "Approved"),
                            ("refused", "Refused"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        default="received",
                        max_length=9,
                    ),
                ),
                ("payout_id", models.UUIDField(blank=True, null=True)),
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
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="prm.upload",
                    ),
                ),
                (
                    "upto",
                    prm.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="commissions.transfer",
                    ),
                ),
            ],
            options={
                "db_table": "commissions_partner_invoice",
            },
        ),
        migrations.CreateModel(
            name="SelfBilling",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("text", models.TextField()),
                ("agreed_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "agreed_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "ended_by",
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
                "db_table": "commissions_self_billing",
            },
        ),
        migrations.CreateModel(
            name="VatCharge",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("currency", models.CharField(max_length=3)),
                ("treatment", models.CharField(max_length=12)),
                (
                    "paper",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("self", "Self-billing note by the vendor"),
                            ("invoice", "The partner’s own invoice"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("registered", "Registered for VAT"),
                            ("small", "Small business without VAT"),
                            ("unregistered", "Business not registered for VAT"),
                            ("person", "Private person"),
                        ],
                        max_length=12,
                    ),
                ),
                ("base_minor", models.BigIntegerField()),
                ("rate", models.DecimalField(decimal_places=4, max_digits=5)),
                ("amount_minor", models.BigIntegerField()),
                ("charged_at", models.DateTimeField()),
                ("charged_on", models.DateField()),
                ("payout_id", models.UUIDField(blank=True, null=True)),
                (
                    "invoice",
                    prm.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="commissions.partnerinvoice",
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
                    "takes_back",
                    prm.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="commissions.vatcharge",
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
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="commissions.transfer",
                    ),
                ),
            ],
            options={
                "db_table": "commissions_vat_charge",
            },
        ),
        migrations.CreateModel(
            name="SelfBill",
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
                ("number", models.CharField(max_length=24)),
                ("payout_id", models.UUIDField()),
                ("currency", models.CharField(max_length=3)),
                ("net_minor", models.BigIntegerField()),
                ("rate", models.DecimalField(decimal_places=4, max_digits=5)),
                ("vat_minor", models.BigIntegerField()),
                ("treatment", models.CharField(max_length=12)),
                ("issued_on", models.DateField()),
                ("issued_at", models.DateTimeField()),
                ("facts", models.JSONField(default=dict)),
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
                    "charge",
                    prm.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="commissions.vatcharge",
                    ),
                ),
            ],
            options={
                "db_table": "commissions_self_bill",
            },
        ),
        migrations.CreateModel(
            name="VatRate",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("country", models.CharField(max_length=2)),
                ("rate", models.DecimalField(decimal_places=4, max_digits=5)),
                ("from_on", models.DateField()),
                ("source", models.CharField(blank=True, default="", max_length=200)),
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
                "db_table": "commissions_vat_rate",
            },
        ),
        migrations.CreateModel(
            name="VatSettings",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("starts_on", models.DateField(blank=True, null=True)),
                ("vat_id", models.CharField(blank=True, default="", max_length=20)),
                ("offers_self_billing", models.BooleanField(default=True)),
                ("wants_status", models.BooleanField(default=False)),
                ("wants_invoice", models.BooleanField(default=False)),
                ("prefix", models.CharField(default="SB", max_length=8)),
                ("words", models.JSONField(default=dict)),
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
                "db_table": "commissions_vat_settings",
            },
        ),
        migrations.CreateModel(
            name="VatStatus",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("registered", "Registered for VAT"),
                            ("small", "Small business without VAT"),
                            ("unregistered", "Business not registered for VAT"),
                            ("person", "Private person"),
                        ],
                        max_length=12,
                    ),
                ),
                ("number", models.TextField(blank=True, default="")),
                ("masked", models.CharField(blank=True, default="", max_length=40)),
                ("said_at", models.DateTimeField()),
                ("replaced_at", models.DateTimeField(blank=True, null=True)),
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
                    "said_by",
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
            ],
            options={
                "db_table": "commissions_vat_status",
            },
        ),
        migrations.CreateModel(
            name="YearCertificate",
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
                ("number", models.CharField(max_length=24)),
                ("year", models.IntegerField()),
                ("until_on", models.DateField()),
                ("totals", models.JSONField(default=list)),
                ("parties", models.JSONField(default=dict)),
                ("digest", models.CharField(max_length=64)),
                ("issued_at", models.DateTimeField()),
                (
                    "issued_by",
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
                    "replaces",
                    prm.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="commissions.yearcertificate",
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
                "db_table": "commissions_year_certificate",
            },
        ),
        migrations.AddIndex(
            model_name="partnerinvoice",
            index=models.Index(
                fields=["tenant", "state", "sent_at", "id"], name="partner_invoice_queue"
            ),
        ),
        migrations.AddIndex(
            model_name="partnerinvoice",
            index=models.Index(
                fields=["tenant", "partner", "-sent_at"], name="partner_invoice_newest"
            ),
        ),
        migrations.AddConstraint(
            model_name="partnerinvoice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("net_minor__gt", 0),
                    ("vat_minor__gte", 0),
                    (
                        "gross_minor",
                        django.db.models.expressions.CombinedExpression(
                            models.F("net_minor"), "+", models.F("vat_minor")
                        ),
                    ),
                ),
                name="partner_invoice_adds_up",
            ),
        ),
        migrations.AddConstraint(
            model_name="partnerinvoice",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["received", "approved"])),
                fields=("tenant", "partner", "number"),
                name="partner_invoice_number_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="partnerinvoice",
            constraint=models.UniqueConstraint(
                condition=models.Q(("payout_id", None), ("state__in", ["received", "approved"])),
                fields=("tenant", "partner", "currency"),
                name="partner_invoice_one_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="selfbilling",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at", None)),
                fields=("tenant", "partner"),
                name="self_billing_once",
            ),
        ),
        migrations.AddIndex(
            model_name="vatcharge",
            index=models.Index(fields=["tenant", "payout_id"], name="vat_charge_payout"),
        ),
        migrations.AddIndex(
            model_name="vatcharge",
            index=models.Index(
                fields=["tenant", "partner", "currency", "-id"], name="vat_charge_newest"
            ),
        ),
        migrations.AddIndex(
            model_name="vatcharge",
            index=models.Index(
                fields=["tenant", "charged_on", "partner"], name="vat_charge_of_year"
            ),
        ),
        migrations.AddConstraint(
            model_name="vatcharge",
            constraint=models.UniqueConstraint(
                fields=("tenant", "transfer"), name="vat_charge_transfer_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="vatcharge",
            constraint=models.UniqueConstraint(
                fields=("tenant", "takes_back"), name="vat_charge_back_once"
            ),
        ),
        migrations.AddIndex(
            model_name="selfbill",
            index=models.Index(
                fields=["tenant", "partner", "-issued_at", "-id"], name="self_bill_partner_newest"
            ),
        ),
        migrations.AddIndex(
            model_name="selfbill",
            index=models.Index(fields=["tenant", "-issued_at", "-id"], name="self_bill_newest"),
        ),
        migrations.AddIndex(
            model_name="selfbill",
            index=models.Index(fields=["tenant", "payout_id"], name="self_bill_payout"),
        ),
        migrations.AddConstraint(
            model_name="selfbill",
            constraint=models.UniqueConstraint(
                fields=("tenant", "number"), name="self_bill_number_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="selfbill",
            constraint=models.UniqueConstraint(fields=("tenant", "charge"), name="self_bill_once"),
        ),
        migrations.AddConstraint(
            model_name="vatrate",
            constraint=models.UniqueConstraint(
                fields=("tenant", "country", "from_on"), name="vat_rate_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="vatrate",
            constraint=models.CheckConstraint(
                condition=models.Q(("rate__gte", 0), ("rate__lte", 1)), name="vat_rate_fraction"
            ),
        ),
        migrations.AddConstraint(
            model_name="vatsettings",
            constraint=models.UniqueConstraint(fields=("tenant",), name="vat_settings_once"),
        ),
        migrations.AddConstraint(
            model_name="vatstatus",
            constraint=models.UniqueConstraint(
                condition=models.Q(("replaced_at", None)),
                fields=("tenant", "partner"),
                name="vat_status_one_counts",
            ),
        ),
        migrations.AddIndex(
            model_name="yearcertificate",
            index=models.Index(
                fields=["tenant", "partner", "-year", "-id"], name="year_certificate_partner"
            ),
        ),
        migrations.AddIndex(
            model_name="yearcertificate",
            index=models.Index(fields=["tenant", "year", "partner"], name="year_certificate_year"),
        ),
        migrations.AddConstraint(
            model_name="yearcertificate",
            constraint=models.UniqueConstraint(
                fields=("tenant", "number"), name="year_certificate_number_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="yearcertificate",
            constraint=models.UniqueConstraint(
                fields=("tenant", "replaces"), name="year_certificate_replaced_once"
            ),
        ),
        protect("commissions_vat_settings"),
        protect("commissions_vat_rate"),
        protect(
            "commissions_vat_status",
            partner="partner_id",
            references={"partner_id": "partners_partner"},
        ),
        protect(
            "commissions_self_billing",
            partner="partner_id",
            references={"partner_id": "partners_partner"},
        ),
        protect(
            "commissions_partner_invoice",
            partner="partner_id",
            references={
                "partner_id": "partners_partner",
                "upto_id": "commissions_transfer",
                "upload_id": "prm_upload",
                "payout_id": "commissions_payout",
            },
        ),
        protect(
            "commissions_vat_charge",
            partner="partner_id",
            partner_writes=False,
            append_only=True,
            updatable=["payout_id"],
            references={
                "partner_id": "partners_partner",
                "transfer_id": "commissions_transfer",
                "invoice_id": "commissions_partner_invoice",
                "payout_id": "commissions_payout",
                "takes_back_id": "commissions_vat_charge",
            },
        ),
        protect(
            "commissions_self_bill",
            partner="partner_id",
            partner_writes=False,
            append_only=True,
            references={
                "partner_id": "partners_partner",
                "charge_id": "commissions_vat_charge",
                "payout_id": "commissions_payout",
            },
        ),
        protect(
            "commissions_year_certificate",
            partner="partner_id",
            partner_writes=False,
            append_only=True,
            references={
                "partner_id": "partners_partner",
                "replaces_id": "commissions_year_certificate",
            },
        ),
        migrations.RunSQL(
            sql=";\n".join(
                _readable(f"commissions_{table}")
                for table in ("vat_charge", "self_bill", "year_certificate")
            ),
            reverse_sql=migrations.RunSQL.noop,
        ),
    ]
