"""Plans tried on the history, and what leads and customers may cost."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import prm.tenancy.models
import prm.tenancy.sql
from prm.tenancy.rls import protect


class Migration(migrations.Migration):
    dependencies = [
        ("commissions", "0013_disputes"),
        ("partners", "0013_answer_hours"),
        ("prm", "0016_membership_visits"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Simulation",
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
                ("version_id", models.UUIDField()),
                ("version_number", models.IntegerField()),
                ("terms_digest", models.CharField(max_length=64)),
                ("currency", models.CharField(max_length=3)),
                ("from_on", models.DateField()),
                ("until_on", models.DateField()),
                ("job_id", models.UUIDField(blank=True, null=True)),
                ("result", models.JSONField(blank=True, null=True)),
                ("done_at", models.DateTimeField(blank=True, null=True)),
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
                "db_table": "commissions_simulation",
            },
        ),
        migrations.CreateModel(
            name="SimulatedPartner",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("old_minor", models.BigIntegerField()),
                ("new_minor", models.BigIntegerField()),
                ("difference_minor", models.BigIntegerField()),
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
                    "simulation",
                    prm.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="commissions.simulation",
                    ),
                ),
            ],
            options={
                "db_table": "commissions_simulated_partner",
            },
        ),
        migrations.CreateModel(
            name="CostTargets",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("lead_ceiling_minor", models.BigIntegerField(blank=True, null=True)),
                ("customer_ceiling_minor", models.BigIntegerField(blank=True, null=True)),
                ("customer_floor_minor", models.BigIntegerField(blank=True, null=True)),
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
                "db_table": "commissions_cost_targets",
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "program"), name="cost_targets_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("customer_floor_minor", None),
                            ("customer_ceiling_minor", None),
                            ("customer_floor_minor__lt", models.F("customer_ceiling_minor")),
                            _connector="OR",
                        ),
                        name="cost_targets_in_order",
                    ),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="simulation",
            index=models.Index(
                fields=["tenant", "program", "-created_at", "-id"], name="simulation_newest"
            ),
        ),
        migrations.AddConstraint(
            model_name="simulation",
            constraint=models.CheckConstraint(
                condition=models.Q(("until_on__gte", models.F("from_on"))), name="simulation_span"
            ),
        ),
        migrations.AddIndex(
            model_name="simulatedpartner",
            index=models.Index(
                fields=["tenant", "simulation", "difference_minor", "id"],
                name="simulated_partner_order",
            ),
        ),
        migrations.AddConstraint(
            model_name="simulatedpartner",
            constraint=models.UniqueConstraint(
                fields=("tenant", "simulation", "partner"), name="simulated_partner_once"
            ),
        ),
        protect("commissions_cost_targets", references={"program_id": "partners_program"}),
        protect("commissions_simulation", references={"program_id": "partners_program"}),
        protect(
            "commissions_simulated_partner",
            partner="partner_id",
            partner_writes=False,
            references={
                "simulation_id": "commissions_simulation",
                "partner_id": "partners_partner",
            },
        ),
    ]
