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
    ACH = "ach", _("US bank transfer (ACH)")
    PAYPAL = "paypal", _("PayPal")
    WISE = "wise", _("Wise")
    WISE_ACCOUNT = "wisebank", _("Wise, to a bank account")


class AchKind(models.TextChoices):
    """What kind of US account a transfer goes to; the file for the bank names it."""

    CHECKING = "checking", _("Checking account")
    SAVINGS = "savings", _("Savings account")


class PayoutAccount(TenantModel):
    """A partner's payout details; the newest row counts, older ones are history. Numbers are encrypted."""

    id = models.BigAutoField(primary_key=True)
    partner = TenantForeignKey(Partner)
    method = models.CharField(max_length=8, choices=PayoutMethod.choices)
    holder = models.CharField(max_length=140)
    # Encrypted IBAN, account number or address of a wallet; masked is what pages show ("IE •• 4412").
    number = models.TextField()
    masked = models.CharField(max_length=60)
    # A keyed digest, so that two partners with one account are noticed.
    number_digest = models.CharField(max_length=64)
    bic = models.CharField(max_length=11, blank=True)
    country = models.CharField(max_length=2, blank=True)
    # The bank's national number where the country has one, such as a US routing number.
    routing = models.CharField(max_length=20, blank=True, default="", db_default="")
    ach_kind = models.CharField(
        max_length=8, choices=AchKind.choices, blank=True, default="", db_default=""
    )
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
    # How many people besides the preparer have to agree; decided at the freeze by the limits of that day.
    approvals_needed = models.SmallIntegerField(default=1, db_default=1)

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


class RunApproval(TenantModel):
    """One person's word for exactly the list that the digest names."""

    id = models.BigAutoField(primary_key=True)
    run = TenantForeignKey(PayoutRun)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    digest = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        db_table = "commissions_run_approval"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "run", "user"], name="run_approval_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} for {self.run_id}"


class PayoutState(models.TextChoices):
    """The life of one partner's payment."""

    PREPARED = "prepared", _("Waiting for approval")
    APPROVED = "approved", _("Approved")
    EXPORTED = "exported", _("Sent to bank")
    SETTLED = "settled", _("Paid")
    RETURNED = "returned", _("Returned")
    CANCELLED = "cancelled", _("Cancelled")


class ReturnCause(models.TextChoices):
    """Why a payment came back, as a person of finance reads the bank's words."""

    # Nobody has said yet: the bank's words have no code.
    UNCLEAR = "unclear", _("Not known yet")
    CLOSED = "closed", _("The account is closed or blocked")
    WRONG = "wrong", _("The details are wrong")
    REFUSED = "refused", _("The bank refused the payment")
    OTHER = "other", _("Another reason")


# Nothing more is paid to an account that these are said of.
BLAMES_ACCOUNT = frozenset({ReturnCause.CLOSED, ReturnCause.WRONG})


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
    # Empty while nothing came back, and where a code in the reason says why.
    return_cause = models.CharField(
        max_length=8, choices=ReturnCause.choices, blank=True, default="", db_default=""
    )

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
            models.Index(
                fields=["tenant", "-id"],
                name="payout_return_unclear",
                condition=Q(return_cause="unclear"),
            ),
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


class AccountFault(TenantModel):
    """A payment that came back because of the account it went to; nothing more is paid there while it is open."""

    id = models.BigAutoField(primary_key=True)
    partner = TenantForeignKey(Partner)
    account = TenantForeignKey(PayoutAccount)
    payout = TenantForeignKey(Payout)
    # The bank's code for why ("AC04"); empty when a person said that it is the account.
    code = models.CharField(max_length=4, blank=True)
    at = models.DateTimeField()
    # A person of finance who wants the same account paid again, and why.
    cleared_at = models.DateTimeField(null=True, blank=True)
    cleared_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    cleared_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        db_table = "commissions_account_fault"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "payout"], name="account_fault_once"),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "account"],
                name="account_fault_open",
                condition=Q(cleared_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.payout_id}".strip()


