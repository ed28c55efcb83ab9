"""Tax forms and numbers: which are wanted from whom, and what partners sent."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from partners.directory.models import Partner
from prm.accounts.models import User
from prm.tenancy.models import PublicTenantModel, TenantForeignKey, TenantModel
from prm.uploads.models import Upload


class FormKind(models.TextChoices):
    """What a partner sends: a number that is checked, or a signed form."""

    VAT_ID = "vat_id", _("VAT number")
    CODICE_FISCALE = "codice_fiscale", _("Codice fiscale")
    W9 = "w9", _("Form W-9")
    W8BEN = "w8ben", _("Form W-8BEN")


class FormState(models.TextChoices):
    """The life of what was sent."""

    RECEIVED = "received", _("Received")
    APPROVED = "approved", _("Approved")
    REFUSED = "refused", _("Refused")


class TaxRequirement(TenantModel):
    """A form that partners of a country and kind owe before they are paid; empty means all."""

    id = models.BigAutoField(primary_key=True)
    country = models.CharField(max_length=2, blank=True, default="")
    partner_type = models.CharField(max_length=12, blank=True, default="")
    form = models.CharField(max_length=16, choices=FormKind.choices)
    from_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "commissions_tax_requirement"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "country", "partner_type", "form"],
                name="tax_requirement_once",
                condition=Q(ended_at=None),
            )
        ]

    def __str__(self) -> str:
        return f"{self.form} {self.country or 'all'}"


class TaxForm(PublicTenantModel):
    """One form or number that a partner sent, and what finance said of it. Numbers are encrypted."""

    partner = TenantForeignKey(Partner)
    form = models.CharField(max_length=16, choices=FormKind.choices)
    number = models.TextField(blank=True, default="")
    masked = models.CharField(max_length=40, blank=True, default="")
    upload = TenantForeignKey(Upload, null=True)
    state = models.CharField(max_length=8, choices=FormState.choices, default=FormState.RECEIVED)
    # Set when a newer one took its place: of one that waits or was refused the next sent, of an approved one the next
    # approved, so that a new form on its way stops no payment.
    replaced_at = models.DateTimeField(null=True, blank=True)
    # The last day on which it counts, in the tenant's zone; null: until it is replaced.
    valid_until = models.DateField(null=True, blank=True)
    note = models.CharField(max_length=300, blank=True, default="")
    sent_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    sent_at = models.DateTimeField()
    decided_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "commissions_tax_form"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "partner", "form", "state"],
                name="tax_form_one_counts",
                condition=Q(replaced_at=None),
            )
        ]
        indexes = [models.Index(fields=["tenant", "state", "sent_at", "id"], name="tax_form_queue")]

    def __str__(self) -> str:
        return f"{self.form} of {self.partner_id}"
