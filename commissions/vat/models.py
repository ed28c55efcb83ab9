"""VAT on what partners are paid: how each is taxed, rates, what was charged, the papers on both sides."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from commissions.ledger.models import Transfer
from partners.directory.models import Partner
from prm.accounts.models import User
from prm.tenancy.models import PublicTenantModel, TenantForeignKey, TenantModel
from prm.uploads.models import Upload


class VatKind(models.TextChoices):
    """What a partner is to the VAT office."""

    REGISTERED = "registered", _("Registered for VAT")
    SMALL = "small", _("Small business without VAT")
    UNREGISTERED = "unregistered", _("Business not registered for VAT")
    PERSON = "person", _("Private person")


class StatusState(models.TextChoices):
    """What finance said of a partner's VAT number."""

    RECEIVED = "received", _("Being checked")
    CONFIRMED = "confirmed", _("Confirmed")
    REFUSED = "refused", _("Refused")


class PaperKind(models.TextChoices):
    """Who writes the invoice for a payment; empty means nobody."""

    SELF_BILL = "self", _("Self-billing note by the vendor")
    INVOICE = "invoice", _("The partner’s own invoice")


class InvoiceState(models.TextChoices):
    """The life of an invoice that a partner sent."""

    RECEIVED = "received", _("Being checked")
    APPROVED = "approved", _("Approved")
    REFUSED = "refused", _("Refused")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class VatSettings(TenantModel):
    """How a vendor deals with VAT on what it pays. One row per vendor."""

    id = models.BigAutoField(primary_key=True)
    # Payment runs from this day on, in the tenant's zone; null: VAT is not dealt with.
    starts_on = models.DateField(null=True, blank=True)
    vat_id = models.CharField(max_length=20, blank=True, default="")
    offers_self_billing = models.BooleanField(default=True)
    # Payments wait until a partner said how it is taxed, and for its approved invoice where it writes its own.
    wants_status = models.BooleanField(default=False)
    wants_invoice = models.BooleanField(default=False)
    prefix = models.CharField(max_length=8, default="SB")
    # Treatment -> language -> the words that the law asks for on the paper.
    words = models.JSONField(default=dict)

    class Meta:
        db_table = "commissions_vat_settings"
        constraints = [models.UniqueConstraint(fields=["tenant"], name="vat_settings_once")]

    def __str__(self) -> str:
        return self.vat_id or "no VAT"


class VatRate(TenantModel):
    """A country's rate from a day on, as the vendor entered it; the newest that began counts."""

    id = models.BigAutoField(primary_key=True)
    country = models.CharField(max_length=2)
    # A fraction: 0.22.
    rate = models.DecimalField(max_digits=5, decimal_places=4)
    from_on = models.DateField()
    source = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        db_table = "commissions_vat_rate"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "country", "from_on"], name="vat_rate_once"),
            models.CheckConstraint(condition=Q(rate__gte=0, rate__lte=1), name="vat_rate_fraction"),
        ]

    def __str__(self) -> str:
        return f"{self.country} {self.rate}"


class VatStatus(TenantModel):
    """What a partner said of itself; the row that nothing replaced counts. The number is encrypted.

    VAT is charged on the word of who is registered only once a person of finance confirmed the number.
    """

    id = models.BigAutoField(primary_key=True)
    partner = TenantForeignKey(Partner)
    kind = models.CharField(max_length=12, choices=VatKind.choices)
    number = models.TextField(blank=True, default="")
    masked = models.CharField(max_length=40, blank=True, default="")
    said_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    said_at = models.DateTimeField()
    state = models.CharField(
        max_length=9, choices=StatusState.choices, default=StatusState.RECEIVED
    )
    note = models.CharField(max_length=300, blank=True, default="")
    decided_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    # Whose number was confirmed; when the partner has another name or country, the number is to be checked again.
    # Empty of what was confirmed before this was kept.
    checked_name = models.CharField(max_length=160, blank=True, default="")
    checked_country = models.CharField(max_length=2, blank=True, default="")
    reopened_at = models.DateTimeField(null=True, blank=True)
    replaced_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "commissions_vat_status"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "partner"],
                name="vat_status_one_counts",
                condition=Q(replaced_at=None),
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.partner_id}"

    def state_for(self, name: str, country: str) -> str:
        """Return what finance said of the number for a partner so called: what it confirmed for another waits anew."""
        if self.state != StatusState.CONFIRMED or not self.checked_name:
            return self.state
        same = (self.checked_name, self.checked_country) == (name, country)
        return self.state if same else StatusState.RECEIVED


class SelfBilling(TenantModel):
    """A partner lets the vendor write its invoices, from a moment until one of them ends it."""

    id = models.BigAutoField(primary_key=True)
    partner = TenantForeignKey(Partner)
    # The sentence that was agreed to, word for word.
    text = models.TextField()
    agreed_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    agreed_at = models.DateTimeField()
    ended_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "commissions_self_billing"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "partner"],
                name="self_billing_once",
                condition=Q(ended_at=None),
            )
        ]

    def __str__(self) -> str:
        return f"self-billing of {self.partner_id}"


