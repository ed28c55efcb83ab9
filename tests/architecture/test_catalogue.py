"""The database's own catalogue shows no table, key, function or role that breaks isolation."""

import pytest
from django.apps import apps
from django.db import connections

from prm.tenancy.models import TenantForeignKey, TenantModel

pytestmark = pytest.mark.django_db

OURS = ("prm", "partners", "referrals", "commissions")
# Tables that are read before a tenant is known; each is reached only through prm.accounts.
GLOBAL_WITH_TENANT = {"prm_membership": "read to find out which tenants a person belongs to"}

# Rows about a partner that its people never read by themselves: mails and notices are found by person.
NOT_BY_PARTNER = {"prm_mail", "prm_notice", "prm_membership"}

CHECKS = {
    "a partner's people see rivals' rows": f"""
        select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'partner_id'
        where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace
          and c.relname <> all(array{sorted(NOT_BY_PARTNER)})
          and not exists (select from pg_policy p where p.polrelid = c.oid and not p.polpermissive
                          and p.polqual is not null and p.polwithcheck is not null)""",
    "row-level security is not forced": """
        select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
        where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace
          and not (c.relrowsecurity and c.relforcerowsecurity)""",
    "no policy checks what is written": """
        select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
        where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace
          and not exists (select from pg_policy p where p.polrelid = c.oid and p.polwithcheck is not null)""",
    "a foreign key leaves its tenant": """
        select k.conname from pg_constraint k where k.contype = 'f'
          and exists (select from pg_attribute where attrelid = k.confrelid and attname = 'tenant_id')
          and not exists (select from pg_attribute x where x.attrelid = k.conrelid and x.attname = 'tenant_id'
                          and x.attnum = any(k.conkey))""",
    "a unique index spans tenants": """
        select c.relname || ': ' || i.indexrelid::regclass from pg_index i
          join pg_class c on c.oid = i.indrelid
          join pg_attribute a on a.attrelid = i.indrelid and a.attname = 'tenant_id'
        where i.indisunique and not a.attnum = any(i.indkey) and c.relnamespace = 'public'::regnamespace""",
    "a definer function has no pinned search path": """
        select p.oid::regprocedure::text from pg_proc p where p.prosecdef
          and p.pronamespace = 'public'::regnamespace
          and not exists (select from unnest(p.proconfig) x where x like 'search_path=%')""",
    "a definer function is not the guard's": """
        select p.oid::regprocedure::text from pg_proc p where p.prosecdef
          and p.pronamespace = 'public'::regnamespace and p.proowner <> 'prm_guard'::regrole""",
    "a view runs with its owner's rights": """
        select c.relname from pg_class c where c.relkind = 'v' and c.relnamespace = 'public'::regnamespace
          and not coalesce('security_invoker=true' = any(c.reloptions), false)""",
    "a materialized view shows every tenant": """
        select c.relname from pg_class c where c.relkind = 'm' and c.relnamespace = 'public'::regnamespace""",
    "the application's role is too strong": """
        select rolname from pg_roles where rolname = 'prm_app'
          and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb)
        union all select r.rolname from pg_auth_members m join pg_roles r on r.oid = m.roleid
          where m.member = 'prm_app'::regrole""",
    "the application's role owns something": """
        select relname from pg_class where relowner = 'prm_app'::regrole
          and relnamespace not in (select oid from pg_namespace
                                   where nspname like 'pg_%temp%' or nspname like 'pg_toast%')""",
}


@pytest.mark.parametrize("problem", CHECKS)
def test_the_catalogue_is_clean(problem: str) -> None:
    with connections["default"].cursor() as cursor:
        cursor.execute(CHECKS[problem])
        found = {row[0] for row in cursor.fetchall()}

    assert {
        name
        for name in found
        if name.split(":")[0] not in GLOBAL_WITH_TENANT and not name.startswith("prm_membership")
    } == set(), problem


def test_every_business_model_belongs_to_a_tenant() -> None:
    exempt = {"Tenant", "User", "Membership", "AccountMail"}

    naked = {
        model.__name__
        for app in OURS
        for model in apps.get_app_config(app).get_models()
        if not issubclass(model, TenantModel) and model.__name__ not in exempt
    }

    assert naked - {"UsedCode"} == set()


def test_every_reference_between_tenant_rows_is_a_composite_key() -> None:
    wanted = {
        (model._meta.db_table, field.column)
        for app in OURS
        for model in apps.get_app_config(app).get_models()
        for field in model._meta.local_fields
        if isinstance(field, TenantForeignKey)
    }
    with connections["default"].cursor() as cursor:
        cursor.execute(
            """
            select k.conrelid::regclass::text, a.attname from pg_constraint k
              join pg_attribute a on a.attrelid = k.conrelid and a.attnum = any(k.conkey) and a.attname <> 'tenant_id'
            where k.contype = 'f' and array_length(k.conkey, 1) >= 2""",
        )
        there = set(cursor.fetchall())

    assert wanted - there == set()
