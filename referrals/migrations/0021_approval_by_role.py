"""Approvals for what the partner does in the deal."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("referrals", "0020_mail_in_and_page_addresses"),
    ]

    operations = [
        migrations.AddField(
            model_name="approvalroute",
            name="role",
            field=models.CharField(
                blank=True,
                choices=[
                    ("intro", "Introduces the company"),
                    ("cosell", "Sells together with the vendor"),
                ],
                db_default="",
                default="",
                max_length=8,
            ),
        ),
    ]
