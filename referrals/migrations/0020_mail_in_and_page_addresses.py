"""Mail addresses whose messages become drafts, and the addresses that pages had before."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import prm.tenancy.models
import prm.tenancy.sql
from prm.tenancy.rls import protect


class Migration(migrations.Migration):
    dependencies = [
        ("partners", "0013_answer_hours"),
        ("prm", "0016_membership_visits"),
        ("referrals", "0019_declined_after_review"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="MailAddress",
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
                ("code_digest", models.CharField(max_length=64)),
                ("made_at", models.DateTimeField()),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                (
                    "owner",
                    models.ForeignKey(
                        db_index=False,
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
                "db_table": "referrals_mail_address",
            },
        ),
        migrations.CreateModel(
            name="MailReceived",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("partner_id", models.UUIDField()),
                ("digest", models.CharField(max_length=64)),
                ("at", models.DateTimeField()),
                (
                    "address",
                    prm.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="referrals.mailaddress",
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
                "db_table": "referrals_mail_received",
            },
        ),
        migrations.CreateModel(
            name="PageSlug",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("slug", models.SlugField(max_length=60)),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "page",
                    prm.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="referrals.landingpage",
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
                "db_table": "referrals_page_slug",
            },
        ),
        migrations.AddConstraint(
            model_name="mailaddress",
            constraint=models.UniqueConstraint(
                fields=("tenant", "code_digest"), name="mail_address_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="mailaddress",
            constraint=models.UniqueConstraint(
                condition=models.Q(("revoked_at", None)),
                fields=("tenant", "partner", "owner"),
                name="mail_address_of_person",
            ),
        ),
        migrations.AddIndex(
            model_name="mailreceived",
            index=models.Index(fields=["tenant", "address", "-at"], name="mail_received_newest"),
        ),
        migrations.AddConstraint(
            model_name="mailreceived",
            constraint=models.UniqueConstraint(
                fields=("tenant", "address", "digest"), name="mail_received_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="pageslug",
            constraint=models.UniqueConstraint(fields=("tenant", "slug"), name="page_slug_once"),
        ),
        # Seen by all partners of the tenant: an address that is taken is taken, and says nothing of whose it is.
        protect("referrals_page_slug", references={"page_id": "referrals_landing_page"}),
        protect(
            "referrals_mail_address",
            partner="partner_id",
            references={"partner_id": "partners_partner", "program_id": "partners_program"},
        ),
        protect(
            "referrals_mail_received",
            partner="partner_id",
            partner_writes=False,
            references={"address_id": "referrals_mail_address"},
        ),
    ]
