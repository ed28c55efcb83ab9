"""Contests, their prizes and places; standings that a partner reads without other partners' rows."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import prm.tenancy.models
import prm.tenancy.sql
from prm.tenancy.rls import guarded_function, protect
from prm.tenancy.sql import PARTNER_SQL, TENANT_SQL

# A partner reads every score, and of the partners only its own: names of others are the vendor's to show.
STANDINGS = f"""
create function commissions_contest_standings(p_contest uuid)
returns table (rank bigint, partner_id uuid, score bigint, reached_at timestamptz, entries bigint)
language sql stable security definer set search_path = pg_catalog as $$
  with contest as (
    select c.*, (c.starts_at at time zone t.time_zone)::date as first_day
      from public.commissions_contest c join public.prm_tenant t on t.id = c.tenant_id
     where c.tenant_id = {TENANT_SQL} and c.id = p_contest
       and ({PARTNER_SQL} is null or (c.published_at is not null and c.cancelled_at is null))
  ), counted as (
    select r.partner_id, x.at, coalesce(x.deal_minor, r.deal_minor, 0) as minor, c.metric
      from contest c
      join public.referrals_referral r on r.tenant_id = c.tenant_id and r.program_id = c.program_id
      join public.referrals_stage_change x on x.tenant_id = r.tenant_id and x.referral_id = r.id
           and x.to_kind = case c.metric when 'qualified' then 'qualified' else 'won' end
           and x.at >= c.starts_at and x.at < c.ends_at
     where case c.metric when 'qualified' then r.stage_kind <> 'rejected' else r.stage_kind = 'won' end
       and (jsonb_array_length(c.products) = 0 or exists (
             select from jsonb_array_elements_text(c.products) p where lower(p) = lower(r.product)))
       and not exists (
             select from public.referrals_stage_change e
              where e.tenant_id = r.tenant_id and e.referral_id = r.id and e.to_kind = x.to_kind
                and (e.at, e.id) < (x.at, x.id))
  ), eligible as (
    select n.partner_id, n.since
      from contest c
      join public.partners_enrollment n on n.tenant_id = c.tenant_id and n.program_id = c.program_id
           and n.state in ('active', 'approved')
     where jsonb_array_length(c.tiers) = 0 or exists (
             select from jsonb_array_elements_text(c.tiers) w
              where w = coalesce(
                (select t.name from public.commissions_tier_standing s
                   join public.commissions_tier t on t.tenant_id = s.tenant_id and t.id = s.tier_id
                  where s.tenant_id = c.tenant_id and s.program_id = c.program_id and s.partner_id = n.partner_id
                    and s.starts_on <= c.first_day and (s.ends_on is null or s.ends_on > c.first_day)),
                (select t.name from public.commissions_tier t
                  where t.tenant_id = c.tenant_id and t.program_id = c.program_id order by t.position limit 1)))
  ), scores as (
    select k.partner_id, max(e.since) as since, sum(k.minor)::bigint as minor, max(k.at) as reached_at,
           count(*) as entries, case when max(k.metric) = 'value' then sum(k.minor)::bigint else count(*) end as score
      from counted k join eligible e on e.partner_id = k.partner_id
     group by k.partner_id
  )
  select row_number() over (
           order by s.score desc, case when c.tie_rule = 'value' then s.minor end desc nulls last,
                    s.reached_at, s.since, s.partner_id),
         case when {PARTNER_SQL} is null or s.partner_id = {PARTNER_SQL} then s.partner_id end,
         s.score, s.reached_at, s.entries
    from scores s, contest c where c.settled_at is null
  union all
  select p.rank, case when {PARTNER_SQL} is null or p.partner_id = {PARTNER_SQL} then p.partner_id end,
         p.score, p.reached_at, 0
    from contest c
    join public.commissions_contest_place p on p.tenant_id = c.tenant_id and p.contest_id = c.id
   where c.settled_at is not null
   order by 1
