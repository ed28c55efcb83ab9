"""What partners said to new terms of a plan: the evidence."""

from django.db import models

from commissions.plans.models import PlanVersion
from partners.directory.models import Partner
from partners.programs.models import Program
from prm.accounts.models import User
from prm.tenancy.models import PublicTenantModel, TenantForeignKey


class PlanAcceptance(PublicTenantModel):
    """One person's yes for one partner to one plan version, with the difference as it was shown. Never changed."""

    version = TenantForeignKey(PlanVersion)
    program = TenantForeignKey(Program)
    partner = TenantForeignKey(Partner)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    signer_name = models.CharField(max_length=120)
    accepted_at = models.DateTimeField()
    language = models.CharField(max_length=8)
    # Old and new terms in the reader's words, exactly as shown, and the SHA-256 of its UTF-8 bytes.
    text = models.TextField()
    text_hash = models.CharField(max_length=64)

    class Meta:
        db_table = "commissions_plan_acceptance"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "partner", "version"], name="plan_acceptance_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["tenant", "version", "-accepted_at"], name="plan_acceptance_newest"
            )
        ]

    def __str__(self) -> str:
        return f"{self.partner_id}: {self.version_id}"
