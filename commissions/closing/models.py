"""The codes under which another bookkeeping knows our accounts, and the proofs of closed months' reports."""

from django.db import models

from commissions.ledger.models import ClosedPeriod
from prm.tenancy.models import TenantForeignKey, TenantModel


class AccountCode(TenantModel):
    """Code and name of one kind of account in the vendor's own chart; the default chart names the others."""

    id = models.BigAutoField(primary_key=True)
    # One of ledger.models.AccountKind.
    kind = models.CharField(max_length=20)
    code = models.CharField(max_length=20)
    name = models.CharField(max_length=80)

    class Meta:
        db_table = "commissions_account_code"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "kind"], name="account_code_kind_once"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class PeriodReport(TenantModel):
    """The proof of one report of a closed month: what its CSV hashed to when it was first written."""

    id = models.BigAutoField(primary_key=True)
    period = TenantForeignKey(ClosedPeriod)
    # journal, liability, earnings, payouts
    kind = models.CharField(max_length=12)
    digest = models.CharField(max_length=64)
    row_count = models.BigIntegerField()
    written_at = models.DateTimeField()

    class Meta:
        db_table = "commissions_period_report"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "period", "kind"], name="period_report_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.period_id}"
