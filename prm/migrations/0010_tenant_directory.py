"""Whether a tenant shows its public directory of partners."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("prm", "0009_people_by_name")]

    operations = [
        migrations.AddField(
            model_name="tenant",
            name="directory_open",
            field=models.BooleanField(default=True, db_default=True),
        ),
    ]
