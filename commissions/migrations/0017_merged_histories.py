"""A merge carries what is known around priced events, and what a silent partner's duplicate allowed its people."""

from django.db import migrations

TABLES = ("commissions_priced_event", "commissions_rep_policy")


def _carried(table: str) -> str:
    return f"""
    grant update (partner_id) on {table} to prm_app;
    drop trigger append_only_update on {table};
    create trigger append_only_update before update on {table} for each row
      when ((to_jsonb(old) - 'partner_id') is distinct from (to_jsonb(new) - 'partner_id'))
      execute function prm_append_only();
    create trigger follows_merge before update of partner_id on {table} for each row
      execute function partners_follows_merge();
    """


class Migration(migrations.Migration):
    dependencies = [("commissions", "0016_gifts"), ("referrals", "0007_merged_partners")]

    operations = [
        migrations.RunSQL(
            sql="\n".join(_carried(table) for table in TABLES), reverse_sql=migrations.RunSQL.noop
        )
    ]
