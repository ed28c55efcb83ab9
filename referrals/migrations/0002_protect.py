"""Row-level security of the referrals' tables, and the duplicate check that sees every partner's rows."""

from django.db import migrations

from prm.tenancy.rls import guarded_function, protect


class Migration(migrations.Migration):
    dependencies = [("referrals", "0001_initial"), ("partners", "0002_protect"), ("prm", "0002_protect")]

    operations = [
        protect("referrals_stage", references={"program_id": "partners_program"}),
        protect("referrals_stage_move", references={"from_stage_id": "referrals_stage", "to_stage_id": "referrals_stage"}),
        protect(
            "referrals_referral",
            partner="partner_id",
            references={
                "program_id": "partners_program",
                "partner_id": "partners_partner",
                "stage_id": "referrals_stage",
            },
        ),
        protect(
            "referrals_stage_change",
            partner="partner_id",
            references={
                "referral_id": "referrals_referral",
                "from_stage_id": "referrals_stage",
                "to_stage_id": "referrals_stage",
            },
        ),
        # A stage change is never edited; only the undo of an import takes its own rows away.
        migrations.RunSQL(
            sql="""
            revoke update, truncate on referrals_stage_change from prm_app;
            create trigger append_only_update before update on referrals_stage_change
              for each row execute function prm_append_only();
            create trigger append_only_delete before delete on referrals_stage_change
              for each row when (old.import_id is null) execute function prm_append_only();
            """,
            reverse_sql=migrations.RunSQL.noop,
        ),
        protect("referrals_note", partner="partner_id", references={"referral_id": "referrals_referral"}),
        protect(
            "referrals_customer",
            partner="partner_id",
            references={"referral_id": "referrals_referral", "partner_id": "partners_partner"},
        ),
        protect(
            "referrals_revenue_event",
            partner="partner_id",
            partner_writes=False,
            references={
                "customer_id": "referrals_customer",
                "referral_id": "referrals_referral",
                "partner_id": "partners_partner",
                "refunds_id": "referrals_revenue_event",
            },
        ),
        migrations.RunSQL(
            sql="""
            revoke update, truncate on referrals_revenue_event from prm_app;
            grant update (refunded_minor) on referrals_revenue_event to prm_app;
            create trigger append_only_delete before delete on referrals_revenue_event
              for each row when (old.import_id is null) execute function prm_append_only();
            """,
            reverse_sql=migrations.RunSQL.noop,
        ),
        protect("referrals_import", references={"program_id": "partners_program"}),
        protect("referrals_import_problem", references={"source_id": "referrals_import"}),
        migrations.RunSQL(
            sql="grant select on referrals_referral, referrals_customer to prm_guard",
            reverse_sql=migrations.RunSQL.noop,
        ),
        # Says only whether something is there, never whose it is.
        guarded_function(
            "referrals_known(text, text, uuid)",
            """
            create function referrals_known(p_domain text, p_email text, p_partner uuid)
            returns table (own_referral uuid, known boolean)
            language sql stable security definer set search_path = pg_catalog as $$
              with here as (
                select nullif(current_setting('app.tenant_id', true), '')::bigint as tenant_id
              ), hits as (
                select r.id, r.partner_id, r.registered_at from public.referrals_referral r, here
                 where r.tenant_id = here.tenant_id and p_domain <> '' and r.domain = p_domain
                   and r.stage_kind not in ('lost', 'rejected', 'expired')
                union all
                select r.id, r.partner_id, r.registered_at from public.referrals_referral r, here
                 where r.tenant_id = here.tenant_id and p_email <> '' and r.email_norm = p_email
                   and r.stage_kind not in ('lost', 'rejected', 'expired')
              )
              select (select h.id from hits h where h.partner_id = p_partner order by h.registered_at desc limit 1),
                     exists (select from hits h where h.partner_id is distinct from p_partner)
                     or exists (select from public.referrals_customer c, here
                                 where c.tenant_id = here.tenant_id
                                   and ((p_domain <> '' and c.domain = p_domain)
                                     or (p_email <> '' and c.email_norm = p_email)))
            $$""",
        ),
    ]
