"""Pieces of long work, done by any worker."""

import django.db.models.deletion
from django.db import migrations, models

import prm.tenancy.models
import prm.tenancy.sql
from prm.tenancy.rls import protect
from prm.tenancy.sql import PARTNER_SQL


class Migration(migrations.Migration):
    dependencies = [
        ("prm", "0016_membership_visits"),
    ]

    operations = [
        migrations.CreateModel(
            name="JobPart",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("number", models.IntegerField()),
                ("params", models.JSONField(default=dict)),
                ("size", models.IntegerField()),
                ("done_count", models.IntegerField(default=0)),
                ("attempts", models.IntegerField(default=0)),
                ("leased_until", models.DateTimeField(blank=True, null=True)),
                ("done_at", models.DateTimeField(blank=True, null=True)),
                ("result", models.JSONField(default=dict)),
                (
                    "job",
                    prm.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="prm.job",
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
                "db_table": "prm_job_part",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "job", "number"), name="job_part_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("done_count__range", (0, models.F("size")))),
                        name="job_part_count",
                    ),
                ],
            },
        ),
        protect("prm_job_part", references={"job_id": "prm_job"}),
        migrations.RunSQL(
            sql=f"create policy staff_only on prm_job_part as restrictive to prm_app "
            f"using ({PARTNER_SQL} is null) with check ({PARTNER_SQL} is null)",
            reverse_sql=migrations.RunSQL.noop,
        ),
    ]
