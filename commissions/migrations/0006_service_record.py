"""How a vendor keeps its word, counted over all partners and told to each without naming any."""

from django.db import migrations

from prm.tenancy.rls import guarded_function


class Migration(migrations.Migration):
    dependencies = [
        ("commissions", "0005_split_lines"),
        ("referrals", "0013_answer_default"),
    ]

    operations = [
        migrations.RunSQL(
            sql="grant select on commissions_accrual, commissions_payout, commissions_payout_run, prm_tenant to prm_guard",
            reverse_sql=migrations.RunSQL.noop,
        ),
        guarded_function(
            "commissions_service_record(timestamptz)",
            """
            create function commissions_service_record(p_since timestamptz)
            returns table (
              decision_hours double precision, decided bigint, paid bigint, paid_on_time bigint,
              earned bigint, taken_back bigint)
            language sql stable security definer set search_path = pg_catalog as $$
              with here as (
                select t.id, t.time_zone from public.prm_tenant t
                 where t.id = nullif(current_setting('app.tenant_id', true), '')::bigint
              ), answers as (
                select percentile_cont(0.5) within group (
                         order by extract(epoch from r.decided_at - r.registered_at) / 3600) as hours,
                       count(*) as n
                  from public.referrals_referral r, here
                 where r.tenant_id = here.id and r.decided_at >= p_since and r.import_id is null
              ), payments as (
                select count(*) as n,
                       count(*) filter (where (p.settled_at at time zone here.time_zone)::date <= u.pay_on) as timely
                  from public.commissions_payout p
                  join public.commissions_payout_run u on u.tenant_id = p.tenant_id and u.id = p.run_id, here
                 where p.tenant_id = here.id and p.state = 'settled' and p.settled_at >= p_since
              ), rewards as (
                select count(*) as n, count(*) filter (where a.clawed_minor > 0) as back
                  from public.commissions_accrual a, here
                 where a.tenant_id = here.id and a.earned_at >= p_since
              )
              select answers.hours, answers.n, payments.n, payments.timely, rewards.n, rewards.back
                from answers, payments, rewards
            $$""",
        ),
    ]
