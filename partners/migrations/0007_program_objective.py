"""What a program is to achieve, and by which number that is judged."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("partners", "0006_agreements")]

    operations = [
        migrations.AddField(
            model_name="program",
            name="objective",
            field=models.TextField(blank=True, default="", db_default=""),
        ),
        migrations.AddField(
            model_name="program",
            name="metric",
            field=models.CharField(
                blank=True,
                choices=[
                    ("partners", "Active partners"),
                    ("referrals", "Referrals submitted"),
                    ("won", "Referrals won"),
                    ("revenue", "Revenue"),
                ],
                default="",
                db_default="",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="program",
            name="metric_target",
            field=models.BigIntegerField(blank=True, null=True),
        ),
    ]
