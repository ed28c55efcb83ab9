"""What stands around a referral's coming in: signed links, receipts."""

from datetime import datetime

from django.db import models

from partners.directory.models import Partner
from partners.programs.models import Program
from prm.accounts.models import User
from prm.tenancy.models import PublicTenantModel, TenantForeignKey
from referrals.pipeline.models import Referral


class SubmitLink(PublicTenantModel):
    """A secret address with which one named colleague of a partner sends referrals without a login."""

    partner = TenantForeignKey(Partner)
    program = TenantForeignKey(Program)
    person_name = models.CharField(max_length=120)
    # Of the address's secret, which referrals.capture.submit_links.token_of makes anew from the row.
    token_digest = models.CharField(max_length=64)
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    used_count = models.IntegerField(default=0)

    class Meta:
        db_table = "referrals_submit_link"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "token_digest"], name="submit_link_token_once"
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "partner", "-made_at", "-id"], name="submit_link_newest")
        ]

    def __str__(self) -> str:
        return self.person_name

    def is_live(self, at: datetime) -> bool:
        """Tell whether it is neither revoked nor expired at a moment (aware UTC)."""
        return self.revoked_at is None and at < self.expires_at


class Receipt(PublicTenantModel):
    """What the vendor signed when a referral came in; never changed. `body` is the exact text that was signed."""

    referral = TenantForeignKey(Referral)
    partner_id = models.UUIDField()
    number = models.CharField(max_length=24)
    issued_at = models.DateTimeField()
    # JSON with sorted keys and without blanks: digests and numbers, nobody's personal data.
    body = models.TextField()
    # Ed25519 over `body`, in base64url, and the id of the key that verifies it.
    signature = models.CharField(max_length=88)
    key_id = models.CharField(max_length=16)

    class Meta:
        db_table = "referrals_receipt"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "referral"], name="receipt_referral_once"),
            models.UniqueConstraint(fields=["tenant", "number"], name="receipt_number_once"),
        ]

    def __str__(self) -> str:
        return self.number