class ExclusionReason(models.TextChoices):
    """Why a partner with a balance is not paid in a run."""

    NO_DETAILS = "no_details", _("No bank details")
    RETURNED = "returned", _("A payment to this account came back")
    COOLING = "cooling", _("Bank details changed recently")
    BELOW_MINIMUM = "below_minimum", _("Below the minimum payout")
    NEGATIVE = "negative", _("Below zero after a reversed commission")
    NOT_ACTIVE = "not_active", _("Partner is paused or ended")
    LEFT_OUT = "left_out", _("Left out by finance")
    TAX_FORM = "tax_form", _("Tax form missing")
    INVOICE = "invoice", _("Invoice missing or not approved")
    VAT = "vat", _("How VAT applies is not known")
    OTHER_METHOD = "other_method", _("The chosen method cannot carry this currency")


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


class Cadence(models.TextChoices):
    """How often a run is prepared by itself."""

    BY_HAND = "", _("By hand only")
    WEEKLY = "weekly", _("Every week")
    MONTHLY = "monthly", _("Every month")


def every_method() -> list[str]:
    """Return what a vendor offers before anybody chose."""
    return [PayoutMethod.SEPA, PayoutMethod.BANK]


class PayoutSettings(TenantModel):
    """How a vendor pays: which methods partners may choose, when runs are prepared. One row per vendor."""

    id = models.BigAutoField(primary_key=True)
    methods = models.JSONField(default=every_method)
    cadence = models.CharField(
        max_length=8, choices=Cadence.choices, blank=True, default=Cadence.BY_HAND
    )
    # Day of the month from 1 to 28, or of the week from 1 (Monday) to 7; in the tenant's zone.
    run_day = models.SmallIntegerField(default=1)
    # The last day that the clock dealt with, so that a day's run is prepared once.
    looked_on = models.DateField(null=True, blank=True)
    # What US banks want in the head of a file: routing number, the company's number and name, and its bank's.
    ach_routing = models.CharField(max_length=9, blank=True, default="")
    ach_company_id = models.CharField(max_length=10, blank=True, default="")
    ach_company_name = models.CharField(max_length=23, blank=True, default="")
    ach_bank_name = models.CharField(max_length=23, blank=True, default="")

    class Meta:
        db_table = "commissions_payout_settings"
        constraints = [
            models.UniqueConstraint(fields=["tenant"], name="payout_settings_once"),
            models.CheckConstraint(
                condition=Q(cadence="weekly", run_day__range=(1, 7))
                | (~Q(cadence="weekly") & Q(run_day__range=(1, 28))),
                name="payout_settings_day_exists",
            ),
        ]

    def __str__(self) -> str:
        return self.cadence or "by hand"


class PayoutLimit(TenantModel):
    """From which amounts on more people have to look, in one currency; an empty limit never asks for more."""

    id = models.BigAutoField(primary_key=True)
    currency = models.CharField(max_length=3)
    # Above these a run needs two approvals besides its preparer: its total, and its largest payment.
    run_minor = models.BigIntegerField(null=True, blank=True)
    payment_minor = models.BigIntegerField(null=True, blank=True)
    # Up to here a hold may be ended early by one person; above, and without a limit, a second agrees.
    release_minor = models.BigIntegerField(null=True, blank=True)

    class Meta:
        db_table = "commissions_payout_limit"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "currency"], name="payout_limit_once"),
            models.CheckConstraint(
                condition=(Q(run_minor=None) | Q(run_minor__gte=0))
                & (Q(payment_minor=None) | Q(payment_minor__gte=0))
                & (Q(release_minor=None) | Q(release_minor__gte=0)),
                name="payout_limit_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return self.currency


class FileTemplate(TenantModel):
    """A list of payments in the shape that some bank or provider takes; columns in order, chosen by finance."""

    id = models.BigAutoField(primary_key=True)
    name = models.CharField(max_length=60)
    # [key, heading] each; keys of commissions.payouts.templates.COLUMNS.
    columns = models.JSONField()
    # Which methods' payments it lists; empty lists all.
    methods = models.JSONField(default=list)
    delimiter = models.CharField(max_length=1, default=",")
    decimal_mark = models.CharField(max_length=1, default=".")
    day_format = models.CharField(max_length=10, default="%Y-%m-%d")
    has_head = models.BooleanField(default=True)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "commissions_file_template"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "name"],
                name="file_template_name_once",
                condition=Q(retired_at=None),
            ),
        ]

    def __str__(self) -> str:
        return self.name
