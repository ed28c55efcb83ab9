"""Facts that other systems reported, each under its own id once."""

import django.db.models.deletion
from django.db import migrations, models

import prm.tenancy.sql
from prm.tenancy.rls import protect


class Migration(migrations.Migration):
    dependencies = [("prm", "0013_api_keys")]

    operations = [
        migrations.CreateModel(
            name="ServerEvent",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("external_id", models.CharField(max_length=120)),
                ("kind", models.CharField(max_length=12)),
                ("request_digest", models.CharField(max_length=64)),
                ("partner_id", models.UUIDField()),
                ("referral_id", models.UUIDField()),
                ("revenue_event_id", models.UUIDField(blank=True, null=True)),
                ("body", models.TextField()),
                ("received_at", models.DateTimeField()),
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
                "db_table": "prm_server_event",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "external_id"), name="server_event_once"
                    )
                ],
            },
        ),
        protect("prm_server_event", partner="partner_id", partner_writes=False),
    ]
