"""A merge of two partners carries their referrals' steps and payments over to the one that stays; nothing else changes.

The column that names the partner may change, and only to the partner that the old one was merged into.
"""

from django.db import migrations

CHANGES = """
create function partners_follows_merge() returns trigger language plpgsql set search_path = pg_catalog as $$
begin
  if new.partner_id is distinct from old.partner_id and not exists (
      select from public.partners_partner p
       where p.tenant_id = old.tenant_id and p.id = old.partner_id and p.merged_into_id = new.partner_id) then
    raise exception 'a row of % follows its partner through a merge only', tg_table_name
      using errcode = 'insufficient_privilege';
  end if;
  return new;
end $$;

grant update (partner_id) on referrals_stage_change to prm_app;
drop trigger append_only_update on referrals_stage_change;
create trigger append_only_update before update on referrals_stage_change for each row
  when ((to_jsonb(old) - 'partner_id') is distinct from (to_jsonb(new) - 'partner_id')) execute function prm_append_only();
create trigger follows_merge before update of partner_id on referrals_stage_change for each row
  execute function partners_follows_merge();

grant update (partner_id) on referrals_revenue_event to prm_app;
create trigger follows_merge before update of partner_id on referrals_revenue_event for each row
  execute function partners_follows_merge();
"""


class Migration(migrations.Migration):
    dependencies = [("referrals", "0006_search_by_name"), ("partners", "0004_protect_growth")]

    operations = [migrations.RunSQL(sql=CHANGES, reverse_sql=migrations.RunSQL.noop)]
