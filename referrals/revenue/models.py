"""Customers that referrals became, and the money the vendor booked with them."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from partners.directory.models import Partner
from prm.tenancy.models import PublicTenantModel, TenantForeignKey
from referrals.pipeline.models import Referral


class Customer(PublicTenantModel):
    """A won referral's company; revenue hangs on it. One row per won referral."""

    referral = TenantForeignKey(Referral)
    partner = TenantForeignKey(Partner)
    name = models.CharField(max_length=160)
    domain = models.CharField(max_length=253, blank=True)
    email_norm = models.CharField(max_length=254, blank=True)
    # The vendor's own id of this customer, which revenue files may name.
    external_id = models.CharField(max_length=80, blank=True)
    since = models.DateTimeField()
    # How many payments (sales, renewals, expansions) were booked; numbers the next one.
    payment_count = models.IntegerField(default=0)
    import_id = models.UUIDField(null=True, blank=True)

    class Meta:
        db_table = "referrals_customer"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "referral"], name="customer_referral_once"),
            models.UniqueConstraint(
                fields=["tenant", "external_id"],
                name="customer_external_id_once",
                condition=~Q(external_id=""),
            ),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "domain"], name="customer_domain", condition=~Q(domain="")
            ),
            models.Index(
                fields=["tenant", "email_norm"], name="customer_email", condition=~Q(email_norm="")
            ),
            models.Index(
                fields=["tenant", "import_id"], name="customer_import", condition=~Q(import_id=None)
            ),
        ]

    def __str__(self) -> str:
        return self.name


class RevenueKind(models.TextChoices):
    """What was booked."""

    SALE = "sale", _("New sale")
    RENEWAL = "renewal", _("Renewal")
    EXPANSION = "expansion", _("Expansion")
    REFUND = "refund", _("Refund")
    CHARGEBACK = "chargeback", _("Chargeback")


PAYMENT_KINDS = (RevenueKind.SALE, RevenueKind.RENEWAL, RevenueKind.EXPANSION)
REVERSAL_KINDS = (RevenueKind.REFUND, RevenueKind.CHARGEBACK)


class RevenueEvent(PublicTenantModel):
    """Money the vendor booked with a customer, or gave back; always positive. Only `refunded_minor` ever changes."""

    # The id in the system it came from: the same id twice is the same event.
    external_id = models.CharField(max_length=120)
    kind = models.CharField(max_length=10, choices=RevenueKind.choices)
    customer = TenantForeignKey(Customer)
    referral = TenantForeignKey(Referral)
    partner_id = models.UUIDField()
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    booked_at = models.DateTimeField()
    # The day in the tenant's zone, computed once.
    booked_on = models.DateField()
    # For refunds and chargebacks: the payment they take back.
    refunds = TenantForeignKey("self", null=True)
    refunded_minor = models.BigIntegerField(default=0)
    # Parts of the amount: tax in it, discount granted from it.
    tax_minor = models.BigIntegerField(default=0, db_default=0)
    discount_minor = models.BigIntegerField(default=0, db_default=0)
    # How much of the amount the customer has paid; null when it was paid as it was booked.
    received_minor = models.BigIntegerField(null=True, blank=True)
    # What was sold, where the system that reports it says so: product, months of the term, names and values.
    product = models.CharField(max_length=120, blank=True, default="", db_default="")
    term_months = models.IntegerField(null=True, blank=True)
    metadata = models.JSONField(default=dict, blank=True, db_default={})
    # For payments: its number among the customer's payments, from 1.
    payment_no = models.IntegerField(null=True, blank=True)
    # Where it came from: won, form, csv or import.
    source = models.CharField(max_length=8)
    note = models.CharField(max_length=200, blank=True)
    import_id = models.UUIDField(null=True, blank=True)
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "referrals_revenue_event"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "external_id"], name="revenue_external_id_once"
            ),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="revenue_amount_positive"),
            models.CheckConstraint(
                condition=Q(refunded_minor__gte=0) & Q(refunded_minor__lte=F("amount_minor")),
                name="revenue_refunds_within_amount",
            ),
            models.CheckConstraint(
                condition=Q(tax_minor__gte=0)
                & Q(discount_minor__gte=0)
                & Q(amount_minor__gte=F("tax_minor") + F("discount_minor")),
                name="revenue_parts_within_amount",
            ),
            models.CheckConstraint(
                condition=Q(received_minor=None)
                | Q(received_minor__gte=0, received_minor__lte=F("amount_minor")),
                name="revenue_received_within_amount",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["refund", "chargeback"], refunds__isnull=False)
                | Q(kind__in=["sale", "renewal", "expansion"], refunds__isnull=True),
                name="revenue_refund_names_payment",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "-booked_at", "-id"], name="revenue_newest"),
            models.Index(fields=["tenant", "referral", "booked_at"], name="revenue_referral"),
            models.Index(fields=["tenant", "partner_id", "booked_on"], name="revenue_partner_day"),
            models.Index(fields=["tenant", "booked_on"], name="revenue_day"),
            models.Index(
                fields=["tenant", "import_id"], name="revenue_import", condition=~Q(import_id=None)
            ),
            # What a customer paid, what was given back on a payment; also what the foreign keys look up on a delete.
            models.Index(fields=["tenant", "customer", "payment_no"], name="revenue_customer"),
            models.Index(
                fields=["tenant", "refunds"], name="revenue_refunds", condition=~Q(refunds=None)
            ),
        ]

    def __str__(self) -> str:
        return self.external_id

    @property
    def reference(self) -> str:
        """The external id as people know it; empty for one made of a form's key, which tells nobody anything."""
        origin, _, name = self.external_id.partition(":")
        if origin == "won":
            return name.partition(":")[0]
        return "" if origin == "form" else self.external_id

    @property
    def outstanding_minor(self) -> int:
        """What is still to come in on an invoice; 0 on what was paid as it was booked."""
        return 0 if self.received_minor is None else self.amount_minor - self.received_minor


class CashReceipt(PublicTenantModel):
    """Money that came in on an invoice that was booked before it was paid. Added once, never changed."""

    external_id = models.CharField(max_length=120)
    revenue_event = TenantForeignKey(RevenueEvent)
    amount_minor = models.BigIntegerField()
    received_at = models.DateTimeField()
    # The day in the tenant's zone, computed once.
    received_on = models.DateField()
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "referrals_cash_receipt"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "external_id"], name="cash_receipt_id_once"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="cash_receipt_positive"),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "revenue_event", "received_at"], name="cash_receipt_of_event"
            )
        ]

    def __str__(self) -> str:
        return self.external_id
