"""The three database roles: who owns the tables, who works in them, who may look past the policies."""


def roles_sql(password: str) -> str:
    """Return the statements a superuser runs once per server; a repeat changes nothing.

    prm_owner owns database and tables and migrates. prm_app serves requests and tasks: rows only, always
    under the policies. prm_guard cannot log in; functions that must see every tenant belong to it.
    """
    quoted = "'" + password.replace("'", "''") + "'"
    return f"""
do $roles$
begin
  if not exists (select from pg_roles where rolname = 'prm_owner') then
    create role prm_owner login createdb nosuperuser nobypassrls password {quoted};
  end if;
  if not exists (select from pg_roles where rolname = 'prm_app') then
    create role prm_app login nosuperuser nobypassrls password {quoted};
  end if;
  if not exists (select from pg_roles where rolname = 'prm_guard') then
    create role prm_guard nologin nosuperuser bypassrls;
  end if;
end
$roles$;
grant prm_guard to prm_owner with inherit false, set true;
-- Lets the owner drop a test database that the application still holds open.
grant pg_signal_backend to prm_owner;
"""  # noqa: S608  the one value is quoted above
