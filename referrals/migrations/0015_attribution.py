"""Touches, rules, decisions, cases, credits, moves and holds; payments follow a referral to another partner."""

import django.db.models.deletion
import django.db.models.functions.datetime
import prm.tenancy.models
import prm.tenancy.sql
from django.conf import settings
from django.db import migrations, models
from prm.tenancy.rls import protect
from prm.tenancy.sql import PARTNER_SQL

# A payment's partner changes through a merge, or in the very transaction that records the move of its referral.
FOLLOWS = """
create function referrals_follows_partner() returns trigger language plpgsql set search_path = pg_catalog as $$
begin
  if new.partner_id is distinct from old.partner_id and not exists (
      select from public.partners_partner p
       where p.tenant_id = old.tenant_id and p.id = old.partner_id and p.merged_into_id = new.partner_id)
     and not exists (
      select from public.referrals_reattribution m
       where m.tenant_id = old.tenant_id and m.referral_id = old.referral_id and m.from_partner_id = old.partner_id
         and m.to_partner_id = new.partner_id and m.transaction_id = txid_current()) then
    raise exception 'a row of % follows its partner through a merge or a recorded move only', tg_table_name
      using errcode = 'insufficient_privilege';
  end if;
  return new;
end $$;
drop trigger follows_merge on referrals_revenue_event;
create trigger follows_partner before update of partner_id on referrals_revenue_event for each row
  execute function referrals_follows_partner();
"""


