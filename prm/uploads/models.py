"""Files that people bring: kept privately, given out only by views that check rights."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from prm.accounts.models import User
from prm.tenancy.models import PublicTenantModel


class ScanState(models.TextChoices):
    """What the malware scanner said; without a scanner every file is clean at once."""

    WAITING = "waiting", _("Being checked")
    CLEAN = "clean", _("Checked")
    REFUSED = "refused", _("Refused by the malware scanner")


class Upload(PublicTenantModel):
    """One file with its true type by content; its bytes are never replaced."""

    # What it is for, such as "onboarding.step" or "training.lesson"; the slice that owns it checks the rights.
    purpose = models.CharField(max_length=40)
    partner_id = models.UUIDField(null=True, blank=True)
    stored = models.CharField(max_length=300)
    file_name = models.CharField(max_length=160)
    content_type = models.CharField(max_length=80)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    scan = models.CharField(max_length=8, choices=ScanState.choices, default=ScanState.CLEAN)
    # Null for visitors without a login.
    uploaded_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    uploaded_at = models.DateTimeField(db_default=Now())
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "prm_upload"
        indexes = [
            models.Index(fields=["tenant", "purpose", "-uploaded_at"], name="upload_newest"),
            models.Index(
                fields=["tenant", "id"],
                name="upload_waiting",
                condition=models.Q(scan="waiting"),
            ),
        ]

    def __str__(self) -> str:
        return self.file_name
