"""The books: accounts, their balances, transfers between them, closed months. Written by ledger services only."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from partners.directory.models import Partner
from prm.accounts.models import User
from prm.tenancy.models import TenantForeignKey, TenantModel


class AccountKind(models.TextChoices):
    """The chart of accounts. The first five belong to a partner, the others to the tenant."""

    PENDING = "pending"
    PAYABLE = "payable"
    DISPUTED = "disputed"
    IN_PAYOUT = "in_payout"
    # What was taken back and is deducted from later payouts, because this one was deducted enough; never above zero.
    DEFERRED = "deferred"
    COMMISSION_EXPENSE = "commission_expense"
    CASH = "cash"
    FEES = "fees"
    FX = "fx"
    WITHHELD_TAX = "withheld_tax"
    # What the vendor pays on top and gets back from the tax office.
    INPUT_VAT = "input_vat"
    ADJUSTMENTS = "adjustments"
    BREAKAGE = "breakage"
    WRITE_OFFS = "write_offs"
    # What partners took instead of money and the vendor gives otherwise.
    IN_KIND = "in_kind"


PARTNER_KINDS = (
    AccountKind.PENDING,
    AccountKind.PAYABLE,
    AccountKind.DISPUTED,
    AccountKind.IN_PAYOUT,
    AccountKind.DEFERRED,
)


class Account(TenantModel):
    """One account of the chart, per partner where it is owed, per currency."""

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=20, choices=AccountKind.choices)
    partner = TenantForeignKey(Partner, null=True)
    currency = models.CharField(max_length=3)

    class Meta:
        db_table = "commissions_account"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "kind", "partner", "currency"],
                name="account_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(kind__in=PARTNER_KINDS, partner__isnull=False)
                | (~Q(kind__in=PARTNER_KINDS) & Q(partner__isnull=True)),
                name="account_partner_fits_kind",
            ),
        ]
        indexes = [models.Index(fields=["tenant", "partner", "currency"], name="account_partner")]

    def __str__(self) -> str:
        return f"{self.kind} {self.currency}"


class Balance(TenantModel):
    """The running sums of one account, kept by the statement that posts; provable from the transfers."""

    # Equal to the account's id.
    id = models.BigIntegerField(primary_key=True)
    debits_minor = models.BigIntegerField(default=0)
    credits_minor = models.BigIntegerField(default=0)

    class Meta:
        db_table = "commissions_balance"

    def __str__(self) -> str:
        return str(self.credits_minor - self.debits_minor)


class Transfer(TenantModel):
    """One movement of money between two accounts of one currency. Added once, never changed."""

    id = models.BigAutoField(primary_key=True)
    # Says what it is: accrual, release, clawback, payout, settlement, return, reversal, merge, fee, write_off,
    # conversion, deferral, award, dispute, dispute_end,
    # correction, withholding, vat.
    kind = models.CharField(max_length=12)
    # The natural key that makes a repeat find the first.
    key = models.CharField(max_length=120)
    # Transfers of one business fact share it.
    journal = models.CharField(max_length=80)
    debit_account = TenantForeignKey(Account)
    credit_account = TenantForeignKey(Account)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    # The partner whose account moves; null between two of the tenant's own.
    partner_id = models.UUIDField(null=True, blank=True)
    booked_at = models.DateTimeField()
    # The day in the tenant's zone, and as yyyymm its month, or the next open one when that is closed; computed once.
    booked_on = models.DateField()
    period = models.IntegerField()
    # The whole transfer that this one takes back.
    reverses = TenantForeignKey("self", null=True)
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "commissions_transfer"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "key"], name="transfer_key_once"),
            models.UniqueConstraint(fields=["tenant", "reverses"], name="transfer_reversed_once"),
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0, amount_minor__lte=10**15),
                name="transfer_amount_range",
            ),
            models.CheckConstraint(
                condition=~Q(debit_account=F("credit_account")), name="transfer_two_accounts"
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "credit_account", "id"], name="transfer_credit"),
            models.Index(fields=["tenant", "debit_account", "id"], name="transfer_debit"),
            # A month of the books, in the order of its journal.
            models.Index(fields=["tenant", "period", "id"], name="transfer_period"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount_minor} {self.currency}"


class ClosedPeriod(TenantModel):
    """One month that is closed: no transfer ever joins it, and its reports come out the same for ever."""

    id = models.BigAutoField(primary_key=True)
    # yyyymm
    period = models.IntegerField()
    closed_at = models.DateTimeField()
    closed_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    transfer_count = models.BigIntegerField()
    # Day -> number of transfers and SHA-256 over them; the digest is the SHA-256 over the days.
    days = models.JSONField(default=dict)
    digest = models.CharField(max_length=64)
    # Currency -> earned, taken back, paid and returned in the month, owed at its end; debits and credits.
    totals = models.JSONField(default=dict)
    # What reports show that may change later: language, headings, account codes, partners' names.
    frozen = models.JSONField(default=dict)

    class Meta:
        db_table = "commissions_period"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "period"], name="period_closed_once"),
            models.CheckConstraint(
                condition=Q(period__gte=190001, period__lte=999912), name="period_is_yyyymm"
            ),
        ]

    def __str__(self) -> str:
        return str(self.period)
