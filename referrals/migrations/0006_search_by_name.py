from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('referrals', '0005_waiting_since'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='referral',
            index=models.Index(fields=['tenant', 'partner', 'company_norm', 'id'], name='referral_partner_company'),
        ),
        migrations.AddIndex(
            model_name='referral',
            index=models.Index(condition=models.Q(('stage_kind', 'won')), fields=['tenant', 'company_norm', 'id'], name='referral_won_company'),
        ),
    ]
