"""Where the pricing of a partner's history goes on, so that a new event does not price all before it."""

import django.db.models.deletion
from django.db import migrations, models

import prm.tenancy.models
import prm.tenancy.sql
from prm.tenancy.rls import protect


class Migration(migrations.Migration):
    dependencies = [
        ("commissions", "0021_rewards_in_kind"),
        ("partners", "0013_answer_hours"),
        ("prm", "0017_job_parts"),
    ]

    operations = [
        migrations.CreateModel(
            name="HistoryPoint",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("rank", models.SmallIntegerField()),
                ("source_id", models.UUIDField()),
                ("events", models.IntegerField()),
                ("referrals", models.IntegerField()),
                ("payments", models.IntegerField()),
                ("terms", models.CharField(max_length=64)),
                ("standing", models.JSONField()),
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
                "db_table": "commissions_history_point",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "partner", "program", "at", "rank", "source_id"),
                        name="history_point_once",
                    )
                ],
            },
        ),
        protect(
            "commissions_history_point",
            partner="partner_id",
            partner_writes=False,
            references={"partner_id": "partners_partner", "program_id": "partners_program"},
        ),
    ]
