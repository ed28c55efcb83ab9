"""What the bank or a provider says became of payments: one file, and each of its rows."""

from django.db import models
from django.db.models import Q

from commissions.payouts.models import Payout
from prm.accounts.models import User
from prm.tenancy.models import PublicTenantModel, TenantForeignKey, TenantModel
from prm.uploads.models import Upload


class ResultState(models.TextChoices):
    """The life of a file of results."""

    READ = "read"
    APPLIED = "applied"


class ResultFile(PublicTenantModel):
    """A file of results that was read; nothing is booked before somebody applies it."""

    upload = TenantForeignKey(Upload)
    file_name = models.CharField(max_length=160)
    # The bytes' digest: the same file brought again is the same row.
    sha256 = models.CharField(max_length=64)
    # "camt.053" or "csv".
    shape = models.CharField(max_length=8)
    state = models.CharField(max_length=8, choices=ResultState.choices, default=ResultState.READ)
    read_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    read_at = models.DateTimeField()
    applied_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    applied_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "commissions_result_file"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "sha256"], name="result_file_once"),
        ]
        indexes = [models.Index(fields=["tenant", "-read_at", "-id"], name="result_file_newest")]

    def __str__(self) -> str:
        return self.file_name


class Outcome(models.TextChoices):
    """What a row says happened."""

    PAID = "paid"
    RETURNED = "returned"
    FEE = "fee"


class Match(models.TextChoices):
    """What the portal makes of a row when it is read."""

    MATCHED = "matched"
    # Booked before, by another file or by hand: nothing is left to do.
    KNOWN = "known"
    # A second row of the file about one payment and outcome.
    DOUBLE = "double"
    UNMATCHED = "unmatched"


class ResultRow(TenantModel):
    """One row of a file of results, as it was read, and what became of it."""

    id = models.BigAutoField(primary_key=True)
    file = TenantForeignKey(ResultFile)
    position = models.IntegerField()
    # What the row says.
    reference = models.CharField(max_length=80, blank=True)
    bank_reference = models.CharField(max_length=80, blank=True)
    outcome = models.CharField(max_length=8, choices=Outcome.choices)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    booked_on = models.DateField(null=True, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    fee_minor = models.BigIntegerField(default=0)
    # What the portal made of it.
    match = models.CharField(max_length=9, choices=Match.choices)
    # Why not, for a row without a payment: "reference", "amount", "currency", "state".
    problem = models.CharField(max_length=12, blank=True)
    payout = TenantForeignKey(Payout, null=True)
    applied_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "commissions_result_row"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "file", "position"], name="result_row_place_once"
            ),
            models.CheckConstraint(
                condition=Q(match="unmatched") | Q(payout__isnull=False),
                name="result_row_matched_has_payout",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.outcome}"
