"""What finance books by decision: debts written off, conversions, and the rates and caps they use."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from commissions.ledger.models import Transfer
from partners.directory.models import Partner
from partners.programs.models import Program
from prm.accounts.models import User
from prm.tenancy.models import TenantForeignKey, TenantModel


class WriteOffState(models.TextChoices):
    """The life of a wish to write something off."""

    ASKED = "asked", _("Waiting for approval")
    APPROVED = "approved", _("Written off")
    REFUSED = "refused", _("Refused")


class WriteOff(TenantModel):
    """A wish to forgive a partner what its balance is below zero: asked by one person, decided by another."""

    id = models.BigAutoField(primary_key=True)
    partner = TenantForeignKey(Partner)
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()
    reason = models.CharField(max_length=300)
    state = models.CharField(
        max_length=10, choices=WriteOffState.choices, default=WriteOffState.ASKED
    )
    asked_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    asked_at = models.DateTimeField()
    decided_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    # Why it was refused.
    answer = models.CharField(max_length=300, blank=True)
    transfer = TenantForeignKey(Transfer, null=True)

    class Meta:
        db_table = "commissions_write_off"
        constraints = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="write_off_positive"),
            models.UniqueConstraint(
                fields=["tenant", "partner", "currency"],
                name="write_off_one_asked",
                condition=Q(state="asked"),
            ),
            models.CheckConstraint(
                condition=~Q(state="approved")
                | Q(decided_at__isnull=False, transfer__isnull=False),
                name="write_off_approved_is_booked",
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=models.F("asked_by")),
                name="write_off_two_people",
            ),
        ]
        indexes = [models.Index(fields=["tenant", "-asked_at", "-id"], name="write_off_newest")]

    def __str__(self) -> str:
        return f"{self.amount_minor} {self.currency}"


class ExchangeRate(TenantModel):
    """How many units of one currency one unit of another was worth on a day; the newest row of a day counts."""

    id = models.BigAutoField(primary_key=True)
    from_currency = models.CharField(max_length=3)
    to_currency = models.CharField(max_length=3)
    rated_on = models.DateField()
    rate = models.DecimalField(max_digits=18, decimal_places=8)
    source = models.CharField(max_length=80)
    entered_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    entered_at = models.DateTimeField()

    class Meta:
        db_table = "commissions_exchange_rate"
        constraints = [
            models.CheckConstraint(condition=Q(rate__gt=0), name="exchange_rate_positive"),
            models.CheckConstraint(
                condition=~Q(from_currency=models.F("to_currency")),
                name="exchange_rate_two_currencies",
            ),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "from_currency", "to_currency", "-rated_on", "-id"],
                name="exchange_rate_pair",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.from_currency}/{self.to_currency} {self.rate}"


class Conversion(TenantModel):
    """A partner's money moved into another currency, by a person's decision, at a rate that is kept with it."""

    id = models.BigAutoField(primary_key=True)
    partner = TenantForeignKey(Partner)
    key = models.CharField(max_length=64)
    from_minor = models.BigIntegerField()
    from_currency = models.CharField(max_length=3)
    to_minor = models.BigIntegerField()
    to_currency = models.CharField(max_length=3)
    # How much of both had come back from a bank: it was taxed when it was paid.
    from_taxed_minor = models.BigIntegerField(db_default=0, default=0)
    to_taxed_minor = models.BigIntegerField(db_default=0, default=0)
    rate = models.DecimalField(max_digits=18, decimal_places=8)
    rated_on = models.DateField()
    source = models.CharField(max_length=80)
    reason = models.CharField(max_length=300)
    # Out of the one currency, into the other; each balances by itself through the account of exchange.
    out_transfer = TenantForeignKey(Transfer)
    in_transfer = TenantForeignKey(Transfer)
    booked_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    booked_at = models.DateTimeField()

    class Meta:
        db_table = "commissions_conversion"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "key"], name="conversion_once"),
            models.CheckConstraint(
                condition=Q(from_minor__gt=0, to_minor__gt=0, rate__gt=0),
                name="conversion_positive",
            ),
            models.CheckConstraint(
                condition=~Q(from_currency=models.F("to_currency")),
                name="conversion_two_currencies",
            ),
        ]
        indexes = [models.Index(fields=["tenant", "-booked_at", "-id"], name="conversion_newest")]

    def __str__(self) -> str:
        return f"{self.from_minor} {self.from_currency}"


class DeductionCap(TenantModel):
    """How much of a payout a program takes for what was clawed back, in percent; 100 where there is no row."""

    id = models.BigAutoField(primary_key=True)
    program = TenantForeignKey(Program)
    percent = models.SmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(100)])

    class Meta:
        db_table = "commissions_deduction_cap"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "program"], name="deduction_cap_once"),
            models.CheckConstraint(
                condition=Q(percent__gte=1, percent__lte=100), name="deduction_cap_percent"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.percent} %"
