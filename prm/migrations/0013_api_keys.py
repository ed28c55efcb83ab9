"""Keys of programs, and the answers to their calls."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
import prm.tenancy.models
import prm.tenancy.sql
from django.conf import settings
from django.db import migrations, models

from prm.tenancy.rls import protect


class Migration(migrations.Migration):

    dependencies = [
        ('prm', '0012_work_calendar'),
    ]

    operations = [
        migrations.CreateModel(
            name='ApiKey',
            fields=[
                ('id', models.UUIDField(db_default=prm.tenancy.sql.UUID7(), editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=80)),
                ('partner_id', models.UUIDField(blank=True, null=True)),
                ('prefix', models.CharField(max_length=12)),
                ('secret_digest', models.CharField(max_length=64)),
                ('scopes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=20), size=None)),
                ('made_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField(blank=True, null=True)),
                ('last_used_at', models.DateTimeField(blank=True, null=True)),
                ('revoked_at', models.DateTimeField(blank=True, null=True)),
                ('made_by', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('tenant', models.ForeignKey(db_default=prm.tenancy.sql.CurrentTenant(), db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='prm.tenant')),
            ],
            options={
                'db_table': 'prm_api_key',
            },
        ),
        migrations.CreateModel(
            name='IdempotencyKey',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('partner_id', models.UUIDField(blank=True, null=True)),
                ('key', models.CharField(max_length=200)),
                ('request_digest', models.CharField(max_length=64)),
                ('status', models.IntegerField()),
                ('body', models.TextField()),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('api_key', prm.tenancy.models.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='prm.apikey')),
                ('tenant', models.ForeignKey(db_default=prm.tenancy.sql.CurrentTenant(), db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='prm.tenant')),
            ],
            options={
                'db_table': 'prm_idempotency_key',
            },
        ),
        migrations.AddIndex(
            model_name='apikey',
            index=models.Index(fields=['tenant', 'partner_id', '-made_at'], name='api_key_newest'),
        ),
        migrations.AddConstraint(
            model_name='apikey',
            constraint=models.UniqueConstraint(fields=('tenant', 'secret_digest'), name='api_key_secret_once'),
        ),
        migrations.AddIndex(
            model_name='idempotencykey',
            index=models.Index(fields=['tenant', 'created_at'], name='idempotency_key_age'),
        ),
        migrations.AddConstraint(
            model_name='idempotencykey',
            constraint=models.UniqueConstraint(fields=('tenant', 'api_key', 'key'), name='idempotency_key_once'),
        ),
        protect("prm_api_key", partner="partner_id"),
        protect("prm_idempotency_key", references={"api_key_id": "prm_api_key"}, partner="partner_id"),
    ]
