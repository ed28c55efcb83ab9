"""Who of a partner gets which part, and what partners take instead of money."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import prm.tenancy.models
import prm.tenancy.sql
from prm.tenancy.rls import protect
from prm.tenancy.sql import PARTNER_SQL


class Migration(migrations.Migration):
    dependencies = [
        ("commissions", "0023_vat"),
        ("partners", "0013_answer_hours"),
        ("prm", "0016_membership_visits"),
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
                    ("in_kind", "In Kind"),
                ],
                max_length=20,
            ),
        ),
        migrations.CreateModel(
            name="RewardChoice",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("cash", "Money"),
                            ("credit", "Account credit"),
                            ("card", "Gift card"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "rate",
                    models.DecimalField(blank=True, decimal_places=4, max_digits=5, null=True),
                ),
                ("from_on", models.DateField()),
                ("chosen_at", models.DateTimeField()),
                ("chosen_on", models.DateField()),
                (
                    "chosen_by",
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
            ],
            options={
                "db_table": "commissions_reward_choice",
            },
        ),
        migrations.CreateModel(
            name="RewardExchange",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[("credit", "Account credit"), ("card", "Gift card")], max_length=8
                    ),
                ),
                (
                    "rate",
                    models.DecimalField(blank=True, decimal_places=4, max_digits=5, null=True),
                ),
                ("from_at", models.DateTimeField()),
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
                    "set_by",
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
                "db_table": "commissions_reward_exchange",
            },
        ),
        migrations.CreateModel(
            name="TakenReward",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("amount_minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("taken_on", models.DateField()),
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
                    "choice",
                    prm.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="commissions.rewardchoice",
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
                    "transfer",
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
                "db_table": "commissions_taken_reward",
            },
        ),
        migrations.CreateModel(
            name="TeamSplit",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("from_on", models.DateField()),
                ("is_shown", models.BooleanField(default=False)),
                ("set_at", models.DateTimeField()),
                ("set_on", models.DateField()),
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
                    "set_by",
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
                "db_table": "commissions_team_split",
            },
        ),
        migrations.CreateModel(
            name="TeamShare",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("share", models.IntegerField()),
                ("place", models.SmallIntegerField()),
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
                (
                    "split",
                    prm.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="shares",
                        to="commissions.teamsplit",
                    ),
                ),
            ],
            options={
                "db_table": "commissions_team_share",
            },
        ),
        migrations.AddIndex(
            model_name="rewardchoice",
            index=models.Index(
                fields=["tenant", "partner", "program", "-from_on", "-id"],
                name="reward_choice_newest",
            ),
        ),
        migrations.AddConstraint(
            model_name="rewardchoice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "cash"), ("rate", None)),
                    models.Q(models.Q(("kind", "cash"), _negated=True), ("rate__isnull", False)),
                    _connector="OR",
                ),
                name="reward_choice_rate",
            ),
        ),
        migrations.AddConstraint(
            model_name="rewardchoice",
            constraint=models.CheckConstraint(
                condition=models.Q(("from_on__gt", models.F("chosen_on"))),
                name="reward_choice_never_back",
            ),
        ),
        migrations.AddIndex(
            model_name="rewardexchange",
            index=models.Index(
                fields=["tenant", "program", "kind", "-id"], name="reward_exchange_newest"
            ),
        ),
        migrations.AddConstraint(
            model_name="rewardexchange",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("rate", None), models.Q(("rate__gte", 1), ("rate__lte", 3)), _connector="OR"
                ),
                name="reward_exchange_range",
            ),
        ),
        migrations.AddIndex(
            model_name="takenreward",
            index=models.Index(
                condition=models.Q(("award", None)),
                fields=["tenant", "taken_on", "id"],
                name="taken_reward_waiting",
            ),
        ),
        migrations.AddIndex(
            model_name="takenreward",
            index=models.Index(
                fields=["tenant", "partner", "-taken_on"], name="taken_reward_partner"
            ),
        ),
        migrations.AddConstraint(
            model_name="takenreward",
            constraint=models.UniqueConstraint(
                fields=("tenant", "accrual"), name="taken_reward_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="takenreward",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_minor__gt", 0)), name="taken_reward_positive"
            ),
        ),
        migrations.AddIndex(
            model_name="teamsplit",
            index=models.Index(
                fields=["tenant", "partner", "program", "-from_on", "-id"], name="team_split_newest"
            ),
        ),
        migrations.AddConstraint(
            model_name="teamsplit",
            constraint=models.CheckConstraint(
                condition=models.Q(("from_on__gt", models.F("set_on"))),
                name="team_split_never_back",
            ),
        ),
        migrations.AddConstraint(
            model_name="teamshare",
            constraint=models.UniqueConstraint(
                fields=("tenant", "split", "user"), name="team_share_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="teamshare",
            constraint=models.CheckConstraint(
                condition=models.Q(("share__gt", 0), ("share__lte", 10000)), name="team_share_range"
            ),
        ),
        protect(
            "commissions_team_split",
            partner="partner_id",
            references={"partner_id": "partners_partner", "program_id": "partners_program"},
            append_only=True,
            updatable=("partner_id",),
        ),
        protect(
            "commissions_team_share",
            partner="partner_id",
            references={"partner_id": "partners_partner", "split_id": "commissions_team_split"},
            append_only=True,
            updatable=("partner_id",),
        ),
        protect(
            "commissions_reward_exchange",
            references={"program_id": "partners_program"},
            append_only=True,
        ),
        protect(
            "commissions_reward_choice",
            partner="partner_id",
            references={"partner_id": "partners_partner", "program_id": "partners_program"},
            append_only=True,
            updatable=("partner_id",),
        ),
        protect(
            "commissions_taken_reward",
            partner="partner_id",
            partner_writes=False,
            references={
                "accrual_id": "commissions_accrual",
                "partner_id": "partners_partner",
                "program_id": "partners_program",
                "choice_id": "commissions_reward_choice",
                "transfer_id": "commissions_transfer",
                "award_id": "commissions_gift_award",
            },
            append_only=True,
            updatable=("partner_id", "award_id"),
        ),
        *(
            migrations.RunSQL(
                sql=f"create trigger follows_merge before update of partner_id on {table}"
                " for each row execute function partners_follows_merge()",
                reverse_sql=migrations.RunSQL.noop,
            )
            for table in (
                "commissions_team_split",
                "commissions_team_share",
                "commissions_reward_choice",
                "commissions_taken_reward",
            )
        ),
        # What is given for money is the vendor's to say.
        migrations.RunSQL(
            sql="create policy said_by_staff on commissions_reward_exchange as restrictive for insert to prm_app"
            f" with check ({PARTNER_SQL} is null)",
            reverse_sql="drop policy said_by_staff on commissions_reward_exchange",
        ),
    ]
