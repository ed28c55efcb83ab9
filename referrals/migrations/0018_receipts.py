"""Parts of an amount, what was sold, and money that comes in after the invoice."""

import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.datetime
from django.db import migrations, models

import prm.tenancy.models
import prm.tenancy.sql
from prm.tenancy.rls import protect
from prm.tenancy.sql import PARTNER_SQL

# The payment is behind its partner's policy; money on what is not seen there is not seen here.
OWN = f"""
case when {PARTNER_SQL} is null then true else exists (
  select 1 from referrals_revenue_event e
   where e.tenant_id = referrals_cash_receipt.tenant_id and e.id = referrals_cash_receipt.revenue_event_id) end
"""  # noqa: S608  constants


class Migration(migrations.Migration):
    dependencies = [
        ("prm", "0016_membership_visits"),
        ("referrals", "0017_approvals_of_own"),
    ]

    operations = [
        migrations.CreateModel(
            name="CashReceipt",
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
                ("external_id", models.CharField(max_length=120)),
                ("amount_minor", models.BigIntegerField()),
                ("received_at", models.DateTimeField()),
                ("received_on", models.DateField()),
                (
                    "recorded_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
            ],
            options={
                "db_table": "referrals_cash_receipt",
            },
        ),
        migrations.AddField(
            model_name="revenueevent",
            name="discount_minor",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="revenueevent",
            name="metadata",
            field=models.JSONField(blank=True, db_default={}, default=dict),
        ),
        migrations.AddField(
            model_name="revenueevent",
            name="product",
            field=models.CharField(blank=True, db_default="", default="", max_length=120),
        ),
        migrations.AddField(
            model_name="revenueevent",
            name="received_minor",
            field=models.BigIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="revenueevent",
            name="tax_minor",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="revenueevent",
            name="term_months",
            field=models.IntegerField(blank=True, null=True),
        ),
        migrations.AddConstraint(
            model_name="revenueevent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("tax_minor__gte", 0),
                    ("discount_minor__gte", 0),
                    (
                        "amount_minor__gte",
                        django.db.models.expressions.CombinedExpression(
                            models.F("tax_minor"), "+", models.F("discount_minor")
                        ),
                    ),
                ),
                name="revenue_parts_within_amount",
            ),
        ),
        migrations.AddConstraint(
            model_name="revenueevent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("received_minor", None),
                    models.Q(
                        ("received_minor__gte", 0),
                        ("received_minor__lte", models.F("amount_minor")),
                    ),
                    _connector="OR",
                ),
                name="revenue_received_within_amount",
            ),
        ),
        migrations.AddField(
            model_name="cashreceipt",
            name="revenue_event",
            field=prm.tenancy.models.TenantForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="referrals.revenueevent",
            ),
        ),
        migrations.AddField(
            model_name="cashreceipt",
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
            model_name="cashreceipt",
            index=models.Index(
                fields=["tenant", "revenue_event", "received_at"], name="cash_receipt_of_event"
            ),
        ),
        migrations.AddConstraint(
            model_name="cashreceipt",
            constraint=models.UniqueConstraint(
                fields=("tenant", "external_id"), name="cash_receipt_id_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="cashreceipt",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_minor__gt", 0)), name="cash_receipt_positive"
            ),
        ),
        protect(
            "referrals_cash_receipt",
            references={"revenue_event_id": "referrals_revenue_event"},
            append_only=True,
        ),
        migrations.RunSQL(
            sql=f"""
            grant update (received_minor) on referrals_revenue_event to prm_app;
            create policy partner_isolation on referrals_cash_receipt as restrictive to prm_app
              using ({OWN}) with check ({PARTNER_SQL} is null);
            """,
            reverse_sql=migrations.RunSQL.noop,
        ),
    ]
