"""Closed months, their reports' proofs, account codes; write-offs, exchange rates, conversions, caps of deductions."""

import django.core.validators
import django.db.models.deletion
import prm.tenancy.models
import prm.tenancy.sql
from django.conf import settings
from django.db import migrations, models

from prm.tenancy.rls import guarded_function, protect


class Migration(migrations.Migration):

    dependencies = [
        ('commissions', '0008_payout_methods'),
        ('partners', '0013_answer_hours'),
        ('prm', '0016_membership_visits'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='AccountCode',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=20)),
                ('code', models.CharField(max_length=20)),
                ('name', models.CharField(max_length=80)),
            ],
            options={
                'db_table': 'commissions_account_code',
            },
        ),
        migrations.CreateModel(
            name='ClosedPeriod',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('period', models.IntegerField()),
                ('closed_at', models.DateTimeField()),
                ('transfer_count', models.BigIntegerField()),
                ('days', models.JSONField(default=dict)),
                ('digest', models.CharField(max_length=64)),
                ('totals', models.JSONField(default=dict)),
                ('frozen', models.JSONField(default=dict)),
            ],
            options={
                'db_table': 'commissions_period',
            },
        ),
        migrations.CreateModel(
            name='Conversion',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('key', models.CharField(max_length=64)),
                ('from_minor', models.BigIntegerField()),
                ('from_currency', models.CharField(max_length=3)),
                ('to_minor', models.BigIntegerField()),
                ('to_currency', models.CharField(max_length=3)),
                ('rate', models.DecimalField(decimal_places=8, max_digits=18)),
                ('rated_on', models.DateField()),
                ('source', models.CharField(max_length=80)),
                ('reason', models.CharField(max_length=300)),
                ('booked_at', models.DateTimeField()),
            ],
            options={
                'db_table': 'commissions_conversion',
            },
        ),
        migrations.CreateModel(
            name='DeductionCap',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('percent', models.SmallIntegerField(validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(100)])),
            ],
            options={
                'db_table': 'commissions_deduction_cap',
            },
        ),
        migrations.CreateModel(
            name='ExchangeRate',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('from_currency', models.CharField(max_length=3)),
                ('to_currency', models.CharField(max_length=3)),
                ('rated_on', models.DateField()),
                ('rate', models.DecimalField(decimal_places=8, max_digits=18)),
                ('source', models.CharField(max_length=80)),
                ('entered_at', models.DateTimeField()),
            ],
            options={
                'db_table': 'commissions_exchange_rate',
            },
        ),
        migrations.CreateModel(
            name='PeriodReport',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=12)),
                ('digest', models.CharField(max_length=64)),
                ('row_count', models.BigIntegerField()),
                ('written_at', models.DateTimeField()),
            ],
            options={
                'db_table': 'commissions_period_report',
            },
        ),
        migrations.CreateModel(
            name='WriteOff',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('currency', models.CharField(max_length=3)),
                ('amount_minor', models.BigIntegerField()),
                ('reason', models.CharField(max_length=300)),
                ('state', models.CharField(choices=[('asked', 'Waiting for approval'), ('approved', 'Written off'), ('refused', 'Refused')], default='asked', max_length=10)),
                ('asked_at', models.DateTimeField()),
                ('decided_at', models.DateTimeField(blank=True, null=True)),
                ('answer', models.CharField(blank=True, max_length=300)),
            ],
            options={
                'db_table': 'commissions_write_off',
            },
        ),
        migrations.RemoveConstraint(
            model_name='account',
            name='account_partner_fits_kind',
        ),
        migrations.AlterField(
            model_name='account',
            name='kind',
            field=models.CharField(choices=[('pending', 'Pending'), ('payable', 'Payable'), ('disputed', 'Disputed'), ('in_payout', 'In Payout'), ('deferred', 'Deferred'), ('commission_expense', 'Commission Expense'), ('cash', 'Cash'), ('fees', 'Fees'), ('fx', 'Fx'), ('withheld_tax', 'Withheld Tax'), ('adjustments', 'Adjustments'), ('breakage', 'Breakage'), ('write_offs', 'Write Offs')], max_length=20),
        ),
        migrations.AddConstraint(
            model_name='account',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind__in', ('pending', 'payable', 'disputed', 'in_payout', 'deferred')), ('partner__isnull', False)), models.Q(models.Q(('kind__in', ('pending', 'payable', 'disputed', 'in_payout', 'deferred')), _negated=True), ('partner__isnull', True)), _connector='OR'), name='account_partner_fits_kind'),
        ),
        migrations.AddField(
            model_name='accountcode',
            name='tenant',
            field=models.ForeignKey(db_default=prm.tenancy.sql.CurrentTenant(), db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='prm.tenant'),
        ),
        migrations.AddField(
            model_name='closedperiod',
            name='closed_by',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='closedperiod',
            name='tenant',
            field=models.ForeignKey(db_default=prm.tenancy.sql.CurrentTenant(), db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='prm.tenant'),
        ),
        migrations.AddField(
            model_name='conversion',
            name='booked_by',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='conversion',
            name='in_transfer',
            field=prm.tenancy.models.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='commissions.transfer'),
        ),
        migrations.AddField(
            model_name='conversion',
            name='out_transfer',
            field=prm.tenancy.models.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='commissions.transfer'),
        ),
        migrations.AddField(
            model_name='conversion',
            name='partner',
            field=prm.tenancy.models.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='partners.partner'),
        ),
        migrations.AddField(
            model_name='conversion',
            name='tenant',
            field=models.ForeignKey(db_default=prm.tenancy.sql.CurrentTenant(), db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='prm.tenant'),
        ),
        migrations.AddField(
            model_name='deductioncap',
            name='program',
            field=prm.tenancy.models.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='partners.program'),
        ),
        migrations.AddField(
            model_name='deductioncap',
            name='tenant',
            field=models.ForeignKey(db_default=prm.tenancy.sql.CurrentTenant(), db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='prm.tenant'),
        ),
        migrations.AddField(
            model_name='exchangerate',
            name='entered_by',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='exchangerate',
            name='tenant',
            field=models.ForeignKey(db_default=prm.tenancy.sql.CurrentTenant(), db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='prm.tenant'),
        ),
        migrations.AddField(
            model_name='periodreport',
            name='period',
            field=prm.tenancy.models.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='commissions.closedperiod'),
        ),
        migrations.AddField(
            model_name='periodreport',
            name='tenant',
            field=models.ForeignKey(db_default=prm.tenancy.sql.CurrentTenant(), db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='prm.tenant'),
        ),
        migrations.AddField(
            model_name='writeoff',
            name='asked_by',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='writeoff',
            name='decided_by',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='writeoff',
            name='partner',
            field=prm.tenancy.models.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='partners.partner'),
        ),
        migrations.AddField(
            model_name='writeoff',
            name='tenant',
            field=models.ForeignKey(db_default=prm.tenancy.sql.CurrentTenant(), db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='prm.tenant'),
        ),
        migrations.AddField(
            model_name='writeoff',
            name='transfer',
            field=prm.tenancy.models.TenantForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='commissions.transfer'),
        ),
        migrations.AddConstraint(
            model_name='accountcode',
            constraint=models.UniqueConstraint(fields=('tenant', 'kind'), name='account_code_kind_once'),
        ),
        migrations.AddConstraint(
            model_name='closedperiod',
            constraint=models.UniqueConstraint(fields=('tenant', 'period'), name='period_closed_once'),
        ),
        migrations.AddConstraint(
            model_name='closedperiod',
            constraint=models.CheckConstraint(condition=models.Q(('period__gte', 190001), ('period__lte', 999912)), name='period_is_yyyymm'),
        ),
        migrations.AddIndex(
            model_name='conversion',
            index=models.Index(fields=['tenant', '-booked_at', '-id'], name='conversion_newest'),
        ),
        migrations.AddConstraint(
            model_name='conversion',
            constraint=models.UniqueConstraint(fields=('tenant', 'key'), name='conversion_once'),
        ),
        migrations.AddConstraint(
            model_name='conversion',
            constraint=models.CheckConstraint(condition=models.Q(('from_minor__gt', 0), ('rate__gt', 0), ('to_minor__gt', 0)), name='conversion_positive'),
        ),
        migrations.AddConstraint(
            model_name='conversion',
            constraint=models.CheckConstraint(condition=models.Q(('from_currency', models.F('to_currency')), _negated=True), name='conversion_two_currencies'),
        ),
        migrations.AddConstraint(
            model_name='deductioncap',
            constraint=models.UniqueConstraint(fields=('tenant', 'program'), name='deduction_cap_once'),
        ),
        migrations.AddConstraint(
            model_name='deductioncap',
            constraint=models.CheckConstraint(condition=models.Q(('percent__gte', 1), ('percent__lte', 100)), name='deduction_cap_percent'),
        ),
        migrations.AddIndex(
            model_name='exchangerate',
            index=models.Index(fields=['tenant', 'from_currency', 'to_currency', '-rated_on', '-id'], name='exchange_rate_pair'),
        ),
        migrations.AddConstraint(
            model_name='exchangerate',
            constraint=models.CheckConstraint(condition=models.Q(('rate__gt', 0)), name='exchange_rate_positive'),
        ),
        migrations.AddConstraint(
            model_name='exchangerate',
            constraint=models.CheckConstraint(condition=models.Q(('from_currency', models.F('to_currency')), _negated=True), name='exchange_rate_two_currencies'),
        ),
        migrations.AddConstraint(
            model_name='periodreport',
            constraint=models.UniqueConstraint(fields=('tenant', 'period', 'kind'), name='period_report_once'),
        ),
        migrations.AddIndex(
            model_name='writeoff',
            index=models.Index(fields=['tenant', '-asked_at', '-id'], name='write_off_newest'),
        ),
        migrations.AddConstraint(
            model_name='writeoff',
            constraint=models.CheckConstraint(condition=models.Q(('amount_minor__gt', 0)), name='write_off_positive'),
        ),
        migrations.AddConstraint(
            model_name='writeoff',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'asked')), fields=('tenant', 'partner', 'currency'), name='write_off_one_asked'),
        ),
        migrations.AddConstraint(
            model_name='writeoff',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'approved'), _negated=True), models.Q(('decided_at__isnull', False), ('transfer__isnull', False)), _connector='OR'), name='write_off_approved_is_booked'),
        ),
        migrations.AddConstraint(
            model_name='writeoff',
            constraint=models.CheckConstraint(condition=models.Q(('decided_by', None), models.Q(('decided_by', models.F('asked_by')), _negated=True), _connector='OR'), name='write_off_two_people'),
        ),
        protect("commissions_period", append_only=True),
        protect(
            "commissions_period_report",
            references={"period_id": "commissions_period"},
            append_only=True,
        ),
        protect("commissions_account_code"),
        protect(
            "commissions_write_off",
            partner="partner_id",
            partner_writes=False,
            references={"partner_id": "partners_partner", "transfer_id": "commissions_transfer"},
            append_only=True,
            updatable=["state", "decided_by_id", "decided_at", "answer", "transfer_id"],
        ),
        protect("commissions_exchange_rate", append_only=True),
        protect(
            "commissions_conversion",
            partner="partner_id",
            partner_writes=False,
            references={
                "partner_id": "partners_partner",
                "out_transfer_id": "commissions_transfer",
                "in_transfer_id": "commissions_transfer",
            },
            append_only=True,
        ),
        protect("commissions_deduction_cap", references={"program_id": "partners_program"}),
        migrations.RunSQL(
            sql="""
            create trigger write_off_decided before update on commissions_write_off for each row
              when (old.state <> 'asked') execute function prm_append_only();
            grant select on commissions_period to prm_guard;
            """,
            reverse_sql=migrations.RunSQL.noop,
        ),
        # Who posts holds the tenant's lock shared until its commit, who closes holds it alone: either the transfer is
        # counted by the closing, or the poster sees the month closed. A look without a lock missed 54 of 60 races
        # (RULES.md).
        guarded_function(
            "commissions_period_is_open()",
            """
            create function commissions_period_is_open() returns trigger language plpgsql security definer
              set search_path = pg_catalog as $$
            declare posted record;
            begin
              for posted in select tenant_id, min(period) as period from new_transfers group by tenant_id loop
                perform pg_advisory_xact_lock_shared(hashtextextended('commissions.closing', posted.tenant_id));
                if exists (select from public.commissions_period c
                            where c.tenant_id = posted.tenant_id and c.period >= posted.period) then
                  raise exception 'period % is closed', posted.period using errcode = 'check_violation';
                end if;
              end loop;
              return null;
            end $$;
            create trigger period_open after insert on commissions_transfer
              referencing new table as new_transfers for each statement execute function commissions_period_is_open()""",
        ),
        guarded_function(
            "commissions_periods_in_order()",
            """
            create function commissions_periods_in_order() returns trigger language plpgsql security definer
              set search_path = pg_catalog as $$
            begin
              perform pg_advisory_xact_lock(hashtextextended('commissions.closing', new.tenant_id));
              if exists (select from public.commissions_period c
                          where c.tenant_id = new.tenant_id and c.period >= new.period) then
                raise exception 'period % or a later one is closed', new.period using errcode = 'check_violation';
              end if;
              return new;
            end $$;
            create trigger in_order before insert on commissions_period for each row
              execute function commissions_periods_in_order()""",
        ),
    ]
