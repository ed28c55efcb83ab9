"""Where partners are paid, and the runs that pay them."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from commissions.ledger.models import Transfer
from partners.directory.models import Partner
from prm.accounts.models import User
from prm.tenancy.models import PublicTenantModel, TenantForeignKey, TenantModel


class PayoutMethod(models.TextChoices):
    """How the money travels."""

    SEPA = "sepa", _("SEPA credit transfer")
    BANK = "bank", _("Bank transfer")


class PayoutAccount(TenantModel):
    """A partner's payout details; the newest row counts, older ones are history. Numbers are encrypted."""

    id = models.BigAutoField(primary_key=True)
    partner = TenantForeignKey(Partner)
    method = models.CharField(max_length=8, choices=PayoutMethod.choices)
    holder = models.CharField(max_length=140)
    # Encrypted IBAN or account number; masked is what pages show ("IE •• 4412").
    number = models.TextField()
    masked = models.CharField(max_length=24)
    # A keyed digest, so that two partners with one account are noticed.
    number_digest = models.CharField(max_length=64)
    bic = models.CharField(max_length=11, blank=True)
    country = models.CharField(max_length=2, blank=True)
    changed_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    changed_at = models.DateTimeField()
    # Until then payouts to it are held.
    cooling_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "commissions_payout_account"
        indexes = [models.Index(fields=["tenant", "partner", "-id"], name="payout_account_newest")]

    def __str__(self) -> str:
        return self.masked


class RunState(models.TextChoices):
    """The life of a payout run."""

    PREPARED = "prepared", _("Waiting for approval")
    APPROVED = "approved", _("Approved")
    EXPORTED = "exported", _("Sent to bank")
    SETTLED = "settled", _("Settled")
    CANCELLED = "cancelled", _("Sent back")


class PayoutRun(PublicTenantModel):
    """A batch of payments, frozen when it is submitted; a digest binds the list that two people saw."""

    number = models.CharField(max_length=24)
    state = models.CharField(max_length=10, choices=RunState.choices, default=RunState.PREPARED)
    # Balances payable at this moment.
    cutoff_at = models.DateTimeField()
    digest = models.CharField(max_length=64)
    prepared_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    prepared_at = models.DateTimeField()
    approved_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    approved_at = models.DateTimeField(null=True, blank=True)
    cancelled_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancel_reason = models.TextField(blank=True)
    exported_at = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    pay_on = models.DateField()

    class Meta:
        db_table = "commissions_payout_run"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "number"], name="payout_run_number_once"),
            # Two people confirming at once make one run: only one may wait or be under way.
            models.UniqueConstraint(
                fields=["tenant"],
                name="payout_run_one_prepared",
                condition=Q(state="prepared"),
            ),
        ]
        indexes = [models.Index(fields=["tenant", "-prepared_at", "-id"], name="payout_run_newest")]

    def __str__(self) -> str:
        return self.number


class PayoutState(models.TextChoices):
    """The life of one partner's payment."""

    PREPARED = "prepared", _("Waiting for approval")
    APPROVED = "approved", _("Approved")
    EXPORTED = "exported", _("Sent to bank")
    SETTLED = "settled", _("Paid")
    RETURNED = "returned", _("Returned")
    CANCELLED = "cancelled", _("Cancelled")


class Payout(PublicTenantModel):
    """One partner's payment in one currency in a run; its amount is the sum of the lines it claims."""

    number = models.CharField(max_length=32)
    run = TenantForeignKey(PayoutRun)
    partner = TenantForeignKey(Partner)
    account = TenantForeignKey(PayoutAccount)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    line_count = models.IntegerField()
    state = models.CharField(
        max_length=10, choices=PayoutState.choices, default=PayoutState.PREPARED
    )
    settled_at = models.DateTimeField(null=True, blank=True)
    returned_at = models.DateTimeField(null=True, blank=True)
    return_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        db_table = "commissions_payout"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "run", "partner", "currency"], name="payout_once_per_run"
            ),
            models.UniqueConstraint(fields=["tenant", "number"], name="payout_number_once"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="payout_positive"),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "run", "-amount_minor", "id"], name="payout_run_largest"
            ),
            models.Index(fields=["tenant", "partner", "-id"], name="payout_partner_newest"),
        ]

    def __str__(self) -> str:
        return self.number


class PayoutLine(TenantModel):
    """A transfer on the partner's payable account, claimed by one payout at a time; signed amount."""

    id = models.BigAutoField(primary_key=True)
    payout = TenantForeignKey(Payout)
    partner_id = models.UUIDField()
    transfer = TenantForeignKey(Transfer)
    amount_minor = models.BigIntegerField()
    # Set only when the run is sent back before approval; the transfer may then be claimed again.
    released_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "commissions_payout_line"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "transfer"],
                name="payout_line_claimed_once",
                condition=Q(released_at=None),
            ),
        ]
        indexes = [models.Index(fields=["tenant", "payout", "id"], name="payout_line_payout")]

    def __str__(self) -> str:
        return f"{self.amount_minor}"


class ExclusionReason(models.TextChoices):
    """Why a partner with a balance is not paid in a run."""

    NO_DETAILS = "no_details", _("No bank details")
    COOLING = "cooling", _("Bank details changed recently")
    BELOW_MINIMUM = "below_minimum", _("Below the minimum payout")
    NEGATIVE = "negative", _("Below zero after a reversed commission")
    NOT_ACTIVE = "not_active", _("Partner is paused or ended")
    LEFT_OUT = "left_out", _("Left out by finance")


class PayoutExclusion(TenantModel):
    """A partner left out of a run, how much stays, and why."""

    id = models.BigAutoField(primary_key=True)
    run = TenantForeignKey(PayoutRun)
    partner = TenantForeignKey(Partner)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    reason = models.CharField(max_length=16, choices=ExclusionReason.choices)
    detail = models.JSONField(default=dict)

    class Meta:
        db_table = "commissions_payout_exclusion"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "run", "partner", "currency"], name="payout_exclusion_once"
            ),
        ]

    def __str__(self) -> str:
        return self.reason
