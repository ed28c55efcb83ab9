"""Rewards of people whose employer allows no money, and what their employer marks for taxes."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import prm.tenancy.models
import prm.tenancy.sql
from prm.tenancy.rls import protect


class Migration(migrations.Migration):
    dependencies = [
        ("commissions", "0020_statement_readings"),
        ("partners", "0013_answer_hours"),
        ("prm", "0016_membership_visits"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="RewardInKind",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("source_kind", models.CharField(max_length=10)),
                ("source_id", models.UUIDField()),
                ("referral_id", models.UUIDField()),
                ("worth_minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("earned_at", models.DateTimeField()),
                ("trace", models.JSONField()),
                ("at", models.DateTimeField()),
                ("void_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "db_table": "commissions_reward_in_kind",
            },
        ),
        migrations.CreateModel(
            name="TaxMark",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("year", models.SmallIntegerField()),
                ("at", models.DateTimeField()),
            ],
            options={
                "db_table": "commissions_tax_mark",
            },
        ),
        migrations.AddField(
            model_name="giftaward",
            name="person",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex(
            model_name="giftaward",
            index=models.Index(
                condition=models.Q(("person", None), _negated=True),
                fields=["tenant", "person", "-awarded_at"],
                name="gift_award_person",
            ),
        ),
        migrations.AddField(
            model_name="rewardinkind",
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
            model_name="rewardinkind",
            name="payee",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="rewardinkind",
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
            model_name="rewardinkind",
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
            model_name="rewardinkind",
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
            model_name="rewardinkind",
            name="version",
            field=prm.tenancy.models.TenantForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="commissions.planversion",
            ),
        ),
        migrations.AddField(
            model_name="taxmark",
            name="marked_by",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="taxmark",
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
            model_name="taxmark",
            name="payee",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="taxmark",
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
        migrations.AddIndex(
            model_name="rewardinkind",
            index=models.Index(
                fields=["tenant", "partner", "payee", "-earned_at"], name="reward_in_kind_person"
            ),
        ),
        migrations.AddIndex(
            model_name="rewardinkind",
            index=models.Index(fields=["tenant", "referral_id"], name="reward_in_kind_referral"),
        ),
        migrations.AddConstraint(
            model_name="rewardinkind",
            constraint=models.UniqueConstraint(
                fields=("tenant", "source_kind", "source_id", "rule"), name="reward_in_kind_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="rewardinkind",
            constraint=models.CheckConstraint(
                condition=models.Q(("worth_minor__gt", 0)), name="reward_in_kind_positive"
            ),
        ),
        migrations.AddIndex(
            model_name="taxmark",
            index=models.Index(
                fields=["tenant", "partner", "year", "payee", "-at"], name="tax_mark_of"
            ),
        ),
        protect(
            "commissions_reward_in_kind",
            partner="partner_id",
            partner_writes=False,
            references={
                "program_id": "partners_program",
                "partner_id": "partners_partner",
                "version_id": "commissions_plan_version",
                "rule_id": "commissions_plan_rule",
            },
            append_only=True,
            updatable=("partner_id", "void_at"),
        ),
        protect(
            "commissions_tax_mark",
            partner="partner_id",
            references={"partner_id": "partners_partner"},
            append_only=True,
            updatable=("partner_id",),
        ),
        *(
            migrations.RunSQL(
                sql=f"create trigger follows_merge before update of partner_id on {table}"
                " for each row execute function partners_follows_merge()",
                reverse_sql=migrations.RunSQL.noop,
            )
            for table in ("commissions_reward_in_kind", "commissions_tax_mark")
        ),
    ]
