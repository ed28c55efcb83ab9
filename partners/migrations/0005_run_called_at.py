"""When somebody last called a partner about its onboarding."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("partners", "0004_protect_growth")]

    operations = [
        migrations.AddField(
            model_name="run",
            name="called_at",
            field=models.DateTimeField(blank=True, null=True),
        )
    ]
