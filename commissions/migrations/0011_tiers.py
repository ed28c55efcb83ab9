"""Tiers, who stands in them, and what comes with them."""


import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import prm.tenancy.models
import prm.tenancy.sql
from prm.tenancy.rls import protect


class Migration(migrations.Migration):
    dependencies = [
        ("commissions", "0010_plan_terms"),
        ("partners", "0013_answer_hours"),
        ("prm", "0016_membership_visits"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Tier",
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
                ("name", models.CharField(max_length=40)),
                ("position", models.IntegerField()),
                ("entry_wins", models.IntegerField(default=0)),
                ("entry_minor", models.BigIntegerField(default=0)),
                ("entry_courses", models.IntegerField(default=0)),
                ("keep_wins", models.IntegerField(default=0)),
                ("keep_minor", models.BigIntegerField(default=0)),
                ("keep_courses", models.IntegerField(default=0)),
                (
                    "program",
                    prm.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partners.program",
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
                "db_table": "commissions_tier",
            },
        ),
        migrations.CreateModel(
            name="Benefit",
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
                ("title", models.CharField(max_length=120)),
                ("description", models.CharField(blank=True, max_length=500)),
                ("starts_on", models.DateField()),
                ("ends_on", models.DateField(blank=True, null=True)),
                (
                    "program",
                    prm.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partners.program",
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
                    "tier",
                    prm.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="commissions.tier",
                    ),
                ),
            ],
            options={
                "db_table": "commissions_benefit",
            },
        ),
        migrations.CreateModel(
            name="TierNotice",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("told_on", models.DateField()),
                ("effective_on", models.DateField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Waiting"),
                            ("done", "Moved"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        default="open",
                        max_length=9,
                    ),
                ),
                (
                    "from_tier",
                    prm.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="commissions.tier",
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
                    "program",
                    prm.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partners.program",
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
                "db_table": "commissions_tier_notice",
            },
        ),
        migrations.CreateModel(
            name="TierRules",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("months", models.IntegerField()),
                ("match", models.CharField(max_length=3)),
                ("grace_days", models.IntegerField()),
                ("notice_days", models.IntegerField()),
                ("is_automatic", models.BooleanField(default=False)),
                (
                    "program",
                    prm.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partners.program",
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
                "db_table": "commissions_tier_rules",
            },
        ),
        migrations.CreateModel(
            name="TierStanding",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("starts_on", models.DateField()),
                ("ends_on", models.DateField(blank=True, null=True)),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("reached", "Reached"),
                            ("lost", "Not kept"),
                            ("merged", "Came with a merge"),
                        ],
                        max_length=8,
                    ),
                ),
                ("numbers", models.JSONField(default=dict)),
                (
                    "recorded_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "moved_by",
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
                    "program",
                    prm.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partners.program",
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
                    "tier",
                    prm.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="commissions.tier",
                    ),
                ),
            ],
            options={
                "db_table": "commissions_tier_standing",
            },
        ),
        migrations.AddConstraint(
            model_name="tier",
            constraint=models.UniqueConstraint(
                fields=("tenant", "program", "name"), name="tier_name_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="tier",
            constraint=models.UniqueConstraint(
                fields=("tenant", "program", "position"), name="tier_position_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="tier",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("entry_courses__gte", 0),
                    ("entry_minor__gte", 0),
                    ("entry_wins__gte", 0),
                    ("keep_courses__gte", 0),
                    ("keep_minor__gte", 0),
                    ("keep_wins__gte", 0),
                    ("position__gte", 1),
                ),
                name="tier_needs_not_negative",
            ),
        ),
        migrations.AddIndex(
            model_name="benefit",
            index=models.Index(fields=["tenant", "program", "tier"], name="benefit_of_tier"),
        ),
        migrations.AddConstraint(
            model_name="benefit",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ends_on", None), ("ends_on__gte", models.F("starts_on")), _connector="OR"
                ),
                name="benefit_ends_after_start",
            ),
        ),
        migrations.AddConstraint(
            model_name="tiernotice",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "open")),
                fields=("tenant", "partner", "program"),
                name="tier_notice_one_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="tiernotice",
            constraint=models.CheckConstraint(
                condition=models.Q(("effective_on__gt", models.F("told_on"))),
                name="tier_notice_in_advance",
            ),
        ),
        migrations.AddConstraint(
            model_name="tierrules",
            constraint=models.UniqueConstraint(
                fields=("tenant", "program"), name="tier_rules_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="tierrules",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("months__range", (1, 60)),
                    ("grace_days__range", (0, 730)),
                    ("notice_days__range", (0, 365)),
                    ("match__in", ["all", "any"]),
                ),
                name="tier_rules_range",
            ),
        ),
        migrations.AddIndex(
            model_name="tierstanding",
            index=models.Index(fields=["tenant", "program", "tier"], name="tier_standing_of"),
        ),
        migrations.AddConstraint(
            model_name="tierstanding",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ends_on", None), ("ends_on__gte", models.F("starts_on")), _connector="OR"
                ),
                name="tier_standing_ends_after_start",
            ),
        ),
        protect("commissions_tier_rules", references={"program_id": "partners_program"}),
        protect("commissions_tier", references={"program_id": "partners_program"}),
        protect(
            "commissions_tier_standing",
            partner="partner_id",
            partner_writes=False,
            references={
                "partner_id": "partners_partner",
                "program_id": "partners_program",
                "tier_id": "commissions_tier",
            },
        ),
        migrations.RunSQL(
            sql="""
            alter table commissions_tier_standing add constraint tier_standing_one_at_a_time
              exclude using gist (
                tenant_id with =, program_id with =, partner_id with =, daterange(starts_on, ends_on) with &&);
            """,
            reverse_sql=migrations.RunSQL.noop,
        ),
        protect(
            "commissions_tier_notice",
            partner="partner_id",
            partner_writes=False,
            references={
                "partner_id": "partners_partner",
                "program_id": "partners_program",
                "from_tier_id": "commissions_tier",
            },
        ),
        protect(
            "commissions_benefit",
            references={"program_id": "partners_program", "tier_id": "commissions_tier"},
        ),
    ]
