"""When an invited person was reminded, and an index for the ones who wait for it."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("prm", "0010_tenant_directory")]

    operations = [
        migrations.AddField(
            model_name="invitation",
            name="reminded_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddIndex(
            model_name="invitation",
            index=models.Index(
                condition=Q(accepted_at__isnull=True, revoked_at__isnull=True),
                fields=["tenant", "-sent_at", "-id"],
                name="invitation_open",
            ),
        ),
    ]
