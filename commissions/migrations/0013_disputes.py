"""What a partner disagrees with on a statement, and what came of it."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import prm.tenancy.models
import prm.tenancy.sql
from prm.tenancy.rls import protect


class Migration(migrations.Migration):
    dependencies = [
        ("commissions", "0012_contests"),
        ("partners", "0013_answer_hours"),
        ("prm", "0016_membership_visits"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Dispute",
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
                ("reason", models.CharField(max_length=1000)),
                ("wanted_minor", models.BigIntegerField(blank=True, null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("accepted", "Accepted"),
                            ("refused", "Refused"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        default="open",
                        max_length=9,
                    ),
                ),
                ("opened_at", models.DateTimeField()),
                (
                    "effect",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("frozen", "Frozen"),
                            ("on_hold", "On Hold"),
                            ("paid", "Paid"),
                            ("nothing", "Nothing"),
                        ],
                        default="",
                        max_length=8,
                    ),
                ),
                ("frozen_minor", models.BigIntegerField(default=0)),
                ("answer", models.CharField(blank=True, default="", max_length=1000)),
                ("correction_minor", models.BigIntegerField(default=0)),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "accrual",
                    prm.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="commissions.accrual",
                    ),
                ),
                (
                    "closed_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "correction",
                    prm.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="commissions.transfer",
                    ),
                ),
                (
                    "evidence",
                    prm.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="prm.upload",
                    ),
                ),
                (
                    "line",
                    prm.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="commissions.statementline",
                    ),
                ),
                (
                    "opened_by",
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
                    "statement",
                    prm.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="commissions.statement",
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
                "db_table": "commissions_dispute",
                "indexes": [
                    models.Index(fields=["tenant", "-opened_at", "-id"], name="dispute_newest"),
                    models.Index(fields=["tenant", "statement"], name="dispute_statement"),
                    models.Index(
                        condition=models.Q(("state", "open")),
                        fields=["tenant", "accrual"],
                        name="dispute_open",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "withdrawn"), _negated=True),
                        fields=("tenant", "line"),
                        name="dispute_once_per_line",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("frozen_minor__gte", 0), ("correction_minor__gte", 0)),
                        name="dispute_amounts",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("closed_at", None), ("state", "open")),
                            models.Q(
                                models.Q(("state", "open"), _negated=True),
                                ("closed_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="dispute_open_or_closed",
                    ),
                ],
            },
        ),
        protect(
            "commissions_dispute",
            partner="partner_id",
            references={
                "line_id": "commissions_statement_line",
                "statement_id": "commissions_statement",
                "partner_id": "partners_partner",
                "accrual_id": "commissions_accrual",
                "evidence_id": "prm_upload",
                "correction_id": "commissions_transfer",
            },
        ),
    ]
