"""A referral that a person declined after a look says so, with what its partner reads."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("referrals", "0018_receipts"),
    ]

    operations = [
        migrations.AddField(
            model_name="referral",
            name="declined_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="referral",
            name="declined_reason",
            field=models.TextField(blank=True, db_default="", default=""),
        ),
    ]
