"""Rewards that are not money: the catalogue, its codes, and who got what."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import prm.tenancy.models
import prm.tenancy.sql
from prm.tenancy.rls import protect
from prm.tenancy.sql import PARTNER_SQL


class Migration(migrations.Migration):
    dependencies = [
        ("commissions", "0015_tax_forms"),
        ("partners", "0013_answer_hours"),
        ("prm", "0016_membership_visits"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Gift",
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
                    "kind",
                    models.CharField(
                        choices=[
                            ("credit", "Account credit"),
                            ("discount", "Discount code"),
                            ("card", "Gift card"),
                            ("goods", "Goods"),
                            ("quota", "Quota relief"),
                        ],
                        max_length=8,
                    ),
                ),
                ("title", models.CharField(max_length=120)),
                ("worth", models.CharField(blank=True, max_length=200)),
                ("cost_minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("starts_on", models.DateField()),
                ("ends_on", models.DateField(blank=True, null=True)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
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
                "db_table": "commissions_gift",
            },
        ),
        migrations.CreateModel(
            name="GiftAward",
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
                ("key", models.CharField(max_length=80)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("credit", "Account credit"),
                            ("discount", "Discount code"),
                            ("card", "Gift card"),
                            ("goods", "Goods"),
                            ("quota", "Quota relief"),
                        ],
                        max_length=8,
                    ),
                ),
                ("title", models.CharField(max_length=120)),
                ("worth", models.CharField(blank=True, max_length=200)),
                ("cost_minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("reason", models.CharField(max_length=500)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("ordered", "Ordered"),
                            ("sent", "Sent"),
                            ("received", "Received"),
                            ("failed", "Not delivered"),
                        ],
                        db_default="waiting",
                        default="waiting",
                        max_length=8,
                    ),
                ),
                ("attempt", models.SmallIntegerField(db_default=1, default=1)),
                ("tracking", models.CharField(blank=True, max_length=300)),
                ("state_at", models.DateTimeField()),
                ("shown_at", models.DateTimeField(blank=True, null=True)),
                ("awarded_at", models.DateTimeField()),
                ("awarded_on", models.DateField()),
                (
                    "awarded_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "gift",
                    prm.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="commissions.gift",
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
                "db_table": "commissions_gift_award",
            },
        ),
        migrations.CreateModel(
            name="GiftCode",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("sealed", models.TextField()),
                ("digest", models.CharField(max_length=64)),
                ("added_at", models.DateTimeField()),
                (
                    "award",
                    prm.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="commissions.giftaward",
                    ),
                ),
                (
                    "gift",
                    prm.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="commissions.gift",
                    ),
                ),
                (
                    "partner",
                    prm.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
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
                "db_table": "commissions_gift_code",
            },
        ),
        migrations.AddIndex(
            model_name="gift",
            index=models.Index(fields=["tenant", "-created_at", "-id"], name="gift_newest"),
        ),
        migrations.AddConstraint(
            model_name="gift",
            constraint=models.CheckConstraint(
                condition=models.Q(("cost_minor__gte", 0)), name="gift_cost"
            ),
        ),
        migrations.AddConstraint(
            model_name="gift",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ends_on", None), ("ends_on__gte", models.F("starts_on")), _connector="OR"
                ),
                name="gift_days",
            ),
        ),
        migrations.AddIndex(
            model_name="giftaward",
            index=models.Index(fields=["tenant", "-awarded_at", "-id"], name="gift_award_newest"),
        ),
        migrations.AddIndex(
            model_name="giftaward",
            index=models.Index(
                fields=["tenant", "partner", "-awarded_at"], name="gift_award_partner"
            ),
        ),
        migrations.AddIndex(
            model_name="giftaward",
            index=models.Index(fields=["tenant", "program", "awarded_on"], name="gift_award_costs"),
        ),
        migrations.AddIndex(
            model_name="giftaward",
            index=models.Index(
                condition=models.Q(("state", "waiting")),
                fields=["tenant", "gift", "awarded_at", "id"],
                name="gift_award_queue",
            ),
        ),
        migrations.AddConstraint(
            model_name="giftaward",
            constraint=models.UniqueConstraint(fields=("tenant", "key"), name="gift_award_once"),
        ),
        migrations.AddConstraint(
            model_name="giftaward",
            constraint=models.CheckConstraint(
                condition=models.Q(("cost_minor__gte", 0)), name="gift_award_cost"
            ),
        ),
        migrations.AddIndex(
            model_name="giftcode",
            index=models.Index(
                condition=models.Q(("award", None)),
                fields=["tenant", "gift", "id"],
                name="gift_code_free",
            ),
        ),
        migrations.AddIndex(
            model_name="giftcode",
            index=models.Index(fields=["tenant", "award", "-id"], name="gift_code_award"),
        ),
        migrations.AddConstraint(
            model_name="giftcode",
            constraint=models.UniqueConstraint(fields=("tenant", "digest"), name="gift_code_once"),
        ),
        migrations.AddConstraint(
            model_name="giftcode",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("award", None), ("partner", None)),
                    models.Q(("award__isnull", False), ("partner__isnull", False)),
                    _connector="OR",
                ),
                name="gift_code_owner",
            ),
        ),
        protect("commissions_gift", references={"program_id": "partners_program"}),
        protect(
            "commissions_gift_award",
            partner="partner_id",
            references={
                "program_id": "partners_program",
                "partner_id": "partners_partner",
                "gift_id": "commissions_gift",
            },
            append_only=True,
            updatable=("partner_id", "state", "attempt", "tracking", "state_at", "shown_at"),
        ),
        # A partner says that something came; it gives itself nothing.
        migrations.RunSQL(
            sql="create policy given_by_staff on commissions_gift_award as restrictive for insert to prm_app"
            f" with check ({PARTNER_SQL} is null)",
            reverse_sql="drop policy given_by_staff on commissions_gift_award",
        ),
        protect(
            "commissions_gift_code",
            partner="partner_id",
            partner_writes=False,
            references={
                "gift_id": "commissions_gift",
                "award_id": "commissions_gift_award",
                "partner_id": "partners_partner",
            },
            append_only=True,
            updatable=("award_id", "partner_id"),
        ),
    ]
