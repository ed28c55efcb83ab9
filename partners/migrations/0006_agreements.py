"""Published agreements never change; a program's written text becomes version 1 of its agreement."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("partners", "0005_run_called_at")]

    operations = [
        migrations.RunSQL(
            sql="""
            insert into partners_agreement_version
                (tenant_id, program_id, number, texts, changes, notice_days, published_at, binding_from)
            select p.tenant_id, p.id, 1, jsonb_build_object(t.language, p.agreement_text), '{}', 30,
                   now(), now()
              from partners_program p join prm_tenant t on t.id = p.tenant_id
             where p.agreement_text <> '';

            create function partners_agreement_frozen() returns trigger language plpgsql
                set search_path = pg_catalog as $$
            begin
              if old.number > 0 then
                raise exception '% on % refused: a published agreement never changes', tg_op, tg_table_name
                  using errcode = 'insufficient_privilege';
              end if;
              if tg_op = 'DELETE' then
                return old;
              end if;
              return new;
            end $$;
            create trigger agreement_frozen before update or delete on partners_agreement_version for each row
              execute function partners_agreement_frozen();
            """,
            reverse_sql="""
            drop trigger agreement_frozen on partners_agreement_version;
            drop function partners_agreement_frozen();
            """,
        )
    ]
