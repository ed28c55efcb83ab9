"""Migration operations that shut a table inside its tenant."""

from collections.abc import Mapping, Sequence

from django.db import migrations

from prm.tenancy.sql import PARTNER_SQL, TENANT_SQL


def protect(
    table: str,
    *,
    references: Mapping[str, str] | None = None,
    partner: str | None = None,
    partner_writes: bool = True,
    append_only: bool = False,
    updatable: Sequence[str] = (),
) -> migrations.RunSQL:
    """Return the operation that puts a table behind row-level security.

    references: column -> table of the same tenant; each becomes a composite foreign key.
    partner: column that holds the partner; partner people then see only their own rows.
    partner_writes: whether partner people may write their own rows.
    append_only: refuse update and delete for every role; `updatable` names columns that stay open.
    """
    steps = [
        f"alter table {table} drop constraint {table}_pkey",
        f"alter table {table} add primary key (tenant_id, id)",
        *(
            f"alter table {table} add constraint {key_name(table, column)} "
            f"foreign key (tenant_id, {column}) references {target} (tenant_id, id)"
            for column, target in (references or {}).items()
        ),
        f"alter table {table} enable row level security",
        f"alter table {table} force row level security",
        (
            f"create policy tenant_isolation on {table} to prm_app "
            f"using (tenant_id = {TENANT_SQL}) with check (tenant_id = {TENANT_SQL})"
        ),
        f"create policy owner_all on {table} to prm_owner using (true) with check (true)",
    ]
    if partner:
        # A case, not an or: the planner takes an or for one row in two hundred, and reads whole tables for a page.
        own = f"case when {PARTNER_SQL} is null then true else {partner} = {PARTNER_SQL} end"
        check = own if partner_writes else f"{PARTNER_SQL} is null"
        steps.append(
            f"create policy partner_isolation on {table} as restrictive to prm_app using ({own}) with check ({check})",
        )
    if append_only:
        steps += append_only_sql(table, updatable)
    return migrations.RunSQL(sql=";\n".join(steps), reverse_sql=migrations.RunSQL.noop)


def append_only_sql(table: str, updatable: Sequence[str] = ()) -> list[str]:
    """Return the statements that let rows be added only; `updatable` columns may still change."""
    refuse = "execute function prm_append_only()"
    steps = [
        f"revoke update, delete, truncate on {table} from prm_app",
        f"create trigger append_only_delete before delete on {table} for each row {refuse}",
        f"create trigger append_only_truncate before truncate on {table} for each statement {refuse}",
    ]
    if updatable:
        open_columns = f"array[{', '.join(repr(column) for column in updatable)}]"
        steps += [
            f"grant update ({', '.join(updatable)}) on {table} to prm_app",
            (
                f"create trigger append_only_update before update on {table} for each row "
                f"when ((to_jsonb(old) - {open_columns}) is distinct from (to_jsonb(new) - {open_columns})) {refuse}"
            ),
        ]
    else:
        steps.append(
            f"create trigger append_only_update before update on {table} for each row {refuse}"
        )
    return steps


def key_name(table: str, column: str) -> str:
    """Return the name of a composite key; PostgreSQL keeps 63 characters."""
    return f"{table}_{column}_same_tenant"[:63]


APPEND_ONLY_FUNCTION = """
create function prm_append_only() returns trigger language plpgsql set search_path = pg_catalog as $$
begin
  raise exception '% on % refused: rows are only added, never changed', tg_op, tg_table_name
    using errcode = 'insufficient_privilege';
end $$
"""


def guarded_function(name_and_arguments: str, definition: str) -> migrations.RunSQL:
    """Return the operation that makes a SECURITY DEFINER function owned by the guard role.

    definition: the whole `create function` statement with a pinned search_path.
    """
    return migrations.RunSQL(
        sql=f"{definition};\n"
        f"alter function {name_and_arguments} owner to prm_guard;\n"
        f"set role prm_guard;\n"
        f"revoke all on function {name_and_arguments} from public;\n"
        f"grant execute on function {name_and_arguments} to prm_app;\n"
        f"reset role",
        reverse_sql=f"drop function {name_and_arguments}",
    )