def staff_only(table: str) -> migrations.RunSQL:
    """Return the operation that hides a table from partner people."""
    return migrations.RunSQL(
        sql=f"create policy staff_only on {table} as restrictive to prm_app "
        f"using ({PARTNER_SQL} is null) with check ({PARTNER_SQL} is null)",
        reverse_sql=migrations.RunSQL.noop,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("partners", "0012_partner_origin"),
        ("prm", "0013_api_keys"),
        ("referrals", "0014_sharing"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Case",
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
                ("number", models.CharField(max_length=24)),
                ("subject_id", models.UUIDField(blank=True, null=True)),
                ("opened_by_id", models.UUIDField()),
                ("opened_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("decided", "Decided"),
                            ("appealed", "Appealed"),
                            ("final", "Final"),
                        ],
                        default="open",
                        max_length=8,
                    ),
                ),
                ("escalated_at", models.DateTimeField(blank=True, null=True)),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("stays", "The credit stays where it is"),
                            ("moved", "The credit moves to another partner"),
                            ("split", "The credit is split"),
                        ],
                        max_length=5,
                    ),
                ),
                ("rule", models.CharField(blank=True, max_length=40)),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                ("appealed_at", models.DateTimeField(blank=True, null=True)),
                ("final_at", models.DateTimeField(blank=True, null=True)),
                (
                    "assignee",
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
                    "final_by",
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
                "db_table": "referrals_case",
            },
        ),
        migrations.CreateModel(
            name="CaseEntry",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("partner_id", models.UUIDField(blank=True, null=True)),
                ("voice", models.CharField(max_length=6)),
                ("text", models.TextField(blank=True)),
                ("shared_from_id", models.BigIntegerField(blank=True, null=True)),
                ("at", models.DateTimeField()),
                (
                    "author",
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
                    "case",
                    prm.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="referrals.case",
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
                    "upload",
                    prm.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="prm.upload",
                    ),
                ),
            ],
            options={
                "db_table": "referrals_case_entry",
            },
        ),
        migrations.CreateModel(
            name="CaseParty",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("opened_it", models.BooleanField()),
                ("referral_id", models.UUIDField(blank=True, null=True)),
                ("number", models.CharField(max_length=24)),
                ("company", models.CharField(max_length=160)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("decided", "Decided"),
                            ("appealed", "Appealed"),
                            ("final", "Final"),
                        ],
                        max_length=8,
                    ),
                ),
                ("opened_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("timeline", models.JSONField(default=list)),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("stays", "The credit stays where it is"),
                            ("moved", "The credit moves to another partner"),
                            ("split", "The credit is split"),
                        ],
                        max_length=5,
                    ),
                ),
                ("rule", models.CharField(blank=True, max_length=40)),
                ("share", models.IntegerField(blank=True, null=True)),
                ("words", models.TextField(blank=True)),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                ("appeal_until", models.DateTimeField(blank=True, null=True)),
                ("appealed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "case",
                    prm.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="referrals.case",
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
            ],
            options={
                "db_table": "referrals_case_party",
            },
        ),
        migrations.CreateModel(
            name="Credit",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("number", models.IntegerField()),
                ("place", models.IntegerField()),
                (
                    "role",
                    models.CharField(
                        choices=[("source", "Brought the deal"), ("service", "Works on the deal")],
                        max_length=7,
                    ),
                ),
                ("share", models.IntegerField()),
                ("pool", models.IntegerField()),
                ("company", models.CharField(max_length=160)),
                ("reason", models.TextField(blank=True)),
                ("at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
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
                "db_table": "referrals_credit",
            },
        ),
        migrations.CreateModel(
            name="Decision",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("occasion", models.CharField(max_length=12)),
                ("rule", models.CharField(max_length=40)),
                ("considered", models.JSONField(default=list)),
                ("settings", models.JSONField(default=dict)),
                ("reason", models.TextField(blank=True)),
                ("at", models.DateTimeField()),
                (
                    "actor",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
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
                (
                    "winner",
                    prm.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partners.partner",
                    ),
                ),
            ],
            options={
                "db_table": "referrals_decision",
            },
        ),
        migrations.CreateModel(
            name="Explanation",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("referral_id", models.UUIDField()),
                ("partner_id", models.UUIDField()),
                ("is_winner", models.BooleanField()),
                ("rule", models.CharField(max_length=40)),
                ("settings", models.JSONField(default=dict)),
                ("lines", models.JSONField(default=list)),
                ("at", models.DateTimeField()),
                (
                    "decision",
                    prm.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="referrals.decision",
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
                "db_table": "referrals_explanation",
            },
        ),
        migrations.CreateModel(
            name="Hold",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("placed_at", models.DateTimeField()),
                ("note", models.TextField(blank=True)),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[("lifted", "Nothing wrong, goes on"), ("declined", "Declined")],
                        max_length=8,
                    ),
                ),
                ("reason", models.TextField(blank=True)),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                (
                    "decided_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "placed_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
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
                "db_table": "referrals_hold",
            },
        ),
        migrations.CreateModel(
            name="Reattribution",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("to_partner_id", models.UUIDField()),
                ("number", models.CharField(max_length=24)),
                ("company", models.CharField(max_length=160)),
                ("rule", models.CharField(max_length=40)),
                ("reason", models.TextField()),
                ("at", models.DateTimeField()),
                (
                    "transaction_id",
                    models.BigIntegerField(
                        db_default=models.Func(
                            function="txid_current", output_field=models.BigIntegerField()
                        )
                    ),
                ),
                (
                    "actor",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "from_partner",
                    prm.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partners.partner",
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
                    "submitted_by",
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
                "db_table": "referrals_reattribution",
            },
        ),
        migrations.CreateModel(
            name="Signal",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=20)),
                ("facts", models.JSONField(default=dict)),
                ("at", models.DateTimeField()),
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
                "db_table": "referrals_signal",
            },
        ),
        migrations.CreateModel(
            name="Touch",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("account_key", models.CharField(max_length=300)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("click", "Link opened"),
                            ("form", "Form sent through a link"),
                            ("registration", "Referral registered"),
                            ("coupon", "Coupon code used"),
                            ("crm", "The vendor's own sales"),
                            ("staff", "Entered by the vendor"),
                        ],
                        max_length=12,
                    ),
                ),
                ("link_id", models.UUIDField(blank=True, null=True)),
                ("referral_id", models.UUIDField(blank=True, null=True)),
                ("at", models.DateTimeField()),
                ("facts", models.JSONField(blank=True, default=dict)),
                ("key", models.CharField(max_length=120)),
                (
                    "partner",
                    prm.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
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
                "db_table": "referrals_touch",
            },
        ),
        migrations.CreateModel(
            name="AttributionRules",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "basis",
                    models.CharField(
                        choices=[
                            ("registration", "Registrations"),
                            ("click", "Clicks on links, forms and coupon codes"),
                        ],
                        default="registration",
                        max_length=12,
                    ),
                ),
                (
                    "pick",
                    models.CharField(
                        choices=[("first", "The first one"), ("last", "The last one")],
                        default="first",
                        max_length=5,
                    ),
                ),
                ("window_days", models.IntegerField(default=90)),
                (
                    "existing_customers",
                    models.CharField(
                        choices=[
                            ("none", "No credit"),
                            ("credit", "Credit as for others"),
                            ("review", "A person looks first"),
                        ],
                        default="review",
                        max_length=6,
                    ),
                ),
                ("direct_days", models.IntegerField(default=0)),
                ("service_share", models.IntegerField(default=2000)),
                ("exempt_types", models.JSONField(blank=True, default=list)),
                ("velocity", models.IntegerField(default=50)),
                ("case_hours", models.IntegerField(default=40)),
                ("appeal_days", models.IntegerField(default=14)),
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
                "db_table": "referrals_attribution_rules",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "program"), name="attribution_rules_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("window_days__gte", 1), ("direct_days__gte", 0), ("case_hours__gte", 1)
                        ),
                        name="attribution_rules_days",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("service_share__gte", 0), ("service_share__lte", 10000)
                        ),
                        name="attribution_rules_share",
                    ),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(fields=["tenant", "state", "due_at", "id"], name="case_due"),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(fields=["tenant", "-opened_at", "-id"], name="case_newest"),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.UniqueConstraint(
                fields=("tenant", "number"), name="case_number_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["open", "decided", "appealed"])),
                fields=("tenant", "referral"),
                name="case_open_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["open", "decided", "appealed", "final"])),
                name="case_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("final_by", None),
                    models.Q(("final_by", models.F("decided_by")), _negated=True),
                    _connector="OR",
                ),
                name="case_appeal_by_another",
            ),
        ),
        migrations.AddIndex(
            model_name="caseentry",
            index=models.Index(fields=["tenant", "case", "at", "id"], name="case_entry_order"),
        ),
        migrations.AddConstraint(
            model_name="caseentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("voice__in", ["own", "vendor", "other"])),
                name="case_entry_voice_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="caseentry",
            constraint=models.UniqueConstraint(
                condition=models.Q(("shared_from_id", None), _negated=True),
                fields=("tenant", "shared_from_id", "partner_id"),
                name="case_entry_shared_once",
            ),
        ),
        migrations.AddIndex(
            model_name="caseparty",
            index=models.Index(
                fields=["tenant", "partner", "-opened_at", "-id"], name="case_party_newest"
            ),
        ),
        migrations.AddIndex(
            model_name="caseparty",
            index=models.Index(
                condition=models.Q(("referral_id", None), _negated=True),
                fields=["tenant", "referral_id"],
                name="case_party_referral",
            ),
        ),
        migrations.AddConstraint(
            model_name="caseparty",
            constraint=models.UniqueConstraint(
                fields=("tenant", "case", "partner"), name="case_party_once"
            ),
        ),
        migrations.AddIndex(
            model_name="credit",
            index=models.Index(
                condition=models.Q(("ended_at", None)),
                fields=["tenant", "referral"],
                name="credit_live",
            ),
        ),
        migrations.AddIndex(
            model_name="credit",
            index=models.Index(fields=["tenant", "partner", "referral"], name="credit_partner"),
        ),
        migrations.AddConstraint(
            model_name="credit",
            constraint=models.UniqueConstraint(
                fields=("tenant", "referral", "number", "place"), name="credit_place_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="credit",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("share__gt", 0), ("share__lte", 10000), ("pool__gte", 0), ("pool__lte", 10000)
                ),
                name="credit_share_of_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="credit",
            constraint=models.CheckConstraint(
                condition=models.Q(("role__in", ["source", "service"])), name="credit_role_known"
            ),
        ),
        migrations.AddIndex(
            model_name="decision",
            index=models.Index(fields=["tenant", "referral", "-id"], name="decision_newest"),
        ),
        migrations.AddIndex(
            model_name="explanation",
            index=models.Index(
                fields=["tenant", "referral_id", "partner_id", "-id"], name="explanation_newest"
            ),
        ),
        migrations.AddConstraint(
            model_name="explanation",
            constraint=models.UniqueConstraint(
                fields=("tenant", "decision", "referral_id", "partner_id"), name="explanation_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="hold",
            constraint=models.UniqueConstraint(
                condition=models.Q(("decided_at", None)),
                fields=("tenant", "referral"),
                name="hold_open_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="hold",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("decided_at", None),
                    models.Q(
                        models.Q(("outcome", ""), _negated=True),
                        models.Q(("reason", ""), _negated=True),
                        ("decided_by__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="hold_ends_by_a_person_with_a_reason",
            ),
        ),
        migrations.AddIndex(
            model_name="reattribution",
            index=models.Index(fields=["tenant", "referral", "-id"], name="reattribution_newest"),
        ),
        migrations.AddIndex(
            model_name="reattribution",
            index=models.Index(fields=["tenant", "from_partner", "-at"], name="reattribution_from"),
        ),
        migrations.AddConstraint(
            model_name="signal",
            constraint=models.UniqueConstraint(
                fields=("tenant", "referral", "kind"), name="signal_once"
            ),
        ),
        migrations.AddIndex(
            model_name="touch",
            index=models.Index(
                fields=["tenant", "account_key", "program", "at"], name="touch_account"
            ),
        ),
        migrations.AddIndex(
            model_name="touch",
            index=models.Index(
                condition=models.Q(("referral_id", None), _negated=True),
                fields=["tenant", "referral_id"],
                name="touch_referral",
            ),
        ),
        migrations.AddIndex(
            model_name="touch",
            index=models.Index(fields=["tenant", "partner", "-at", "-id"], name="touch_partner"),
        ),
        migrations.AddConstraint(
            model_name="touch",
            constraint=models.UniqueConstraint(fields=("tenant", "key"), name="touch_once"),
        ),
        migrations.AddConstraint(
            model_name="touch",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("kind__in", ["click", "form", "registration", "coupon", "crm", "staff"])
                ),
                name="touch_kind_known",
            ),
        ),
        protect("referrals_attribution_rules", references={"program_id": "partners_program"}),
        protect(
            "referrals_touch",
            partner="partner_id",
            references={"program_id": "partners_program", "partner_id": "partners_partner"},
        ),
        protect(
            "referrals_decision",
            references={"referral_id": "referrals_referral", "winner_id": "partners_partner"},
        ),
        staff_only("referrals_decision"),
        protect(
            "referrals_explanation",
            partner="partner_id",
            partner_writes=False,
            references={"decision_id": "referrals_decision", "partner_id": "partners_partner"},
        ),
        # A party reads its row in referrals_case_party; the case itself names the others' referrals.
        protect(
            "referrals_case",
            partner="opened_by_id",
            references={"referral_id": "referrals_referral", "opened_by_id": "partners_partner"},
        ),
        protect(
            "referrals_case_party",
            partner="partner_id",
            references={"case_id": "referrals_case", "partner_id": "partners_partner"},
        ),
        protect(
            "referrals_case_entry",
            partner="partner_id",
            references={
                "case_id": "referrals_case",
                "partner_id": "partners_partner",
                "upload_id": "prm_upload",
            },
        ),
        protect(
            "referrals_credit",
            partner="partner_id",
            partner_writes=False,
            references={"referral_id": "referrals_referral", "partner_id": "partners_partner"},
        ),
        protect(
            "referrals_reattribution",
            partner="from_partner_id",
            partner_writes=False,
            references={
                "referral_id": "referrals_referral",
                "from_partner_id": "partners_partner",
                "to_partner_id": "partners_partner",
            },
        ),
        protect("referrals_signal", references={"referral_id": "referrals_referral"}),
        staff_only("referrals_signal"),
        protect("referrals_hold", references={"referral_id": "referrals_referral"}),
        staff_only("referrals_hold"),
        migrations.RunSQL(sql=FOLLOWS, reverse_sql=migrations.RunSQL.noop),
    ]
