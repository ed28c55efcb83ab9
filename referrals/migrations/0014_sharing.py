"""What partners share: links, pages, codes, clicks and leads, each shut inside its tenant."""

import django.db.models.deletion
import django.db.models.functions.datetime
import prm.tenancy.models
import prm.tenancy.sql
from django.conf import settings
from django.db import migrations, models

from prm.tenancy.rls import guarded_function, protect


class Migration(migrations.Migration):
    dependencies = [
        ("partners", "0012_partner_origin"),
        ("prm", "0011_invitation_reminders"),
        ("referrals", "0013_answer_default"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ClickInbox",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("link_id", models.UUIDField()),
                ("partner_id", models.UUIDField()),
                ("at", models.DateTimeField()),
                ("visitor", models.BinaryField(max_length=16)),
                ("channel", models.CharField(blank=True, max_length=60)),
                ("campaign", models.CharField(blank=True, max_length=80)),
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
                "db_table": "referrals_click_inbox",
            },
        ),
        migrations.CreateModel(
            name="Coupon",
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
                ("code", models.CharField(max_length=40)),
                ("code_norm", models.CharField(max_length=40)),
                (
                    "reward_kind",
                    models.CharField(
                        choices=[
                            ("none", "Nothing"),
                            ("percent", "A percentage off"),
                            ("text", "Something else"),
                        ],
                        default="none",
                        max_length=8,
                    ),
                ),
                ("reward_text", models.CharField(blank=True, max_length=120)),
                ("reward_basis_points", models.IntegerField(blank=True, null=True)),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField(blank=True, null=True)),
                ("uses_max", models.IntegerField(blank=True, null=True)),
                ("use_count", models.IntegerField(default=0)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                ("retired_at", models.DateTimeField(blank=True, null=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
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
                "db_table": "referrals_coupon",
            },
        ),
        migrations.CreateModel(
            name="Destination",
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
                ("label", models.CharField(max_length=80)),
                ("url", models.CharField(max_length=500)),
                ("retired_at", models.DateTimeField(blank=True, null=True)),
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
                "db_table": "referrals_destination",
            },
        ),
        migrations.CreateModel(
            name="LandingPage",
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
                ("slug", models.SlugField(max_length=60)),
                ("draft", models.JSONField(default=dict)),
                ("live", models.JSONField(default=dict)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("waiting", "Waits for approval"),
                            ("live", "Public"),
                            ("declined", "Needs changes"),
                            ("off", "Taken down"),
                        ],
                        default="draft",
                        max_length=8,
                    ),
                ),
                ("reason", models.TextField(blank=True)),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                ("published_at", models.DateTimeField(blank=True, null=True)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "draft_picture",
                    prm.tenancy.models.TenantForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="prm.upload",
                    ),
                ),
                (
                    "live_picture",
                    prm.tenancy.models.TenantForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="prm.upload",
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
                "db_table": "referrals_landing_page",
            },
        ),
        migrations.CreateModel(
            name="Lead",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("partner_id", models.UUIDField()),
                ("link_id", models.UUIDField(blank=True, null=True)),
                ("page_id", models.UUIDField(blank=True, null=True)),
                (
                    "via",
                    models.CharField(
                        choices=[
                            ("link", "The link in the address"),
                            ("cookie", "An earlier click, remembered by the browser"),
                            ("page", "The partner's page"),
                            ("coupon", "The partner's code"),
                        ],
                        max_length=8,
                    ),
                ),
                ("clicked_at", models.DateTimeField(blank=True, null=True)),
                ("utm", models.JSONField(blank=True, default=dict)),
                ("language", models.CharField(blank=True, max_length=8)),
                ("consent_text", models.TextField(blank=True)),
                ("at", models.DateTimeField()),
                (
                    "coupon",
                    prm.tenancy.models.TenantForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="referrals.coupon",
                    ),
                ),
                (
                    "referral",
                    prm.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="referrals.referral",
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
                "db_table": "referrals_lead",
            },
        ),
        migrations.CreateModel(
            name="Link",
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
                ("slug", models.SlugField(max_length=60)),
                ("label", models.CharField(blank=True, max_length=80)),
                ("channel", models.CharField(blank=True, max_length=60)),
                ("campaign", models.CharField(blank=True, max_length=80)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                ("retired_at", models.DateTimeField(blank=True, null=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "destination",
                    prm.tenancy.models.TenantForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="referrals.destination",
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
                "db_table": "referrals_link",
            },
        ),
        migrations.CreateModel(
            name="ClickCount",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("partner_id", models.UUIDField()),
                ("day", models.DateField()),
                ("channel", models.CharField(blank=True, max_length=60)),
                ("campaign", models.CharField(blank=True, max_length=80)),
                ("clicks", models.IntegerField(default=0)),
                ("doubles", models.IntegerField(default=0)),
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
                    "link",
                    prm.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="referrals.link",
                    ),
                ),
            ],
            options={
                "db_table": "referrals_click_count",
            },
        ),
        migrations.CreateModel(
            name="LinkSlug",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("slug", models.SlugField(max_length=60)),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "link",
                    prm.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="referrals.link",
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
                "db_table": "referrals_link_slug",
            },
        ),
        migrations.CreateModel(
            name="PartnerReview",
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
                ("author_name", models.CharField(max_length=120)),
                ("author_role", models.CharField(blank=True, max_length=160)),
                ("rating", models.SmallIntegerField(blank=True, null=True)),
                ("text", models.TextField()),
                ("language", models.CharField(blank=True, max_length=8)),
                ("consent_text", models.TextField()),
                ("consented_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waits for approval"),
                            ("approved", "Shown on the page"),
                            ("declined", "Not shown"),
                        ],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                ("reason", models.TextField(blank=True)),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
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
                    "written_by",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "referrals_partner_review",
            },
        ),
        migrations.CreateModel(
            name="SharingRules",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("cookie_days", models.IntegerField(default=90)),
                (
                    "consent",
                    models.CharField(
                        choices=[
                            ("ask", "After the visitor agrees"),
                            ("at_once", "At once, without asking"),
                        ],
                        default="ask",
                        max_length=8,
                    ),
                ),
                ("approve_pages", models.BooleanField(default=True)),
                ("double_minutes", models.IntegerField(default=30)),
                ("disclosure", models.JSONField(blank=True, default=dict)),
                ("lead_fields", models.JSONField(blank=True, default=list)),
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
                "db_table": "referrals_sharing_rules",
            },
        ),
        migrations.CreateModel(
            name="Click",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("link_id", models.UUIDField()),
                ("partner_id", models.UUIDField()),
                ("at", models.DateTimeField()),
                ("visitor", models.BinaryField(max_length=16)),
                ("channel", models.CharField(blank=True, max_length=60)),
                ("campaign", models.CharField(blank=True, max_length=80)),
                ("is_double", models.BooleanField(default=False)),
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
                "db_table": "referrals_click",
                "indexes": [
                    models.Index(
                        fields=["tenant", "link_id", "visitor", "-at"], name="click_of_visitor"
                    )
                ],
            },
        ),
        migrations.AddIndex(
            model_name="coupon",
            index=models.Index(
                fields=["tenant", "partner", "-created_at", "-id"], name="coupon_of_partner"
            ),
        ),
        migrations.AddConstraint(
            model_name="coupon",
            constraint=models.UniqueConstraint(
                fields=("tenant", "code_norm"), name="coupon_code_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="coupon",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("uses_max", None), ("use_count__lte", models.F("uses_max")), _connector="OR"
                ),
                name="coupon_uses_within",
            ),
        ),
        migrations.AddConstraint(
            model_name="coupon",
            constraint=models.CheckConstraint(
                condition=models.Q(("reward_kind__in", ["none", "percent", "text"])),
                name="coupon_reward_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="coupon",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("reward_basis_points", None),
                    models.Q(("reward_basis_points__gte", 1), ("reward_basis_points__lte", 10000)),
                    _connector="OR",
                ),
                name="coupon_percentage",
            ),
        ),
        migrations.AddConstraint(
            model_name="destination",
            constraint=models.UniqueConstraint(
                condition=models.Q(("retired_at", None)),
                fields=("tenant", "program", "url"),
                name="destination_once",
            ),
        ),
        migrations.AddIndex(
            model_name="landingpage",
            index=models.Index(
                condition=models.Q(("state", "waiting")),
                fields=["tenant", "sent_at", "id"],
                name="landing_page_waiting",
            ),
        ),
        migrations.AddConstraint(
            model_name="landingpage",
            constraint=models.UniqueConstraint(
                fields=("tenant", "slug"), name="landing_page_slug_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="landingpage",
            constraint=models.UniqueConstraint(
                fields=("tenant", "partner", "program"), name="landing_page_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="landingpage",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["draft", "waiting", "live", "declined", "off"])),
                name="landing_page_state_known",
            ),
        ),
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(fields=["tenant", "coupon", "-at"], name="lead_of_coupon"),
        ),
        migrations.AddConstraint(
            model_name="lead",
            constraint=models.UniqueConstraint(fields=("tenant", "referral"), name="lead_once"),
        ),
        migrations.AddConstraint(
            model_name="lead",
            constraint=models.CheckConstraint(
                condition=models.Q(("via__in", ["link", "cookie", "page", "coupon"])),
                name="lead_via_known",
            ),
        ),
        migrations.AddIndex(
            model_name="link",
            index=models.Index(
                fields=["tenant", "partner", "-created_at", "-id"], name="link_of_partner"
            ),
        ),
        migrations.AddIndex(
            model_name="clickcount",
            index=models.Index(fields=["tenant", "day", "channel"], name="click_count_day"),
        ),
        migrations.AddConstraint(
            model_name="clickcount",
            constraint=models.UniqueConstraint(
                fields=("tenant", "link", "day", "channel", "campaign"), name="click_count_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="linkslug",
            constraint=models.UniqueConstraint(fields=("tenant", "slug"), name="link_slug_once"),
        ),
        migrations.AddIndex(
            model_name="partnerreview",
            index=models.Index(
                fields=["tenant", "partner", "state", "-created_at", "-id"],
                name="partner_review_of",
            ),
        ),
        migrations.AddIndex(
            model_name="partnerreview",
            index=models.Index(
                condition=models.Q(("state", "waiting")),
                fields=["tenant", "created_at", "id"],
                name="partner_review_waiting",
            ),
        ),
        migrations.AddConstraint(
            model_name="partnerreview",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("rating", None),
                    models.Q(("rating__gte", 1), ("rating__lte", 5)),
                    _connector="OR",
                ),
                name="partner_review_rating",
            ),
        ),
        migrations.AddConstraint(
            model_name="partnerreview",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["waiting", "approved", "declined"])),
                name="partner_review_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="sharingrules",
            constraint=models.UniqueConstraint(
                fields=("tenant", "program"), name="sharing_rules_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="sharingrules",
            constraint=models.CheckConstraint(
                condition=models.Q(("cookie_days__gte", 1), ("cookie_days__lte", 400)),
                name="sharing_rules_window",
            ),
        ),
        migrations.AddConstraint(
            model_name="sharingrules",
            constraint=models.CheckConstraint(
                condition=models.Q(("double_minutes__gte", 0), ("double_minutes__lte", 1440)),
                name="sharing_rules_doubles",
            ),
        ),
        protect("referrals_sharing_rules", references={"program_id": "partners_program"}),
        protect("referrals_destination", references={"program_id": "partners_program"}),
        protect(
            "referrals_landing_page",
            partner="partner_id",
            references={
                "partner_id": "partners_partner",
                "program_id": "partners_program",
                "draft_picture_id": "prm_upload",
                "live_picture_id": "prm_upload",
            },
        ),
        protect(
            "referrals_partner_review",
            partner="partner_id",
            references={"partner_id": "partners_partner"},
        ),
        protect(
            "referrals_link",
            partner="partner_id",
            references={
                "partner_id": "partners_partner",
                "program_id": "partners_program",
                "destination_id": "referrals_destination",
            },
        ),
        # Seen by all partners of the tenant: an address that is taken is taken, and says nothing of whose it is.
        protect("referrals_link_slug", references={"link_id": "referrals_link"}),
        protect("referrals_click_inbox", partner="partner_id", partner_writes=False),
        protect("referrals_click", partner="partner_id", partner_writes=False),
        protect(
            "referrals_click_count",
            partner="partner_id",
            partner_writes=False,
            references={"link_id": "referrals_link"},
        ),
        protect(
            "referrals_coupon",
            partner="partner_id",
            references={"partner_id": "partners_partner", "program_id": "partners_program"},
        ),
        protect(
            "referrals_lead",
            partner="partner_id",
            references={"referral_id": "referrals_referral", "coupon_id": "referrals_coupon"},
        ),
        migrations.RunSQL(
            sql="grant select on referrals_link to prm_guard; grant select, insert on referrals_click_inbox to prm_guard",
            reverse_sql=migrations.RunSQL.noop,
        ),
        # One call a click, without waiting for the disk: a crash of the server may cost the last fraction of a second.
        # The setting is made inside: a clause of the function would end with it, before the commit.
        guarded_function(
            "referrals_click_take(bigint, uuid, timestamptz, bytea, text, text)",
            """
            create function referrals_click_take(
              p_tenant bigint, p_link uuid, p_at timestamptz, p_visitor bytea, p_channel text, p_campaign text)
            returns boolean language plpgsql security definer set search_path = pg_catalog as $$
            begin
              perform set_config('synchronous_commit', 'off', true);
              insert into public.referrals_click_inbox (tenant_id, link_id, partner_id, at, visitor, channel, campaign)
              select l.tenant_id, l.id, l.partner_id, p_at, p_visitor, p_channel, p_campaign
                from public.referrals_link l
               where l.tenant_id = p_tenant and l.id = p_link and l.retired_at is null;
              return found;
            end $$""",
        ),
        guarded_function(
            "referrals_tenants_with_clicks()",
            """
            create function referrals_tenants_with_clicks() returns table (tenant_id bigint)
            language sql stable security definer set search_path = pg_catalog as $$
              with recursive found as (
                (select i.tenant_id from public.referrals_click_inbox i order by i.tenant_id limit 1)
                union all
                select (select i.tenant_id from public.referrals_click_inbox i
                         where i.tenant_id > found.tenant_id order by i.tenant_id limit 1)
                  from found where found.tenant_id is not null)
              select found.tenant_id from found where found.tenant_id is not null
            $$""",
        ),
    ]
