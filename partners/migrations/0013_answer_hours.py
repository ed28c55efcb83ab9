"""A program promises its first answer in business hours, no longer in days; a day was eight of them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("partners", "0012_partner_origin"),
        # It still counts in days.
        ("referrals", "0010_deadlines"),
    ]

    operations = [
        migrations.RenameField("program", "answer_days", "answer_hours"),
        migrations.AlterField("program", "answer_hours", models.IntegerField(default=16)),
        migrations.RunSQL(
            sql="update partners_program set answer_hours = answer_hours * 8",
            reverse_sql="update partners_program set answer_hours = greatest(answer_hours / 8, 1)",
        ),
    ]
