"""More ways to pay, runs by the clock, answers of banks, holds ended early, and the money calendar."""

import commissions.payouts.models
import django.db.models.deletion
import prm.tenancy.models
import prm.tenancy.sql
from django.conf import settings
from django.db import migrations, models

from prm.tenancy.rls import guarded_function, protect


class Migration(migrations.Migration):
    dependencies = [
        ("commissions", "0007_plan_overrides"),
        ("partners", "0013_answer_hours"),
        ("prm", "0016_membership_visits"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="payoutaccount",
            name="ach_kind",
            field=models.CharField(
                blank=True,
                choices=[("checking", "Checking account"), ("savings", "Savings account")],
                db_default="",
                default="",
                max_length=8,
            ),
        ),
        migrations.AddField(
            model_name="payoutaccount",
            name="routing",
            field=models.CharField(blank=True, db_default="", default="", max_length=20),
        ),
        migrations.AddField(
            model_name="payoutrun",
            name="approvals_needed",
            field=models.SmallIntegerField(db_default=1, default=1),
        ),
        migrations.AlterField(
            model_name="payoutaccount",
            name="masked",
            field=models.CharField(max_length=60),
        ),
        migrations.AlterField(
            model_name="payoutaccount",
            name="method",
            field=models.CharField(
                choices=[
                    ("sepa", "SEPA credit transfer"),
                    ("bank", "Bank transfer"),
                    ("ach", "US bank transfer (ACH)"),
                    ("paypal", "PayPal"),
                    ("wise", "Wise"),
                ],
                max_length=8,
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
                    ("other_method", "The chosen method cannot carry this currency"),
                ],
                max_length=16,
            ),
        ),
        migrations.CreateModel(
            name="ResultFile",
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
                ("file_name", models.CharField(max_length=160)),
                ("sha256", models.CharField(max_length=64)),
                ("shape", models.CharField(max_length=8)),
                (
                    "state",
                    models.CharField(
                        choices=[("read", "Read"), ("applied", "Applied")],
                        default="read",
                        max_length=8,
                    ),
                ),
                ("read_at", models.DateTimeField()),
                ("applied_at", models.DateTimeField(blank=True, null=True)),
                (
                    "applied_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "read_by",
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
            ],
            options={
                "db_table": "commissions_result_file",
            },
        ),
        migrations.CreateModel(
            name="ResultRow",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("position", models.IntegerField()),
                ("reference", models.CharField(blank=True, max_length=80)),
                ("bank_reference", models.CharField(blank=True, max_length=80)),
                (
                    "outcome",
                    models.CharField(
                        choices=[("paid", "Paid"), ("returned", "Returned"), ("fee", "Fee")],
                        max_length=8,
                    ),
                ),
                ("amount_minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("booked_on", models.DateField(blank=True, null=True)),
                ("reason", models.CharField(blank=True, max_length=200)),
                ("fee_minor", models.BigIntegerField(default=0)),
                (
                    "match",
                    models.CharField(
                        choices=[
                            ("matched", "Matched"),
                            ("known", "Known"),
                            ("double", "Double"),
                            ("unmatched", "Unmatched"),
                        ],
                        max_length=9,
                    ),
                ),
                ("problem", models.CharField(blank=True, max_length=12)),
                ("applied_at", models.DateTimeField(blank=True, null=True)),
                (
                    "file",
                    prm.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="commissions.resultfile",
                    ),
                ),
                (
                    "payout",
                    prm.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
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
                "db_table": "commissions_result_row",
            },
        ),
        migrations.CreateModel(
            name="RunApproval",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("digest", models.CharField(max_length=64)),
                ("at", models.DateTimeField()),
                (
                    "run",
                    prm.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="commissions.payoutrun",
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
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "commissions_run_approval",
            },
        ),
        migrations.CreateModel(
            name="CalendarFeed",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("digest", models.CharField(max_length=64)),
                ("secret", models.TextField()),
                ("made_at", models.DateTimeField()),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
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
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "commissions_calendar_feed",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "digest"), name="calendar_feed_digest_once"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("revoked_at", None)),
                        fields=("tenant", "partner", "user"),
                        name="calendar_feed_one_live",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="EarlyRelease",
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
                ("amount_minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("reason", models.CharField(max_length=200)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("approved", "Approved"),
                            ("refused", "Refused"),
                        ],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                ("asked_at", models.DateTimeField()),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                (
                    "accrual",
                    prm.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="commissions.accrual",
                    ),
                ),
                (
                    "asked_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
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
                "db_table": "commissions_early_release",
                "indexes": [
                    models.Index(
                        fields=["tenant", "state", "asked_at", "id"], name="early_release_queue"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "waiting")),
                        fields=("tenant", "accrual"),
                        name="early_release_waits_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("decided_by", None),
                            ("asked_by", None),
                            models.Q(("decided_by", models.F("asked_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="early_release_four_eyes",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="FileTemplate",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=60)),
                ("columns", models.JSONField()),
                ("methods", models.JSONField(default=list)),
                ("delimiter", models.CharField(default=",", max_length=1)),
                ("decimal_mark", models.CharField(default=".", max_length=1)),
                ("day_format", models.CharField(default="%Y-%m-%d", max_length=10)),
                ("has_head", models.BooleanField(default=True)),
                ("retired_at", models.DateTimeField(blank=True, null=True)),
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
                "db_table": "commissions_file_template",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("retired_at", None)),
                        fields=("tenant", "name"),
                        name="file_template_name_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PayoutLimit",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("currency", models.CharField(max_length=3)),
                ("run_minor", models.BigIntegerField(blank=True, null=True)),
                ("payment_minor", models.BigIntegerField(blank=True, null=True)),
                ("release_minor", models.BigIntegerField(blank=True, null=True)),
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
                "db_table": "commissions_payout_limit",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "currency"), name="payout_limit_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("run_minor", None), ("run_minor__gte", 0), _connector="OR"),
                            models.Q(
                                ("payment_minor", None), ("payment_minor__gte", 0), _connector="OR"
                            ),
                            models.Q(
                                ("release_minor", None), ("release_minor__gte", 0), _connector="OR"
                            ),
                        ),
                        name="payout_limit_not_negative",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PayoutSettings",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("methods", models.JSONField(default=commissions.payouts.models.every_method)),
                (
                    "cadence",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "By hand only"),
                            ("weekly", "Every week"),
                            ("monthly", "Every month"),
                        ],
                        default="",
                        max_length=8,
                    ),
                ),
                ("run_day", models.SmallIntegerField(default=1)),
                ("looked_on", models.DateField(blank=True, null=True)),
                ("ach_routing", models.CharField(blank=True, default="", max_length=9)),
                ("ach_company_id", models.CharField(blank=True, default="", max_length=10)),
                ("ach_company_name", models.CharField(blank=True, default="", max_length=23)),
                ("ach_bank_name", models.CharField(blank=True, default="", max_length=23)),
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
                "db_table": "commissions_payout_settings",
                "constraints": [
                    models.UniqueConstraint(fields=("tenant",), name="payout_settings_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("cadence", "weekly"), ("run_day__range", (1, 7))),
                            models.Q(
                                models.Q(("cadence", "weekly"), _negated=True),
                                ("run_day__range", (1, 28)),
                            ),
                            _connector="OR",
                        ),
                        name="payout_settings_day_exists",
                    ),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="resultfile",
            index=models.Index(fields=["tenant", "-read_at", "-id"], name="result_file_newest"),
        ),
        migrations.AddConstraint(
            model_name="resultfile",
            constraint=models.UniqueConstraint(
                fields=("tenant", "sha256"), name="result_file_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="resultrow",
            constraint=models.UniqueConstraint(
                fields=("tenant", "file", "position"), name="result_row_place_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="resultrow",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("match", "unmatched"), ("payout__isnull", False), _connector="OR"
                ),
                name="result_row_matched_has_payout",
            ),
        ),
        migrations.AddConstraint(
            model_name="runapproval",
            constraint=models.UniqueConstraint(
                fields=("tenant", "run", "user"), name="run_approval_once"
            ),
        ),
        protect("commissions_result_file", references={"upload_id": "prm_upload"}),
        protect(
            "commissions_result_row",
            references={"file_id": "commissions_result_file", "payout_id": "commissions_payout"},
        ),
        protect(
            "commissions_run_approval",
            references={"run_id": "commissions_payout_run"},
            append_only=True,
        ),
        protect("commissions_payout_settings"),
        protect("commissions_payout_limit"),
        protect("commissions_file_template"),
        protect(
            "commissions_early_release",
            partner="partner_id",
            partner_writes=False,
            references={
                "accrual_id": "commissions_accrual",
                "partner_id": "partners_partner",
            },
        ),
        protect(
            "commissions_calendar_feed",
            partner="partner_id",
            references={"partner_id": "partners_partner"},
        ),
        migrations.RunSQL(
            sql="grant select on commissions_payout_settings to prm_guard",
            reverse_sql=migrations.RunSQL.noop,
        ),
        guarded_function(
            "commissions_tenants_with_payout_days()",
            """
            create function commissions_tenants_with_payout_days() returns table (tenant_id bigint)
            language sql stable security definer set search_path = pg_catalog as $$
              select s.tenant_id from public.commissions_payout_settings s where s.cadence <> ''
            $$""",
        ),
    ]
