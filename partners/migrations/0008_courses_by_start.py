"""A course's people by when they began, and a partner's certificates: lists that grow."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("partners", "0007_program_objective")]

    operations = [
        migrations.AddIndex(
            model_name="taking",
            index=models.Index(
                fields=["tenant", "course", "-started_at", "-id"], name="taking_newest"
            ),
        ),
        migrations.AddIndex(
            model_name="certificate",
            index=models.Index(
                fields=["tenant", "partner", "-issued_at", "-id"], name="certificate_partner"
            ),
        ),
    ]
