"""Why a place ended: a place that ended with its partner starts again with it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("prm", "0004_tenant_logo_digest")]

    operations = [
        migrations.AddField(
            model_name="membership",
            name="ended_with",
            field=models.CharField(
                blank=True,
                choices=[("", "By itself"), ("partner", "With the partner")],
                db_default="",
                default="",
                max_length=8,
            ),
        ),
    ]
