"""Tax forms and numbers that are wanted and sent; tax that is kept back from payments."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from commissions.ledger.models import Transfer
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

    @property
    def is_reopened(self) -> bool:
        """Whether it was approved and waits again: the partner's country changed since."""
        return self.state == FormState.RECEIVED and self.decided_at is not None


class WithholdingRule(TenantModel):
    """How much of a payment the vendor keeps back for the tax office: a rate on a share of it; empty means all."""

    id = models.BigAutoField(primary_key=True)
    country = models.CharField(max_length=2, blank=True, default="")
    partner_type = models.CharField(max_length=12, blank=True, default="")
    # Fractions: 0.23 on 0.5.
    rate = models.DecimalField(max_digits=7, decimal_places=6)
    share = models.DecimalField(max_digits=7, decimal_places=6)
    # First and last day of payment runs it counts for, in the tenant's zone.
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)

    class Meta:
        db_table = "commissions_withholding_rule"
        constraints = [
            models.CheckConstraint(
                condition=Q(rate__gt=0, rate__lte=1, share__gt=0, share__lte=1),
                name="withholding_rule_fractions",
            ),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=models.F("starts_on")),
                name="withholding_rule_forward",
            ),
            models.UniqueConstraint(
                fields=["tenant", "country", "partner_type", "starts_on"],
                name="withholding_rule_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rate} on {self.share}"


class Withholding(TenantModel):
    """Tax kept back from one payment, or given back because it was not made: then below zero. Never changed."""

    id = models.BigAutoField(primary_key=True)
    partner = TenantForeignKey(Partner)
    rule = TenantForeignKey(WithholdingRule)
    currency = models.CharField(max_length=3)
    base_minor = models.BigIntegerField()
    rate = models.DecimalField(max_digits=7, decimal_places=6)
    share = models.DecimalField(max_digits=7, decimal_places=6)
    amount_minor = models.BigIntegerField()
    withheld_on = models.DateField()
    transfer = TenantForeignKey(Transfer)

    class Meta:
        db_table = "commissions_withholding"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "transfer"], name="withholding_once")
        ]
        indexes = [
            models.Index(fields=["tenant", "withheld_on", "partner"], name="withholding_of_year"),
            models.Index(fields=["tenant", "partner", "currency"], name="withholding_partner"),
        ]

    def __str__(self) -> str:
        return f"{self.amount_minor} {self.currency}"


class TaxThreshold(TenantModel):
    """From which sum paid in a year a partner of a country is to be reported; counts until a later year has its own."""

    id = models.BigAutoField(primary_key=True)
    from_year = models.IntegerField()
    country = models.CharField(max_length=2)
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()

    class Meta:
        db_table = "commissions_tax_threshold"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "from_year", "country", "currency"], name="tax_threshold_once"
            ),
            models.CheckConstraint(
                condition=Q(amount_minor__gte=0, from_year__range=(1990, 2200)),
                name="tax_threshold_range",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.from_year} {self.country} {self.amount_minor} {self.currency}"


class YearCertificate(PublicTenantModel):
    """What one partner was paid in a year, on paper: numbered, never changed; a later one of the year replaces it."""

    number = models.CharField(max_length=24)
    partner = TenantForeignKey(Partner)
    year = models.IntegerField()
    # The last day that it counts: the year's, or while it runs the day of issue.
    until_on = models.DateField()
    # One entry per currency: paid, withheld, vat and gross in minor units.
    totals = models.JSONField(default=list)
    # Names, addresses and numbers of both sides as they were.
    parties = models.JSONField(default=dict)
    digest = models.CharField(max_length=64)
    issued_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    issued_at = models.DateTimeField()
    replaces = TenantForeignKey("self", null=True)

    class Meta:
        db_table = "commissions_year_certificate"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "number"], name="year_certificate_number_once"
            ),
            models.UniqueConstraint(
                fields=["tenant", "replaces"], name="year_certificate_replaced_once"
            ),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "partner", "-year", "-id"], name="year_certificate_partner"
            ),
            models.Index(fields=["tenant", "year", "partner"], name="year_certificate_year"),
        ]

    def __str__(self) -> str:
        return self.number


class StatementLogo(TenantModel):
    """A logo that papers were issued with, so that they can be printed again with it."""

    id = models.BigAutoField(primary_key=True)
    sha256 = models.CharField(max_length=64)
    content = models.BinaryField()

    class Meta:
        db_table = "commissions_statement_logo"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "sha256"], name="statement_logo_once"),
        ]

    def __str__(self) -> str:
        return self.sha256


class FirstMaking(TenantModel):
    """The first making of a file; whoever asks later gets these bytes or none (keeping)."""

    sha256 = models.CharField(max_length=64)
    byte_count = models.BigIntegerField()
    made_at = models.DateTimeField()

    class Meta:
        abstract = True


class TaxPaper(FirstMaking):
    """The first making of a paper about tax."""

    id = models.BigAutoField(primary_key=True)
    # Which kind of paper, and which one: where it lies in private storage.
    folder = models.CharField(max_length=24)
    paper_id = models.UUIDField()
    language = models.CharField(max_length=8)

    class Meta:
        db_table = "commissions_tax_paper"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "folder", "paper_id", "language"], name="tax_paper_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.folder} {self.paper_id}"
