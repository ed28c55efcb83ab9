"""Why a payment came back, where its bank gave no code: a word that a person adds to a payment."""

from django.db import migrations, models

_OPEN = "array['state', 'settled_at', 'returned_at', 'return_reason', 'return_cause']"
_SAID = f"""
grant update (return_cause) on commissions_payout to prm_app;
drop trigger append_only_update on commissions_payout;
create trigger append_only_update before update on commissions_payout for each row
  when ((to_jsonb(old) - {_OPEN}) is distinct from (to_jsonb(new) - {_OPEN})) execute function prm_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("commissions", "0031_carried_prizes")]

    operations = [
        migrations.AddField(
            model_name="payout",
            name="return_cause",
            field=models.CharField(
                blank=True,
                choices=[
                    ("unclear", "Not known yet"),
                    ("closed", "The account is closed or blocked"),
                    ("wrong", "The details are wrong"),
                    ("refused", "The bank refused the payment"),
                    ("other", "Another reason"),
                ],
                db_default="",
                default="",
                max_length=8,
            ),
        ),
        migrations.AddIndex(
            model_name="payout",
            index=models.Index(
                condition=models.Q(("return_cause", "unclear")),
                fields=["tenant", "-id"],
                name="payout_return_unclear",
            ),
        ),
        migrations.RunSQL(sql=_SAID, reverse_sql=migrations.RunSQL.noop),
    ]
