"""Rights of the application's role, row-level security, and the functions that look across tenants."""

from django.db import migrations

from prm.tenancy.rls import APPEND_ONLY_FUNCTION, guarded_function, protect


def due_function(name: str, query: str) -> migrations.RunSQL:
    """Return a function that lists tenants with work to do, and nothing else about them."""
    return guarded_function(
        f"{name}()",
        f"create function {name}() returns table (tenant_id bigint) language sql stable security definer "
        f"set search_path = pg_catalog as $$ {query} $$",
    )


class Migration(migrations.Migration):
    dependencies = [("prm", "0001_initial")]

    operations = [
        migrations.RunSQL(
            sql="""
            grant usage on schema public to prm_app, prm_guard;
            grant create on schema public to prm_guard;
            grant select, insert, update, delete on all tables in schema public to prm_app;
            grant usage, select on all sequences in schema public to prm_app;
            alter default privileges in schema public grant select, insert, update, delete on tables to prm_app;
            alter default privileges in schema public grant usage, select on sequences to prm_app;
            revoke insert, update, delete on django_migrations from prm_app;
            revoke delete on prm_tenant from prm_app;
            """,
            reverse_sql=migrations.RunSQL.noop,
        ),
        migrations.RunSQL(sql=APPEND_ONLY_FUNCTION, reverse_sql="drop function prm_append_only()"),
        protect("prm_counter"),
        protect("prm_invitation", partner="partner_id"),
        protect("prm_event", partner="partner_id", append_only=True),
        protect("prm_queued_event", references={"event_id": "prm_event"}),
        protect("prm_handled_event", references={"event_id": "prm_event"}),
        protect("prm_event_seal", references={"event_id": "prm_event"}, append_only=True),
        protect("prm_mail"),
        protect("prm_notice"),
        protect("prm_notice_preference"),
        protect("prm_job", partner="partner_id"),
        migrations.RunSQL(
            sql="grant select on prm_queued_event, prm_event, prm_event_seal, prm_mail, prm_job to prm_guard",
            reverse_sql=migrations.RunSQL.noop,
        ),
        due_function(
            "prm_tenants_with_due_events",
            "select distinct q.tenant_id from public.prm_queued_event q "
            "where q.stuck_at is null and q.next_attempt_at <= pg_catalog.now()",
        ),
        due_function(
            "prm_tenants_with_unsealed_events",
            "select t.id from public.prm_tenant t where exists (select from public.prm_event e where e.tenant_id = t.id "
            "and e.id > coalesce((select max(s.event_id) from public.prm_event_seal s where s.tenant_id = t.id), 0))",
        ),
        due_function(
            "prm_tenants_with_due_mail",
            "select distinct m.tenant_id from public.prm_mail m where m.state in ('queued', 'sending') "
            "and m.next_attempt_at <= pg_catalog.now()",
        ),
        due_function(
            "prm_tenants_with_due_jobs",
            "select distinct j.tenant_id from public.prm_job j where j.state in ('queued', 'running') "
            "and (j.leased_until is null or j.leased_until < pg_catalog.now())",
        ),
        migrations.RunSQL(sql="grant select on prm_tenant to prm_guard", reverse_sql=migrations.RunSQL.noop),
    ]
