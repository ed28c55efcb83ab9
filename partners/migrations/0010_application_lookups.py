"""Applications are found by number, and their sources and campaigns are read from an index."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("partners", "0009_agreement_leaves_program")]

    operations = [
        migrations.AddIndex(
            model_name="application",
            index=models.Index(fields=["tenant", "number"], name="application_number"),
        ),
        migrations.AddIndex(
            model_name="application",
            index=models.Index(fields=["tenant", "source"], name="application_source"),
        ),
        migrations.AddIndex(
            model_name="application",
            index=models.Index(fields=["tenant", "campaign"], name="application_campaign"),
        ),
    ]
