"""From which sums paid in a year partners are to be reported."""

import django.db.models.deletion
from django.db import migrations, models

import prm.tenancy.sql
from prm.tenancy.rls import protect


class Migration(migrations.Migration):
    dependencies = [
        ("commissions", "0018_withholding"),
        ("prm", "0016_membership_visits"),
    ]

    operations = [
        migrations.CreateModel(
            name="TaxThreshold",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("from_year", models.IntegerField()),
                ("country", models.CharField(max_length=2)),
                ("currency", models.CharField(max_length=3)),
                ("amount_minor", models.BigIntegerField()),
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
                "db_table": "commissions_tax_threshold",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "from_year", "country", "currency"),
                        name="tax_threshold_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("amount_minor__gte", 0), ("from_year__range", (1990, 2200))
                        ),
                        name="tax_threshold_range",
                    ),
                ],
            },
        ),
        protect("commissions_tax_threshold"),
    ]
