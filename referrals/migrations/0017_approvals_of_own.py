"""Partner people see approvals of their own referrals only; whose turn it is elsewhere is none of their business."""

from django.db import migrations

from prm.tenancy.sql import PARTNER_SQL

# The referral itself is behind its partner's policy; what is not seen there has no approvals here.
OWN = f"""
case when {PARTNER_SQL} is null then true else exists (
  select 1 from referrals_referral r
   where r.tenant_id = referrals_approval.tenant_id and r.id = referrals_approval.referral_id) end
"""  # noqa: S608  constants


class Migration(migrations.Migration):
    dependencies = [("referrals", "0016_stalled_index")]

    operations = [
        migrations.RunSQL(
            sql=f"create policy partner_isolation on referrals_approval as restrictive to prm_app using ({OWN})",
            reverse_sql="drop policy partner_isolation on referrals_approval",
        ),
    ]
