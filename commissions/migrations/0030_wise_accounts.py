"""Partners may be paid by Wise to an account that has no IBAN."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("commissions", "0029_account_fault"),
    ]

    operations = [
        migrations.AlterField(
            model_name="payoutaccount",
            name="method",
            field=models.CharField(
                choices=[
                    ("sepa", "SEPA credit transfer"),
                    ("bank", "Bank transfer"),
                    ("ach", "US bank transfer (ACH)"),
                    ("paypal", "PayPal"),
                    ("wise", "Wise"),
                    ("wisebank", "Wise, to a bank account"),
                ],
                max_length=8,
            ),
        ),
    ]