class PartnerInvoice(PublicTenantModel):
    """A partner's own invoice for what was ready to be paid when it was sent; the payment of it says which."""

    partner = TenantForeignKey(Partner)
    currency = models.CharField(max_length=3)
    number = models.CharField(max_length=40)
    invoiced_on = models.DateField()
    net_minor = models.BigIntegerField()
    vat_minor = models.BigIntegerField()
    gross_minor = models.BigIntegerField()
    # The last movement of the balance that it covers; what came later is for the next one.
    upto = TenantForeignKey(Transfer)
    upload = TenantForeignKey(Upload)
    state = models.CharField(
        max_length=9, choices=InvoiceState.choices, default=InvoiceState.RECEIVED
    )
    # Set while a payment that was not sent back pays it.
    payout_id = models.UUIDField(null=True, blank=True)
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
        db_table = "commissions_partner_invoice"
        constraints = [
            models.CheckConstraint(
                condition=Q(net_minor__gt=0, vat_minor__gte=0)
                & Q(gross_minor=models.F("net_minor") + models.F("vat_minor")),
                name="partner_invoice_adds_up",
            ),
            models.UniqueConstraint(
                fields=["tenant", "partner", "number"],
                name="partner_invoice_number_once",
                condition=Q(state__in=["received", "approved"]),
            ),
            models.UniqueConstraint(
                fields=["tenant", "partner", "currency"],
                name="partner_invoice_one_open",
                condition=Q(state__in=["received", "approved"], payout_id=None),
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "state", "sent_at", "id"], name="partner_invoice_queue"),
            models.Index(fields=["tenant", "partner", "-sent_at"], name="partner_invoice_newest"),
        ]

    def __str__(self) -> str:
        return self.number


class VatCharge(TenantModel):
    """How VAT stood on one payment, also when it was nothing; its mirror image when the payment was not made."""

    id = models.BigAutoField(primary_key=True)
    partner = TenantForeignKey(Partner)
    currency = models.CharField(max_length=3)
    treatment = models.CharField(max_length=12)
    paper = models.CharField(max_length=8, choices=PaperKind.choices, blank=True)
    kind = models.CharField(max_length=12, choices=VatKind.choices, blank=True)
    base_minor = models.BigIntegerField()
    rate = models.DecimalField(max_digits=5, decimal_places=4)
    amount_minor = models.BigIntegerField()
    charged_at = models.DateTimeField()
    # The day in the tenant's zone.
    charged_on = models.DateField()
    transfer = TenantForeignKey(Transfer, null=True)
    invoice = TenantForeignKey(PartnerInvoice, null=True)
    # Known once the run's list is written.
    payout_id = models.UUIDField(null=True, blank=True)
    # Both sides as they were when the payment was taxed, where the vendor writes the note.
    parties = models.JSONField(default=dict)
    takes_back = TenantForeignKey("self", null=True)

    class Meta:
        db_table = "commissions_vat_charge"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "transfer"], name="vat_charge_transfer_once"),
            models.UniqueConstraint(fields=["tenant", "takes_back"], name="vat_charge_back_once"),
        ]
        indexes = [
            models.Index(fields=["tenant", "payout_id"], name="vat_charge_payout"),
            models.Index(fields=["tenant", "partner", "currency", "-id"], name="vat_charge_newest"),
            models.Index(fields=["tenant", "charged_on", "partner"], name="vat_charge_of_year"),
        ]

    def __str__(self) -> str:
        return f"{self.amount_minor} {self.currency} on {self.base_minor}"


class SelfBill(PublicTenantModel):
    """An invoice or credit note that the vendor wrote in a partner's name: numbered without gaps, never changed."""

    number = models.CharField(max_length=24)
    partner = TenantForeignKey(Partner)
    charge = TenantForeignKey(VatCharge)
    payout_id = models.UUIDField()
    currency = models.CharField(max_length=3)
    net_minor = models.BigIntegerField()
    rate = models.DecimalField(max_digits=5, decimal_places=4)
    vat_minor = models.BigIntegerField()
    treatment = models.CharField(max_length=12)
    issued_on = models.DateField()
    issued_at = models.DateTimeField()
    # Both sides, the payment and the law's words in every language, as they were.
    facts = models.JSONField(default=dict)

    class Meta:
        db_table = "commissions_self_bill"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "number"], name="self_bill_number_once"),
            models.UniqueConstraint(fields=["tenant", "charge"], name="self_bill_once"),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "partner", "-issued_at", "-id"], name="self_bill_partner_newest"
            ),
            models.Index(fields=["tenant", "-issued_at", "-id"], name="self_bill_newest"),
            models.Index(fields=["tenant", "payout_id"], name="self_bill_payout"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def gross_minor(self) -> int:
        """The sum that the note is about."""
        return self.net_minor + self.vat_minor