$$"""  # noqa: S608  built of constants


class Migration(migrations.Migration):
    dependencies = [
        ("commissions", "0011_tiers"),
        ("partners", "0013_answer_hours"),
        ("prm", "0016_membership_visits"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Contest",
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
                ("title", models.CharField(max_length=120)),
                ("description", models.TextField(blank=True)),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                (
                    "metric",
                    models.CharField(
                        choices=[
                            ("qualified", "Qualified referrals"),
                            ("won", "Won referrals"),
                            ("value", "Value of won deals"),
                        ],
                        max_length=10,
                    ),
                ),
                ("products", models.JSONField(blank=True, default=list)),
                ("tiers", models.JSONField(blank=True, default=list)),
                ("least", models.BigIntegerField(default=1)),
                (
                    "tie_rule",
                    models.CharField(
                        choices=[
                            ("first", "Who reached the score first"),
                            (
                                "value",
                                "Who has won the higher value; then who reached the score first",
                            ),
                        ],
                        default="first",
                        max_length=6,
                    ),
                ),
                ("check_days", models.IntegerField(default=7)),
                ("currency", models.CharField(max_length=3)),
                ("version", models.IntegerField(default=1)),
                ("published_at", models.DateTimeField(blank=True, null=True)),
                ("settled_at", models.DateTimeField(blank=True, null=True)),
                ("cancelled_at", models.DateTimeField(blank=True, null=True)),
                ("cancel_reason", models.CharField(blank=True, max_length=500)),
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
                "db_table": "commissions_contest",
            },
        ),
        migrations.CreateModel(
            name="ContestChange",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("version", models.IntegerField()),
                ("reason", models.CharField(max_length=500)),
                ("changes", models.JSONField(default=dict)),
                ("at", models.DateTimeField()),
                (
                    "changed_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "contest",
                    prm.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="commissions.contest",
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
                "db_table": "commissions_contest_change",
            },
        ),
        migrations.CreateModel(
            name="Prize",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("rank", models.IntegerField()),
                ("amount_minor", models.BigIntegerField(default=0)),
                ("goods", models.CharField(blank=True, max_length=120)),
                ("cost_minor", models.BigIntegerField(default=0)),
                (
                    "contest",
                    prm.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="commissions.contest",
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
                "db_table": "commissions_contest_prize",
            },
        ),
        migrations.CreateModel(
            name="ContestPlace",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("rank", models.IntegerField()),
                ("score", models.BigIntegerField()),
                ("reached_at", models.DateTimeField()),
                ("at", models.DateTimeField()),
                (
                    "contest",
                    prm.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="commissions.contest",
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
                    "transfer",
                    prm.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="commissions.transfer",
                    ),
                ),
                (
                    "prize",
                    prm.tenancy.models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="commissions.prize",
                    ),
                ),
            ],
            options={
                "db_table": "commissions_contest_place",
            },
        ),
        migrations.AddIndex(
            model_name="contest",
            index=models.Index(fields=["tenant", "-starts_at", "-id"], name="contest_newest"),
        ),
        migrations.AddConstraint(
            model_name="contest",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_at__gt", models.F("starts_at"))), name="contest_lasts"
            ),
        ),
        migrations.AddConstraint(
            model_name="contest",
            constraint=models.CheckConstraint(
                condition=models.Q(("least__gte", 1), ("check_days__range", (0, 90))),
                name="contest_bounds",
            ),
        ),
        migrations.AddConstraint(
            model_name="contest",
            constraint=models.CheckConstraint(
                condition=models.Q(("settled_at", None), ("cancelled_at", None), _connector="OR"),
                name="contest_one_end",
            ),
        ),
        migrations.AddConstraint(
            model_name="contestchange",
            constraint=models.UniqueConstraint(
                fields=("tenant", "contest", "version"), name="contest_change_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="prize",
            constraint=models.UniqueConstraint(
                fields=("tenant", "contest", "rank"), name="prize_rank_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="prize",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("amount_minor__gt", 0), ("cost_minor", 0), ("goods", "")),
                    models.Q(
                        ("amount_minor", 0),
                        ("cost_minor__gte", 0),
                        models.Q(("goods", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="prize_money_or_goods",
            ),
        ),
        migrations.AddConstraint(
            model_name="prize",
            constraint=models.CheckConstraint(
                condition=models.Q(("rank__range", (1, 50))), name="prize_rank_range"
            ),
        ),
        migrations.AddIndex(
            model_name="contestplace",
            index=models.Index(fields=["tenant", "transfer"], name="contest_place_transfer"),
        ),
        migrations.AddConstraint(
            model_name="contestplace",
            constraint=models.UniqueConstraint(
                fields=("tenant", "contest", "partner"), name="contest_place_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="contestplace",
            constraint=models.UniqueConstraint(
                fields=("tenant", "contest", "rank"), name="contest_rank_once"
            ),
        ),
        protect("commissions_contest", references={"program_id": "partners_program"}),
        protect("commissions_contest_prize", references={"contest_id": "commissions_contest"}),
        protect(
            "commissions_contest_change",
            references={"contest_id": "commissions_contest"},
            append_only=True,
        ),
        protect(
            "commissions_contest_place",
            partner="partner_id",
            partner_writes=False,
            references={
                "contest_id": "commissions_contest",
                "partner_id": "partners_partner",
                "prize_id": "commissions_contest_prize",
                "transfer_id": "commissions_transfer",
            },
            append_only=True,
            updatable=("partner_id",),
        ),
        migrations.RunSQL(
            sql="grant select on commissions_contest, commissions_contest_place, commissions_tier, commissions_tier_standing,"
            " referrals_referral, referrals_stage_change, partners_enrollment, prm_tenant to prm_guard",
            reverse_sql=migrations.RunSQL.noop,
        ),
        guarded_function("commissions_contest_standings(uuid)", STANDINGS),
    ]
