"""Claims, accounts of the vendor's CRM, pairs that may be one company; matching past the policies, in two functions."""

import django.db.models.deletion
import prm.tenancy.models
import prm.tenancy.sql
from django.conf import settings
from django.db import migrations, models

from prm.tenancy.rls import guarded_function, protect
from prm.tenancy.sql import PARTNER_SQL

# Behind row-level security a trigram operator uses no index; these run as the guard role and name the tenant.
TENANT = "(select nullif(current_setting('app.tenant_id', true), '')::bigint)"
ENDED = "('lost', 'rejected', 'expired')"

# Answers yes or no, and the partner's own referral; every part is counted, so that no answer is quicker than another.
KNOWN = f"""
create function claims_known(
  p_domain text, p_email text, p_taxes text[], p_keys text[], p_partner uuid, p_at timestamptz)
returns table (own_referral uuid, known boolean)
language sql stable security definer set search_path = pg_catalog as $$
  with hits as materialized (
    select r.id, r.partner_id, r.registered_at from public.referrals_referral r
     where r.tenant_id = {TENANT} and p_domain <> '' and r.domain = p_domain and r.stage_kind not in {ENDED}
    union all
    select r.id, r.partner_id, r.registered_at from public.referrals_referral r
     where r.tenant_id = {TENANT} and p_email <> '' and r.email_norm = p_email and r.stage_kind not in {ENDED}
    union all
    select r.id, r.partner_id, r.registered_at from public.referrals_referral r
     where r.tenant_id = {TENANT} and r.tax_id_norm <> '' and r.tax_id_norm = any (p_taxes)
       and r.stage_kind not in {ENDED}
  ), others as materialized (
    select count(*) as found from hits where partner_id is distinct from p_partner
  ), customers as materialized (
    select count(*) as found from public.referrals_customer c
     where c.tenant_id = {TENANT}
       and ((p_domain <> '' and c.domain = p_domain) or (p_email <> '' and c.email_norm = p_email))
  ), accounts as materialized (
    select count(*) as found from public.referrals_crm_account a
     where a.tenant_id = {TENANT}
       and ((p_domain <> '' and a.domain = p_domain) or (a.tax_id_norm <> '' and a.tax_id_norm = any (p_taxes)))
  ), holds as materialized (
    select count(*) as found from public.referrals_soft_hold h
     where h.tenant_id = {TENANT} and h.account_key = any (p_keys) and h.until > p_at
       and h.partner_id is distinct from p_partner
  )
  select (select h.id from hits h where h.partner_id = p_partner order by h.registered_at desc limit 1),
         (select o.found + c.found + a.found + s.found > 0
            from others o, customers c, accounts a, holds s)
$$"""

# Ids and names: for the vendor's people only, so it finds nothing in a partner's scope.
SIMILAR = f"""
create function claims_similar(p_name text, p_most integer)
returns table (kind text, id uuid, likeness real)
language sql stable security definer
set search_path = pg_catalog set pg_trgm.similarity_threshold = 0.5 as $$
  select found.* from (
    select 'referral', r.id, public.similarity(r.company_norm, p_name) from public.referrals_referral r
     where r.tenant_id = {TENANT} and {PARTNER_SQL} is null and r.company_norm operator(public.%) p_name
       and r.stage_kind not in {ENDED}
    union all
    select 'account', a.id, public.similarity(a.name_norm, p_name) from public.referrals_crm_account a
     where a.tenant_id = {TENANT} and {PARTNER_SQL} is null and a.name_norm operator(public.%) p_name
  ) found (kind, id, likeness) order by likeness desc, id limit p_most
$$"""

# Yes or no for a partner: whether another partner's live referral or an account of the CRM has a name like it.
NAME_KNOWN = f"""
create function claims_name_known(p_name text, p_country text, p_partner uuid)
returns boolean
language sql stable security definer
set search_path = pg_catalog set pg_trgm.similarity_threshold = 0.5 as $$
  with referrals as materialized (
    select count(*) as found from public.referrals_referral r
     where r.tenant_id = {TENANT} and r.company_norm operator(public.%) p_name and r.stage_kind not in {ENDED}
       and r.partner_id is distinct from p_partner
       and (r.country in ('', p_country) or p_country = '' or r.company_norm = p_name)
  ), accounts as materialized (
    select count(*) as found from public.referrals_crm_account a
     where a.tenant_id = {TENANT} and a.name_norm operator(public.%) p_name
       and (a.country in ('', p_country) or p_country = '' or a.name_norm = p_name)
  )
  select r.found + a.found > 0 from referrals r, accounts a
$$"""


