"""Where a tenant's visitors read what happens to their data."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("prm", "0014_server_events")]

    operations = [
        migrations.AddField(
            model_name="tenant",
            name="privacy_url",
            field=models.URLField(max_length=300, blank=True, default="", db_default=""),
        ),
    ]
