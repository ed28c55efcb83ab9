"""Contests in which people of partners compete; their standings by what their employers allow."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from prm.tenancy.rls import guarded_function
from prm.tenancy.sql import PARTNER_SQL, TENANT_SQL


def allowing(partner: str, moment: str) -> str:
    """Return the condition that a partner lets its people receive rewards at a moment."""
    return f"""coalesce((
             select w.allows from public.commissions_rep_policy w
              where w.tenant_id = c.tenant_id and w.partner_id = {partner} and w.from_at <= {moment}
              order by w.from_at desc, w.id desc limit 1), 'none') <> 'none'"""  # noqa: S608  built of constants


# A partner reads every score, and of partners and people only its own: names of others are the vendor's to show.
# People take part while their partner lets them, with what they brought while it did, and while they work there.
STANDINGS = f"""
create function commissions_contest_standings(p_contest uuid, p_at timestamptz)
returns table (rank bigint, partner_id uuid, score bigint, reached_at timestamptz, entries bigint, person_id bigint)
language sql stable security definer set search_path = pg_catalog as $$
  with contest as (
    select c.*, (c.starts_at at time zone t.time_zone)::date as first_day
      from public.commissions_contest c join public.prm_tenant t on t.id = c.tenant_id
     where c.tenant_id = {TENANT_SQL} and c.id = p_contest
       and ({PARTNER_SQL} is null or (c.published_at is not null and c.cancelled_at is null))
  ), counted as (
    select r.partner_id, case c.competes when 'people' then r.submitted_by_id end as person_id, x.at,
           coalesce(x.deal_minor, r.deal_minor, 0) as minor, c.metric
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
       and (c.competes = 'companies' or (
             exists (select from public.prm_membership m
                      where m.tenant_id = c.tenant_id and m.partner_id = r.partner_id
                        and m.user_id = r.submitted_by_id and m.ended_at is null)
             and {allowing("r.partner_id", "x.at")}))
  ), eligible as (
    select n.partner_id, n.since
      from contest c
      join public.partners_enrollment n on n.tenant_id = c.tenant_id and n.program_id = c.program_id
           and n.state in ('active', 'approved')
      join public.partners_partner q on q.tenant_id = n.tenant_id and q.id = n.partner_id and q.state = 'active'
     where (jsonb_array_length(c.tiers) = 0 or exists (
             select from jsonb_array_elements_text(c.tiers) w
              where w = coalesce(
                (select t.name from public.commissions_tier_standing s
                   join public.commissions_tier t on t.tenant_id = s.tenant_id and t.id = s.tier_id
                  where s.tenant_id = c.tenant_id and s.program_id = c.program_id and s.partner_id = n.partner_id
                    and s.starts_on <= c.first_day and (s.ends_on is null or s.ends_on > c.first_day)),
                (select t.name from public.commissions_tier t
                  where t.tenant_id = c.tenant_id and t.program_id = c.program_id order by t.position limit 1))))
       and (c.competes = 'companies' or {allowing("n.partner_id", "p_at")})
  ), scores as (
    select k.partner_id, k.person_id, max(e.since) as since, sum(k.minor)::bigint as minor,
           max(k.at) as reached_at, count(*) as entries,
           case when max(k.metric) = 'value' then sum(k.minor)::bigint else count(*) end as score
      from counted k join eligible e on e.partner_id = k.partner_id
     group by k.partner_id, k.person_id
  ), placed as (
    select row_number() over (
             order by s.score desc, case when c.tie_rule = 'value' then s.minor end desc nulls last,
                      s.reached_at, s.since, s.partner_id, s.person_id) as rank,
           s.partner_id, s.score, s.reached_at, s.entries, s.person_id
      from scores s, contest c where c.settled_at is null
    union all
    select p.rank, p.partner_id, p.score, p.reached_at, 0, p.person_id
      from contest c
      join public.commissions_contest_place p on p.tenant_id = c.tenant_id and p.contest_id = c.id
     where c.settled_at is not null
  )
  select l.rank, case when l.is_open then l.partner_id end, l.score, l.reached_at, l.entries,
         case when l.is_open then l.person_id end
    from (select o.*, {PARTNER_SQL} is null or o.partner_id = {PARTNER_SQL} as is_open from placed o) l
   order by l.rank
$$"""  # noqa: S608  built of constants


class Migration(migrations.Migration):
    dependencies = [
        ("commissions", "0026_vat_numbers_checked"),
        ("partners", "0013_answer_hours"),
        ("prm", "0017_job_parts"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="contestplace", name="contest_place_once"),
        migrations.AddField(
            model_name="contest",
            name="competes",
            field=models.CharField(
                choices=[("companies", "Partners"), ("people", "People at partners")],
                db_default="companies",
                default="companies",
                max_length=9,
            ),
        ),
        migrations.AddField(
            model_name="contestplace",
            name="person",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex(
            model_name="contestplace",
            index=models.Index(
                condition=models.Q(("person", None), _negated=True),
                fields=["tenant", "partner", "person"],
                name="contest_place_person",
            ),
        ),
        migrations.AddConstraint(
            model_name="contestplace",
            constraint=models.UniqueConstraint(
                fields=("tenant", "contest", "partner", "person"),
                name="contest_place_once_each",
                nulls_distinct=False,
            ),
        ),
        migrations.RunSQL(
            sql="grant select on commissions_rep_policy, prm_membership to prm_guard",
            reverse_sql=migrations.RunSQL.noop,
        ),
        guarded_function("commissions_contest_standings(uuid, timestamptz)", STANDINGS),
        migrations.RunSQL(
            sql="set role prm_guard; drop function commissions_contest_standings(uuid); reset role",
            reverse_sql=migrations.RunSQL.noop,
        ),
    ]
