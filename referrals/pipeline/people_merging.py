"""Referrals follow a person whose two logins become one; what was written about them stays as it was."""

from django.utils.translation import gettext_lazy as _

from partners.directory.people_merging import Part, register_part
from referrals.pipeline.models import Referral

register_part(
    Part(
        _("Submitted referrals"),
        lambda gone, _stays: Referral.objects.filter(submitted_by_id=gone),
        "submitted_by_id",
    )
)
register_part(
    Part(
        _("Referrals looked after"),
        lambda gone, _stays: Referral.objects.filter(owner_id=gone),
        "owner_id",
    )
)
