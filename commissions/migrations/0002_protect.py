"""Row-level security of the commissions' tables; what is only ever added; one plan version at a time."""

from django.db import migrations

from prm.tenancy.rls import guarded_function, protect

PARTNER = {"partner_id": "partners_partner"}


class Migration(migrations.Migration):
    dependencies = [("commissions", "0001_initial"), ("partners", "0002_protect"), ("prm", "0002_protect")]

    operations = [
        protect("commissions_plan_version", references={"program_id": "partners_program"}),
        migrations.RunSQL(
            sql="""
            create extension if not exists btree_gist;
            alter table commissions_plan_version add constraint plan_version_one_at_a_time
              exclude using gist (tenant_id with =, program_id with =, tstzrange(starts_at, ends_at) with &&)
              where (published_at is not null);
            create function commissions_plan_is_frozen() returns trigger language plpgsql set search_path = pg_catalog as $$
            begin
              if tg_op = 'DELETE' then
                raise exception 'a published plan version stays' using errcode = 'insufficient_privilege';
              end if;
              if (to_jsonb(old) - 'ends_at') is distinct from (to_jsonb(new) - 'ends_at') or old.ends_at is not null then
                raise exception 'a published plan version is never changed' using errcode = 'insufficient_privilege';
              end if;
              return new;
            end $$;
            create trigger plan_frozen before update or delete on commissions_plan_version for each row
              when (old.published_at is not null) execute function commissions_plan_is_frozen();
            """,
            reverse_sql=migrations.RunSQL.noop,
        ),
        protect("commissions_plan_rule", references={"version_id": "commissions_plan_version"}),
        migrations.RunSQL(
            sql="""
            create function commissions_rule_is_frozen() returns trigger language plpgsql set search_path = pg_catalog as $$
            declare held public.commissions_plan_rule;
            begin
              if tg_op = 'INSERT' then held := new; else held := old; end if;
              if exists (select from public.commissions_plan_version v where v.tenant_id = held.tenant_id
                         and v.id = held.version_id and v.published_at is not null) then
                raise exception 'the rules of a published plan version are never changed'
                  using errcode = 'insufficient_privilege';
              end if;
              if tg_op = 'DELETE' then return old; end if;
              return new;
            end $$;
            create trigger rule_frozen before insert or update or delete on commissions_plan_rule for each row
              execute function commissions_rule_is_frozen();
            """,
            reverse_sql=migrations.RunSQL.noop,
        ),
        protect("commissions_account", partner="partner_id", partner_writes=False, references=PARTNER, append_only=True),
        protect("commissions_balance", references={"id": "commissions_account"}),
        protect(
            "commissions_transfer",
            partner="partner_id",
            partner_writes=False,
            references={**PARTNER, "reverses_id": "commissions_transfer"},
            append_only=True,
        ),
        # Both accounts are of the transfer's tenant and currency.
        migrations.RunSQL(
            sql="""
            alter table commissions_account add constraint commissions_account_currency_key unique (tenant_id, id, currency);
            alter table commissions_transfer
              add constraint transfer_debit_fits foreign key (tenant_id, debit_account_id, currency)
                references commissions_account (tenant_id, id, currency),
              add constraint transfer_credit_fits foreign key (tenant_id, credit_account_id, currency)
                references commissions_account (tenant_id, id, currency);
            """,
            reverse_sql=migrations.RunSQL.noop,
        ),
        protect(
            "commissions_accrual",
            partner="partner_id",
            partner_writes=False,
            references={
                **PARTNER,
                "version_id": "commissions_plan_version",
                "rule_id": "commissions_plan_rule",
                "transfer_id": "commissions_transfer",
            },
            append_only=True,
            updatable=["clawed_minor"],
        ),
        protect(
            "commissions_release",
            partner="partner_id",
            partner_writes=False,
            references={**PARTNER, "accrual_id": "commissions_accrual", "transfer_id": "commissions_transfer"},
            append_only=True,
        ),
        protect(
            "commissions_clawback",
            partner="partner_id",
            partner_writes=False,
            references={**PARTNER, "accrual_id": "commissions_accrual", "transfer_id": "commissions_transfer"},
            append_only=True,
        ),
        protect("commissions_payout_account", partner="partner_id", references=PARTNER, append_only=True),
        protect("commissions_payout_run"),
        protect(
            "commissions_payout",
            partner="partner_id",
            partner_writes=False,
            references={
                **PARTNER,
                "run_id": "commissions_payout_run",
                "account_id": "commissions_payout_account",
            },
            append_only=True,
            updatable=["state", "settled_at", "returned_at", "return_reason"],
        ),
        protect(
            "commissions_payout_line",
            partner="partner_id",
            partner_writes=False,
            references={**PARTNER, "payout_id": "commissions_payout", "transfer_id": "commissions_transfer"},
            append_only=True,
            updatable=["released_at"],
        ),
        protect(
            "commissions_payout_exclusion",
            partner="partner_id",
            partner_writes=False,
            references={**PARTNER, "run_id": "commissions_payout_run"},
            append_only=True,
        ),
        protect(
            "commissions_statement",
            partner="partner_id",
            partner_writes=False,
            references=PARTNER,
            append_only=True,
        ),
        protect(
            "commissions_statement_line",
            partner="partner_id",
            partner_writes=False,
            references={
                **PARTNER,
                "statement_id": "commissions_statement",
                "transfer_id": "commissions_transfer",
            },
            append_only=True,
        ),
        migrations.RunSQL(
            sql="grant select on commissions_accrual, commissions_release to prm_guard",
            reverse_sql=migrations.RunSQL.noop,
        ),
        guarded_function(
            "commissions_tenants_with_due_releases()",
            """
            create function commissions_tenants_with_due_releases() returns table (tenant_id bigint)
            language sql stable security definer set search_path = pg_catalog as $$
              select t.id from public.prm_tenant t where exists (
                select from public.commissions_accrual a where a.tenant_id = t.id and a.payable_at <= pg_catalog.now()
                  and not exists (select from public.commissions_release r
                                   where r.tenant_id = a.tenant_id and r.accrual_id = a.id))
            $$""",
        ),
    ]
