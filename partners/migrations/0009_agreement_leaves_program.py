"""Agreements have their own table (0006 took the texts over)."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("partners", "0008_courses_by_start")]

    operations = [
        migrations.RemoveField(model_name="program", name="agreement_text"),
        migrations.RemoveField(model_name="program", name="agreement_version"),
    ]