def staff_only(table: str) -> migrations.RunSQL:
    """Return the operation that hides a table from partner people altogether."""
    return migrations.RunSQL(
        sql=f"create policy staff_only on {table} as restrictive to prm_app using ({PARTNER_SQL} is null)",
        reverse_sql=migrations.RunSQL.noop,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("partners", "0012_partner_origin"),
        ("prm", "0011_invitation_reminders"),
        ("referrals", "0011_drafts_questions_privacy"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Claim',
            fields=[
                ('id', models.UUIDField(db_default=prm.tenancy.sql.UUID7(), editable=False, primary_key=True, serialize=False)),
                ('account_key', models.CharField(max_length=300)),
                ('claimed_at', models.DateTimeField()),
                ('protected_until', models.DateTimeField()),
                ('active_at', models.DateTimeField()),
                ('idle_warned_at', models.DateTimeField(blank=True, null=True)),
                ('warned_days', models.IntegerField(blank=True, null=True)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('ended_why', models.CharField(blank=True, choices=[('won', 'Won'), ('closed', 'Referral closed'), ('expired', 'Protection ended'), ('idle', 'No sign of work'), ('given_up', 'Given up by the partner'), ('merged', 'Same company as another referral')], max_length=10)),
                ('partner', prm.tenancy.models.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='partners.partner')),
                ('program', prm.tenancy.models.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='partners.program')),
                ('referral', prm.tenancy.models.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='referrals.referral')),
                ('tenant', models.ForeignKey(db_default=prm.tenancy.sql.CurrentTenant(), db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='prm.tenant')),
            ],
            options={
                'db_table': 'referrals_claim',
            },
        ),
        migrations.CreateModel(
            name='ClaimExtension',
            fields=[
                ('id', models.UUIDField(db_default=prm.tenancy.sql.UUID7(), editable=False, primary_key=True, serialize=False)),
                ('partner_id', models.UUIDField()),
                ('asked_at', models.DateTimeField()),
                ('evidence', models.TextField()),
                ('upload_id', models.UUIDField(blank=True, null=True)),
                ('state', models.CharField(choices=[('asked', 'Waits for an answer'), ('granted', 'Granted'), ('refused', 'Refused')], default='asked', max_length=8)),
                ('decided_at', models.DateTimeField(blank=True, null=True)),
                ('answer', models.TextField(blank=True)),
                ('until', models.DateTimeField(blank=True, null=True)),
                ('asked_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('claim', prm.tenancy.models.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='referrals.claim')),
                ('decided_by', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('tenant', models.ForeignKey(db_default=prm.tenancy.sql.CurrentTenant(), db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='prm.tenant')),
            ],
            options={
                'db_table': 'referrals_claim_extension',
            },
        ),
        migrations.CreateModel(
            name='ClaimKey',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('partner_id', models.UUIDField()),
                ('key', models.CharField(max_length=300)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('claim', prm.tenancy.models.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='referrals.claim')),
                ('tenant', models.ForeignKey(db_default=prm.tenancy.sql.CurrentTenant(), db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='prm.tenant')),
            ],
            options={
                'db_table': 'referrals_claim_key',
            },
        ),
        migrations.CreateModel(
            name='ClaimRules',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('base_places', models.IntegerField()),
                ('floor_places', models.IntegerField()),
                ('most_places', models.IntegerField()),
                ('places_per_win', models.IntegerField()),
                ('heartbeat_days', models.IntegerField()),
                ('heartbeat_warning_days', models.IntegerField()),
                ('extension_days', models.IntegerField()),
                ('most_extensions', models.IntegerField()),
                ('checks_per_day', models.IntegerField()),
                ('hold_hours', models.IntegerField()),
                ('program', prm.tenancy.models.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='partners.program')),
                ('tenant', models.ForeignKey(db_default=prm.tenancy.sql.CurrentTenant(), db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='prm.tenant')),
            ],
            options={
                'db_table': 'referrals_claim_rules',
            },
        ),
        migrations.CreateModel(
            name='CrmAccount',
            fields=[
                ('id', models.UUIDField(db_default=prm.tenancy.sql.UUID7(), editable=False, primary_key=True, serialize=False)),
                ('external_id', models.CharField(max_length=80)),
                ('name', models.CharField(max_length=160)),
                ('name_norm', models.CharField(max_length=160)),
                ('website', models.CharField(blank=True, max_length=200)),
                ('domain', models.CharField(blank=True, max_length=253)),
                ('tax_id', models.CharField(blank=True, max_length=40)),
                ('tax_id_norm', models.CharField(blank=True, max_length=40)),
                ('country', models.CharField(blank=True, max_length=2)),
                ('owner_name', models.CharField(blank=True, max_length=120)),
                ('is_customer', models.BooleanField(default=False)),
                ('imported_at', models.DateTimeField()),
                ('upload_key', models.UUIDField()),
                ('tenant', models.ForeignKey(db_default=prm.tenancy.sql.CurrentTenant(), db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='prm.tenant')),
            ],
            options={
                'db_table': 'referrals_crm_account',
            },
        ),
        migrations.CreateModel(
            name='SameCompany',
            fields=[
                ('id', models.UUIDField(db_default=prm.tenancy.sql.UUID7(), editable=False, primary_key=True, serialize=False)),
                ('other_kind', models.CharField(choices=[('referral', 'Referral'), ('account', 'Account in your CRM')], max_length=8)),
                ('other_id', models.UUIDField()),
                ('why', models.CharField(max_length=8)),
                ('strength', models.IntegerField()),
                ('found_at', models.DateTimeField()),
                ('verdict', models.CharField(choices=[('open', 'Not decided'), ('same', 'Same company'), ('different', 'Different companies'), ('moot', 'Settled by itself')], default='open', max_length=9)),
                ('kept_id', models.UUIDField(blank=True, null=True)),
                ('reason', models.TextField(blank=True)),
                ('decided_at', models.DateTimeField(blank=True, null=True)),
                ('decided_by', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('referral', prm.tenancy.models.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='referrals.referral')),
                ('tenant', models.ForeignKey(db_default=prm.tenancy.sql.CurrentTenant(), db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='prm.tenant')),
            ],
            options={
                'db_table': 'referrals_same_company',
            },
        ),
        migrations.CreateModel(
            name='SoftHold',
            fields=[
                ('id', models.UUIDField(db_default=prm.tenancy.sql.UUID7(), editable=False, primary_key=True, serialize=False)),
                ('partner_id', models.UUIDField()),
                ('company', models.CharField(max_length=160)),
                ('account_key', models.CharField(max_length=300)),
                ('held_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('until', models.DateTimeField()),
                ('asked_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('tenant', models.ForeignKey(db_default=prm.tenancy.sql.CurrentTenant(), db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='prm.tenant')),
            ],
            options={
                'db_table': 'referrals_soft_hold',
            },
        ),
        migrations.CreateModel(
            name='AvailabilityCheck',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('partner_id', models.UUIDField()),
                ('company', models.CharField(max_length=160)),
                ('account_key', models.CharField(max_length=300)),
                ('answer', models.CharField(max_length=6)),
                ('at', models.DateTimeField()),
                ('asked_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('tenant', models.ForeignKey(db_default=prm.tenancy.sql.CurrentTenant(), db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='prm.tenant')),
            ],
            options={
                'db_table': 'referrals_availability_check',
                'indexes': [models.Index(fields=['tenant', 'partner_id', '-at'], name='availability_of_partner')],
            },
        ),
        migrations.AddIndex(
            model_name='claim',
            index=models.Index(condition=models.Q(('ended_at', None)), fields=['tenant', 'protected_until', 'id'], name='claim_ends'),
        ),
        migrations.AddIndex(
            model_name='claim',
            index=models.Index(condition=models.Q(('ended_at', None)), fields=['tenant', 'active_at', 'id'], name='claim_idle'),
        ),
        migrations.AddIndex(
            model_name='claim',
            index=models.Index(condition=models.Q(('ended_at', None)), fields=['tenant', 'partner', 'program'], name='claim_places'),
        ),
        migrations.AddIndex(
            model_name='claim',
            index=models.Index(fields=['tenant', 'referral', '-claimed_at'], name='claim_of_referral'),
        ),
        migrations.AddConstraint(
            model_name='claim',
            constraint=models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('tenant', 'referral'), name='claim_open_once'),
        ),
        migrations.AddIndex(
            model_name='claimextension',
            index=models.Index(condition=models.Q(('state', 'asked')), fields=['tenant', 'asked_at', 'id'], name='claim_extension_queue'),
        ),
        migrations.AddIndex(
            model_name='claimextension',
            index=models.Index(fields=['tenant', 'claim', 'asked_at'], name='claim_extension_of'),
        ),
        migrations.AddConstraint(
            model_name='claimextension',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'asked')), fields=('tenant', 'claim'), name='claim_extension_asked_once'),
        ),
        migrations.AddConstraint(
            model_name='claimextension',
            constraint=models.CheckConstraint(condition=models.Q(('evidence', ''), _negated=True), name='claim_extension_has_evidence'),
        ),
        migrations.AddIndex(
            model_name='claimkey',
            index=models.Index(fields=['tenant', 'claim'], name='claim_key_of'),
        ),
        migrations.AddConstraint(
            model_name='claimkey',
            constraint=models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('tenant', 'key'), name='claim_one_per_account'),
        ),
        migrations.AddConstraint(
            model_name='claimrules',
            constraint=models.UniqueConstraint(fields=('tenant', 'program'), name='claim_rules_once'),
        ),
        migrations.AddConstraint(
            model_name='claimrules',
            constraint=models.CheckConstraint(condition=models.Q(('floor_places__gte', 1), ('floor_places__lte', models.F('base_places')), ('base_places__lte', models.F('most_places'))), name='claim_rules_places_in_order'),
        ),
        migrations.AddIndex(
            model_name='crmaccount',
            index=models.Index(condition=models.Q(('domain', ''), _negated=True), fields=['tenant', 'domain'], name='crm_account_domain'),
        ),
        migrations.AddIndex(
            model_name='crmaccount',
            index=models.Index(condition=models.Q(('tax_id_norm', ''), _negated=True), fields=['tenant', 'tax_id_norm'], name='crm_account_tax_id'),
        ),
        migrations.AddIndex(
            model_name='crmaccount',
            index=models.Index(fields=['tenant', 'name_norm', 'id'], name='crm_account_by_name'),
        ),
        migrations.AddConstraint(
            model_name='crmaccount',
            constraint=models.UniqueConstraint(fields=('tenant', 'external_id'), name='crm_account_once'),
        ),
        migrations.AddIndex(
            model_name='samecompany',
            index=models.Index(condition=models.Q(('verdict', 'open')), fields=['tenant', 'found_at', 'id'], name='same_company_queue'),
        ),
        migrations.AddIndex(
            model_name='samecompany',
            index=models.Index(fields=['tenant', 'other_id'], name='same_company_other'),
        ),
        migrations.AddIndex(
            model_name='samecompany',
            index=models.Index(fields=['tenant', '-decided_at', '-id'], name='same_company_decided'),
        ),
        migrations.AddConstraint(
            model_name='samecompany',
            constraint=models.UniqueConstraint(fields=('tenant', 'referral', 'other_kind', 'other_id'), name='same_company_once'),
        ),
        migrations.AddIndex(
            model_name='softhold',
            index=models.Index(fields=['tenant', 'account_key', 'until'], name='soft_hold_key'),
        ),
        migrations.AddConstraint(
            model_name='softhold',
            constraint=models.UniqueConstraint(fields=('tenant', 'partner_id', 'account_key'), name='soft_hold_once'),
        ),
        protect("referrals_claim_rules", references={"program_id": "partners_program"}),
        protect(
            "referrals_claim",
            partner="partner_id",
            references={
                "referral_id": "referrals_referral",
                "partner_id": "partners_partner",
                "program_id": "partners_program",
            },
        ),
        protect("referrals_claim_key", partner="partner_id", references={"claim_id": "referrals_claim"}),
        protect("referrals_claim_extension", partner="partner_id", references={"claim_id": "referrals_claim"}),
        protect("referrals_crm_account"),
        staff_only("referrals_crm_account"),
        protect("referrals_same_company", references={"referral_id": "referrals_referral"}),
        staff_only("referrals_same_company"),
        protect("referrals_availability_check", partner="partner_id"),
        protect("referrals_soft_hold", partner="partner_id"),
        migrations.RunSQL(
            sql="""
            create extension if not exists pg_trgm;
            create extension if not exists btree_gin;
            create index referral_name_like on referrals_referral using gin (tenant_id, company_norm gin_trgm_ops);
            create index crm_account_name_like on referrals_crm_account using gin (tenant_id, name_norm gin_trgm_ops);
            grant select on referrals_crm_account, referrals_soft_hold to prm_guard;
            """,
            reverse_sql=migrations.RunSQL.noop,
        ),
        # One check instead of two: claims_known takes its place.
        migrations.RunSQL(
            sql="drop function referrals_known(text, text, uuid)", reverse_sql=migrations.RunSQL.noop
        ),
        guarded_function("claims_known(text, text, text[], text[], uuid, timestamptz)", KNOWN),
        guarded_function("claims_similar(text, integer)", SIMILAR),
        guarded_function("claims_name_known(text, text, uuid)", NAME_KNOWN),
    ]
