"""Agreements: versions of a program's text, and who accepted which, when, from where."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from partners.directory.models import Partner
from partners.programs.models import Program
from prm.accounts.models import User
from prm.tenancy.models import PublicTenantModel, TenantForeignKey


class AgreementVersion(PublicTenantModel):
    """A program's agreement text in its languages; immutable once published, at most one draft a program."""

    program = TenantForeignKey(Program)
    # 1, 2, 3 … per program; 0 while a draft.
    number = models.IntegerField(default=0)
    # {"en": markdown, "it": markdown} with merge fields such as {{ commission }}; the white list is rules.MERGE_FIELDS.
    texts = models.JSONField(default=dict)
    # {"en": …, "it": …}: what changed, in words the partner reads.
    changes = models.JSONField(default=dict, blank=True)
    # Days in which partners that accepted the former version may go on without the new one.
    notice_days = models.IntegerField(default=30)
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    # From when the former version is no longer enough: published_at + notice_days.
    binding_from = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "partners_agreement_version"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "program", "number"], name="agreement_number_once"
            ),
            models.CheckConstraint(
                condition=Q(number=0, published_at__isnull=True)
                | Q(number__gt=0, published_at__isnull=False),
                name="agreement_numbered_when_published",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.program_id} v{self.number}"


class Acceptance(PublicTenantModel):
    """One person's yes for one partner to one version: the evidence. Never changed, but for the copy's file."""

    version = TenantForeignKey(AgreementVersion)
    program = TenantForeignKey(Program)
    partner = TenantForeignKey(Partner)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    signer_name = models.CharField(max_length=120)
    signer_title = models.CharField(max_length=120, blank=True)
    accepted_at = models.DateTimeField()
    ip = models.GenericIPAddressField(null=True, blank=True)
    user_agent = models.CharField(max_length=300, blank=True)
    language = models.CharField(max_length=8)
    # The text with its fields filled in, exactly as shown, and the SHA-256 of its UTF-8 bytes.
    text = models.TextField()
    text_hash = models.CharField(max_length=64)
    # What was merged in: plan version, rules in words, hold days, minimum.
    terms = models.JSONField(default=dict)
    # Stored name of the PDF copy in private storage; empty until the worker has made it.
    pdf = models.CharField(max_length=300, blank=True)

    class Meta:
        db_table = "partners_acceptance"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "partner", "version"], name="acceptance_once")
        ]
        indexes = [
            models.Index(fields=["tenant", "program", "-accepted_at"], name="acceptance_newest")
        ]

    def __str__(self) -> str:
        return f"{self.partner_id}: {self.version_id}"
