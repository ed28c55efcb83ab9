"""Drafts, questions, files, bulk files, and what the person referred is told and may ask for."""

import django.db.models.deletion
import django.db.models.functions.datetime
import prm.tenancy.models
import prm.tenancy.sql
from django.conf import settings
from django.db import migrations, models

from prm.tenancy.rls import protect


class Migration(migrations.Migration):

    dependencies = [
        ('partners', '0012_partner_origin'),
        ('prm', '0013_api_keys'),
        ('referrals', '0010_deadlines'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Draft',
            fields=[
                ('id', models.UUIDField(db_default=prm.tenancy.sql.UUID7(), editable=False, primary_key=True, serialize=False)),
                ('company', models.CharField(blank=True, max_length=160)),
                ('email_norm', models.CharField(blank=True, max_length=254)),
                ('values', models.JSONField(default=dict)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('saved_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('owner', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('partner', prm.tenancy.models.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='partners.partner')),
                ('program', prm.tenancy.models.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='partners.program')),
                ('recalled_from', prm.tenancy.models.TenantForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='referrals.referral')),
                ('tenant', models.ForeignKey(db_default=prm.tenancy.sql.CurrentTenant(), db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='prm.tenant')),
            ],
            options={
                'db_table': 'referrals_draft',
            },
        ),
        migrations.CreateModel(
            name='PrivacyEntry',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('partner_id', models.UUIDField()),
                ('deed', models.CharField(choices=[('told', 'Notice sent'), ('seen', 'Page opened by the person'), ('objected', 'Objection received'), ('erased', 'Personal data erased')], max_length=8)),
                ('at', models.DateTimeField()),
                ('effect', models.JSONField(default=dict)),
                ('actor', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('referral', prm.tenancy.models.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='referrals.referral')),
                ('tenant', models.ForeignKey(db_default=prm.tenancy.sql.CurrentTenant(), db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='prm.tenant')),
            ],
            options={
                'db_table': 'referrals_privacy_entry',
            },
        ),
        migrations.CreateModel(
            name='PrivacyNotice',
            fields=[
                ('id', models.UUIDField(db_default=prm.tenancy.sql.UUID7(), editable=False, primary_key=True, serialize=False)),
                ('partner_id', models.UUIDField()),
                ('email_digest', models.CharField(max_length=64)),
                ('language', models.CharField(max_length=8)),
                ('told_at', models.DateTimeField()),
                ('seen_at', models.DateTimeField(blank=True, null=True)),
                ('objected_at', models.DateTimeField(blank=True, null=True)),
                ('erased_at', models.DateTimeField(blank=True, null=True)),
                ('referral', prm.tenancy.models.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='referrals.referral')),
                ('tenant', models.ForeignKey(db_default=prm.tenancy.sql.CurrentTenant(), db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='prm.tenant')),
            ],
            options={
                'db_table': 'referrals_privacy_notice',
            },
        ),
        migrations.CreateModel(
            name='PrivacyRules',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('tells', models.CharField(choices=[('always', 'As soon as somebody refers them'), ('accepted', 'When the referral is accepted'), ('never', 'Never by this portal')], default='always', max_length=8)),
                ('basis', models.CharField(blank=True, max_length=400)),
                ('shares_contacts', models.BooleanField(default=False)),
                ('program', prm.tenancy.models.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='partners.program')),
                ('tenant', models.ForeignKey(db_default=prm.tenancy.sql.CurrentTenant(), db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='prm.tenant')),
            ],
            options={
                'db_table': 'referrals_privacy_rules',
            },
        ),
        migrations.CreateModel(
            name='Question',
            fields=[
                ('id', models.UUIDField(db_default=prm.tenancy.sql.UUID7(), editable=False, primary_key=True, serialize=False)),
                ('partner_id', models.UUIDField()),
                ('text', models.TextField()),
                ('asked_at', models.DateTimeField()),
                ('due_before', models.DateTimeField(blank=True, null=True)),
                ('link_until', models.DateTimeField()),
                ('answer', models.TextField(blank=True)),
                ('answered_at', models.DateTimeField(blank=True, null=True)),
                ('by_link', models.BooleanField(default=False)),
                ('withdrawn_at', models.DateTimeField(blank=True, null=True)),
                ('answered_by', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('asked_by', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('referral', prm.tenancy.models.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='referrals.referral')),
                ('tenant', models.ForeignKey(db_default=prm.tenancy.sql.CurrentTenant(), db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='prm.tenant')),
            ],
            options={
                'db_table': 'referrals_question',
            },
        ),
        migrations.CreateModel(
            name='ReferralFile',
            fields=[
                ('id', models.UUIDField(db_default=prm.tenancy.sql.UUID7(), editable=False, primary_key=True, serialize=False)),
                ('partner_id', models.UUIDField()),
                ('internal', models.BooleanField(default=False)),
                ('added_at', models.DateTimeField()),
                ('removed_at', models.DateTimeField(blank=True, null=True)),
                ('added_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('referral', prm.tenancy.models.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='referrals.referral')),
                ('tenant', models.ForeignKey(db_default=prm.tenancy.sql.CurrentTenant(), db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='prm.tenant')),
                ('upload', prm.tenancy.models.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='prm.upload')),
            ],
            options={
                'db_table': 'referrals_file',
            },
        ),
        migrations.CreateModel(
            name='SuppressedPerson',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('email_digest', models.CharField(max_length=64)),
                ('at', models.DateTimeField()),
                ('tenant', models.ForeignKey(db_default=prm.tenancy.sql.CurrentTenant(), db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='prm.tenant')),
            ],
            options={
                'db_table': 'referrals_suppressed_person',
            },
        ),
        migrations.CreateModel(
            name='BulkSubmission',
            fields=[
                ('id', models.UUIDField(db_default=prm.tenancy.sql.UUID7(), editable=False, primary_key=True, serialize=False)),
                ('file_name', models.CharField(max_length=160)),
                ('stored', models.CharField(blank=True, max_length=300)),
                ('row_count', models.IntegerField()),
                ('created_at', models.DateTimeField()),
                ('job_id', models.UUIDField(blank=True, null=True)),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('counts', models.JSONField(default=dict)),
                ('created_by', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('partner', prm.tenancy.models.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='partners.partner')),
                ('program', prm.tenancy.models.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='partners.program')),
                ('tenant', models.ForeignKey(db_default=prm.tenancy.sql.CurrentTenant(), db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='prm.tenant')),
            ],
            options={
                'db_table': 'referrals_bulk_submission',
                'indexes': [models.Index(fields=['tenant', 'partner', '-created_at', '-id'], name='bulk_submission_newest')],
            },
        ),
        migrations.AddIndex(
            model_name='draft',
            index=models.Index(fields=['tenant', 'partner', 'owner', '-saved_at', '-id'], name='draft_newest'),
        ),
        migrations.AddIndex(
            model_name='draft',
            index=models.Index(condition=models.Q(('email_norm', ''), _negated=True), fields=['tenant', 'email_norm'], name='draft_email'),
        ),
        migrations.AddIndex(
            model_name='privacyentry',
            index=models.Index(fields=['tenant', 'referral', 'at', 'id'], name='privacy_entry_timeline'),
        ),
        migrations.AddConstraint(
            model_name='privacynotice',
            constraint=models.UniqueConstraint(fields=('tenant', 'referral'), name='privacy_notice_once'),
        ),
        migrations.AddConstraint(
            model_name='privacyrules',
            constraint=models.UniqueConstraint(fields=('tenant', 'program'), name='privacy_rules_once'),
        ),
        migrations.AddIndex(
            model_name='question',
            index=models.Index(fields=['tenant', 'referral', 'asked_at', 'id'], name='question_timeline'),
        ),
        migrations.AddConstraint(
            model_name='question',
            constraint=models.UniqueConstraint(condition=models.Q(('answered_at', None), ('withdrawn_at', None)), fields=('tenant', 'referral'), name='question_open_once'),
        ),
        migrations.AddIndex(
            model_name='referralfile',
            index=models.Index(fields=['tenant', 'referral', 'added_at', 'id'], name='file_newest'),
        ),
        migrations.AddConstraint(
            model_name='suppressedperson',
            constraint=models.UniqueConstraint(fields=('tenant', 'email_digest'), name='suppressed_once'),
        ),
        protect("referrals_draft", partner="partner_id", references={"partner_id": "partners_partner", "program_id": "partners_program", "recalled_from_id": "referrals_referral"}),
        protect("referrals_question", partner="partner_id", references={"referral_id": "referrals_referral"}),
        protect("referrals_file", partner="partner_id", references={"referral_id": "referrals_referral", "upload_id": "prm_upload"}),
        protect("referrals_privacy_rules", references={"program_id": "partners_program"}),
        protect("referrals_privacy_notice", partner="partner_id", partner_writes=False, references={"referral_id": "referrals_referral"}),
        protect("referrals_privacy_entry", partner="partner_id", append_only=True, updatable=("partner_id",), references={"referral_id": "referrals_referral"}),
        protect("referrals_suppressed_person", append_only=True),
        protect("referrals_bulk_submission", partner="partner_id", references={"partner_id": "partners_partner", "program_id": "partners_program"}),
    ]
