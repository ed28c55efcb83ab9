"""Rules with conditions, bands, bonuses and caps; rewards computed anew; what waits for a budget; reps' rewards."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import prm.tenancy.models
import prm.tenancy.sql
from prm.tenancy.rls import protect

PARTNER = {"partner_id": "partners_partner"}


class Migration(migrations.Migration):
    dependencies = [
        ("commissions", "0009_closing"),
        ("partners", "0013_answer_hours"),
        ("prm", "0016_membership_visits"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="PricedEvent",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("source_kind", models.CharField(max_length=10)),
                ("source_id", models.UUIDField()),
                ("partner_id", models.UUIDField()),
                ("facts", models.JSONField()),
                ("at", models.DateTimeField()),
            ],
            options={
                "db_table": "commissions_priced_event",
            },
        ),
        migrations.CreateModel(
            name="RepPolicy",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "allows",
                    models.CharField(
                        choices=[
                            ("none", "None"),
                            ("non_cash", "Only rewards that are not money"),
                            ("cash", "Money and other rewards"),
                        ],
                        max_length=8,
                    ),
                ),
                ("from_at", models.DateTimeField()),
            ],
            options={
                "db_table": "commissions_rep_policy",
            },
        ),
        migrations.CreateModel(
            name="WaitingReward",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("source_kind", models.CharField(max_length=10)),
                ("source_id", models.UUIDField()),
                ("referral_id", models.UUIDField()),
                ("split_no", models.IntegerField(default=0)),
                ("place", models.SmallIntegerField(default=0)),
                ("amount_minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("earned_at", models.DateTimeField()),
                ("trace", models.JSONField()),
                ("since", models.DateTimeField()),
                ("booked_at", models.DateTimeField(blank=True, null=True)),
                ("dropped_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "db_table": "commissions_waiting_reward",
            },
        ),
        migrations.RemoveConstraint(
            model_name="accrual",
            name="accrual_once",
        ),
        migrations.RemoveConstraint(
            model_name="planrule",
            name="plan_rule_scope_fits",
        ),
        migrations.AddField(
            model_name="accrual",
            name="budget_on",
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="accrual",
            name="generation",
            field=models.IntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="accrual",
            name="payee",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="accrual",
            name="replaced_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="planrule",
            name="terms",
            field=models.JSONField(blank=True, db_default={}, default=dict),
        ),
        migrations.AddField(
            model_name="planversion",
            name="notice_days",
            field=models.IntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="planversion",
            name="policy",
            field=models.JSONField(blank=True, db_default={}, default=dict),
        ),
        migrations.AddField(
            model_name="planversion",
            name="rationale",
            field=models.TextField(blank=True, db_default="", default=""),
        ),
        migrations.AlterField(
            model_name="planrule",
            name="scope",
            field=models.CharField(
                blank=True,
                choices=[
                    ("first", "The first payment only"),
                    ("months", "Payments of the first months"),
                    ("lifetime", "Every payment, without end"),
                    ("active", "Every payment while the partner is active"),
                ],
                max_length=8,
            ),
        ),
        migrations.AddIndex(
            model_name="accrual",
            index=models.Index(
                condition=models.Q(("budget_on", None), _negated=True),
                fields=["tenant", "budget_on", "version"],
                name="accrual_budget",
            ),
        ),
        migrations.AddConstraint(
            model_name="accrual",
            constraint=models.UniqueConstraint(
                fields=(
                    "tenant",
                    "source_kind",
                    "source_id",
                    "rule",
                    "split_no",
                    "place",
                    "generation",
                ),
                name="accrual_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="planrule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("months", None),
                        ("scope__in", ["first", "lifetime", "active"]),
                        ("trigger", "revenue"),
                    ),
                    models.Q(("months__gt", 0), ("scope", "months"), ("trigger", "revenue")),
                    models.Q(
                        ("months", None), ("scope", ""), ("trigger__in", ["qualified", "won"])
                    ),
                    _connector="OR",
                ),
                name="plan_rule_scope_fits",
            ),
        ),
        migrations.AddConstraint(
            model_name="planversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("notice_days__range", (0, 365))), name="plan_notice_days_range"
            ),
        ),
        migrations.AddField(
            model_name="pricedevent",
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
            model_name="reppolicy",
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
            model_name="reppolicy",
            name="set_by",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="reppolicy",
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
            model_name="waitingreward",
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
            model_name="waitingreward",
            name="program",
            field=prm.tenancy.models.TenantForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="partners.program",
            ),
        ),
        migrations.AddField(
            model_name="waitingreward",
            name="rule",
            field=prm.tenancy.models.TenantForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="commissions.planrule",
            ),
        ),
        migrations.AddField(
            model_name="waitingreward",
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
            model_name="waitingreward",
            name="version",
            field=prm.tenancy.models.TenantForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="commissions.planversion",
            ),
        ),
        migrations.AddConstraint(
            model_name="pricedevent",
            constraint=models.UniqueConstraint(
                fields=("tenant", "source_kind", "source_id"), name="priced_event_once"
            ),
        ),
        migrations.AddIndex(
            model_name="reppolicy",
            index=models.Index(
                fields=["tenant", "partner", "-from_at", "-id"], name="rep_policy_newest"
            ),
        ),
        migrations.AddIndex(
            model_name="waitingreward",
            index=models.Index(
                condition=models.Q(("booked_at", None), ("dropped_at", None)),
                fields=["tenant", "program", "earned_at", "id"],
                name="waiting_in_order",
            ),
        ),
        migrations.AddIndex(
            model_name="waitingreward",
            index=models.Index(
                condition=models.Q(("booked_at", None), ("dropped_at", None)),
                fields=["tenant", "partner", "earned_at"],
                name="waiting_of_partner",
            ),
        ),
        migrations.AddConstraint(
            model_name="waitingreward",
            constraint=models.UniqueConstraint(
                condition=models.Q(("booked_at", None), ("dropped_at", None)),
                fields=("tenant", "source_kind", "source_id", "rule", "split_no", "place"),
                name="waiting_reward_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="waitingreward",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_minor__gt", 0)), name="waiting_positive"
            ),
        ),
        protect(
            "commissions_priced_event",
            partner="partner_id",
            partner_writes=False,
            references=PARTNER,
            append_only=True,
        ),
        protect(
            "commissions_waiting_reward",
            partner="partner_id",
            partner_writes=False,
            references={
                **PARTNER,
                "program_id": "partners_program",
                "version_id": "commissions_plan_version",
                "rule_id": "commissions_plan_rule",
            },
        ),
        protect(
            "commissions_rep_policy", partner="partner_id", references=PARTNER, append_only=True
        ),
        migrations.RunSQL(
            sql="""
            grant update (replaced_at) on commissions_accrual to prm_app;
            drop trigger append_only_update on commissions_accrual;
            create trigger append_only_update before update on commissions_accrual for each row
              when ((to_jsonb(old) - array['clawed_minor', 'partner_id', 'replaced_at'])
                    is distinct from (to_jsonb(new) - array['clawed_minor', 'partner_id', 'replaced_at']))
              execute function prm_append_only();
            """,
            reverse_sql=migrations.RunSQL.noop,
        ),
    ]
