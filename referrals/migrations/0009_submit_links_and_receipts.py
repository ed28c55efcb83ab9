"""Signed links, and receipts that are only ever added."""

import django.db.models.deletion
import prm.tenancy.models
import prm.tenancy.sql
from django.conf import settings
from django.db import migrations, models

from prm.tenancy.rls import protect


class Migration(migrations.Migration):

    dependencies = [
        ('partners', '0012_partner_origin'),
        ('prm', '0013_api_keys'),
        ('referrals', '0008_capture_columns'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Receipt',
            fields=[
                ('id', models.UUIDField(db_default=prm.tenancy.sql.UUID7(), editable=False, primary_key=True, serialize=False)),
                ('partner_id', models.UUIDField()),
                ('number', models.CharField(max_length=24)),
                ('issued_at', models.DateTimeField()),
                ('body', models.TextField()),
                ('signature', models.CharField(max_length=88)),
                ('key_id', models.CharField(max_length=16)),
                ('referral', prm.tenancy.models.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='referrals.referral')),
                ('tenant', models.ForeignKey(db_default=prm.tenancy.sql.CurrentTenant(), db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='prm.tenant')),
            ],
            options={
                'db_table': 'referrals_receipt',
                'constraints': [models.UniqueConstraint(fields=('tenant', 'referral'), name='receipt_referral_once'), models.UniqueConstraint(fields=('tenant', 'number'), name='receipt_number_once')],
            },
        ),
        migrations.CreateModel(
            name='SubmitLink',
            fields=[
                ('id', models.UUIDField(db_default=prm.tenancy.sql.UUID7(), editable=False, primary_key=True, serialize=False)),
                ('person_name', models.CharField(max_length=120)),
                ('token_digest', models.CharField(max_length=64)),
                ('made_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('revoked_at', models.DateTimeField(blank=True, null=True)),
                ('last_used_at', models.DateTimeField(blank=True, null=True)),
                ('used_count', models.IntegerField(default=0)),
                ('made_by', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('partner', prm.tenancy.models.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='partners.partner')),
                ('program', prm.tenancy.models.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='partners.program')),
                ('tenant', models.ForeignKey(db_default=prm.tenancy.sql.CurrentTenant(), db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='prm.tenant')),
            ],
            options={
                'db_table': 'referrals_submit_link',
                'indexes': [models.Index(fields=['tenant', 'partner', '-made_at', '-id'], name='submit_link_newest')],
                'constraints': [models.UniqueConstraint(fields=('tenant', 'token_digest'), name='submit_link_token_once')],
            },
        ),
        protect("referrals_submit_link", references={"partner_id": "partners_partner", "program_id": "partners_program"}, partner="partner_id"),
        protect("referrals_receipt", references={"referral_id": "referrals_referral"}, partner="partner_id", append_only=True, updatable=("partner_id",)),
    ]
