"""The short name of a tenant's logo, so that pages need not read its bytes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("prm", "0003_operator_invitations")]

    operations = [
        migrations.AddField(
            model_name="tenant",
            name="logo_digest",
            field=models.CharField(blank=True, max_length=16, db_default="", default=""),
        ),
    ]
