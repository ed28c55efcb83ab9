"""A month of the books is read by an index, not by the whole ledger."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("commissions", "0024_teams_and_choices")]

    operations = [
        migrations.AddIndex(
            model_name="transfer",
            index=models.Index(fields=["tenant", "period", "id"], name="transfer_period"),
        )
    ]
