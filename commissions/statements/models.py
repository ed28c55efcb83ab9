"""Statements: numbered, immutable, each transfer on exactly one."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce

from commissions.accruals.models import Accrual
from commissions.ledger.models import Transfer
from commissions.tax.models import FirstMaking
from partners.directory.models import Partner
from prm.accounts.members import Member
from prm.accounts.models import User
from prm.tenancy.models import PublicTenantModel, TenantForeignKey, TenantModel
from prm.uploads.models import Upload


class StatementQuerySet(models.QuerySet["Statement"]):
    """Phrases about statements."""

    def visible_to(self, member: Member) -> "StatementQuerySet":
        """All for staff; the partner's own otherwise, and those of duplicates that were merged into it."""
        if member.is_staff:
            return self
        merged = RawSQL("select unnest(partners_merged_into(%s))", [member.own_partner_id])
        return self.filter(Q(partner_id=member.own_partner_id) | Q(partner_id__in=merged))


class Statement(PublicTenantModel):
    """One partner's lines of a period in one currency; opening equals the previous closing."""

    number = models.CharField(max_length=32)
    partner = TenantForeignKey(Partner)
    currency = models.CharField(max_length=3)
    # 1 for the partner's first statement in this currency, then without gaps.
    position = models.IntegerField()
    period_start = models.DateField()
    period_end = models.DateField()
    opening_minor = models.BigIntegerField()
    earned_minor = models.BigIntegerField()
    adjusted_minor = models.BigIntegerField()
    paid_minor = models.BigIntegerField()
    closing_minor = models.BigIntegerField()
    line_count = models.IntegerField()
    # Of the closing balance: still on hold, and ready to be paid.
    on_hold_minor = models.BigIntegerField()
    payable_minor = models.BigIntegerField()
    issued_at = models.DateTimeField()
    # Names and addresses of both sides as they were, so that the paper can be printed again unchanged.
    parties = models.JSONField(default=dict)
    # SHA-256 over totals and lines, printed on the paper.
    digest = models.CharField(max_length=64)
    # What the digest binds: 1 number, balances and lines, 2 every figure, day and name as well.
    digest_version = models.SmallIntegerField(db_default=1)
    run_id = models.UUIDField(null=True, blank=True)

    objects: ClassVar[models.Manager["Statement"]] = StatementQuerySet.as_manager()

    class Meta:
        db_table = "commissions_statement"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "number"], name="statement_number_once"),
            models.UniqueConstraint(
                fields=["tenant", "partner", "currency", "position"], name="statement_position_once"
            ),
            models.CheckConstraint(
                condition=Q(
                    closing_minor=models.F("opening_minor")
                    + models.F("earned_minor")
                    + models.F("adjusted_minor")
                    - models.F("paid_minor"),
                ),
                name="statement_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(period_end__gte=models.F("period_start")),
                name="statement_period_forward",
            ),
            models.UniqueConstraint(
                fields=["tenant", "run_id", "partner", "currency"],
                name="statement_once_per_run",
                condition=Q(run_id__isnull=False),
            ),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "partner", "-issued_at", "-id"], name="statement_partner_newest"
            ),
            models.Index(fields=["tenant", "-issued_at", "-id"], name="statement_newest"),
            models.Index(fields=["tenant", "run_id"], name="statement_run"),
        ]

    def __str__(self) -> str:
        return self.number


class StatementLine(TenantModel):
    """One transfer as the statement shows it; signed: earned positive, paid negative."""

    id = models.BigAutoField(primary_key=True)
    statement = TenantForeignKey(Statement)
    partner_id = models.UUIDField()
    position = models.IntegerField()
    transfer = TenantForeignKey(Transfer)
    # "earned", "adjusted" or "paid"
    section = models.CharField(max_length=8)
    booked_on = models.DateField()
    amount_minor = models.BigIntegerField()
    # What is printed, frozen: customer, referral number, calculation inputs, person, original statement.
    detail = models.JSONField(default=dict)

    class Meta:
        db_table = "commissions_statement_line"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "transfer"], name="statement_line_transfer_once"
            ),
            models.UniqueConstraint(
                fields=["tenant", "statement", "position"], name="statement_line_position_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.section} {self.amount_minor}"


class StatementFile(FirstMaking):
    """The first making of a statement's file."""

    id = models.BigAutoField(primary_key=True)
    statement = TenantForeignKey(Statement)
    partner = TenantForeignKey(Partner)
    # "pdf" or "csv"
    kind = models.CharField(max_length=3)
    language = models.CharField(max_length=8)

    class Meta:
        db_table = "commissions_statement_file"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "statement", "kind", "language"], name="statement_file_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.statement_id}"


class ReadingWay(models.TextChoices):
    """How the partner's people took note of a statement."""

    PAGE = "page"
    PDF = "pdf"
    CSV = "csv"
    XLSX = "xlsx"
    CONFIRMED = "confirmed"


class StatementReading(TenantModel):
    """The first time that the partner's people read a statement in a way, or said that they have read it."""

    id = models.BigAutoField(primary_key=True)
    statement = TenantForeignKey(Statement)
    # Whose people; the partner that stays reads the statements of a merged duplicate too.
    partner = TenantForeignKey(Partner)
    way = models.CharField(max_length=9, choices=ReadingWay.choices)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()

    class Meta:
        db_table = "commissions_statement_reading"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "statement", "way"], name="statement_reading_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.way} of {self.statement_id}"


class DisputeState(models.TextChoices):
    """The life of a dispute."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class DisputeEffect(models.TextChoices):
    """What a dispute does to the line's money until it ends; empty until the worker has looked."""

    FROZEN = "frozen"
    ON_HOLD = "on_hold"
    PAID = "paid"
    NOTHING = "nothing"


class DisputeQuerySet(models.QuerySet["Dispute"]):
    """Phrases about disputes."""

    def visible_to(self, member: Member) -> "DisputeQuerySet":
        """All for staff, the partner's own otherwise."""
        return self if member.is_staff else self.filter(partner_id=member.own_partner_id)


class Dispute(PublicTenantModel):
    """A partner disagrees with one line of a statement; that line's money waits, the rest is paid."""

    line = TenantForeignKey(StatementLine)
    statement = TenantForeignKey(Statement)
    partner = TenantForeignKey(Partner)
    # The reward behind the line; null when there is none, such as for a debt written off.
    accrual = TenantForeignKey(Accrual, null=True)
    currency = models.CharField(max_length=3)
    reason = models.CharField(max_length=1000)
    # What the line should say, where the partner names it.
    wanted_minor = models.BigIntegerField(null=True, blank=True)
    evidence = TenantForeignKey(Upload, null=True)
    state = models.CharField(max_length=9, choices=DisputeState.choices, default=DisputeState.OPEN)
    opened_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    opened_at = models.DateTimeField()
    effect = models.CharField(max_length=8, choices=DisputeEffect.choices, blank=True, default="")
    # Moved from payable to disputed while it is open.
    frozen_minor = models.BigIntegerField(default=0)
    answer = models.CharField(max_length=1000, blank=True, default="")
    correction_minor = models.BigIntegerField(default=0)
    correction = TenantForeignKey(Transfer, null=True)
    # The transfer of a merge that took the correction on to another partner; payments claim that one.
    carried = TenantForeignKey(Transfer, null=True)
    closed_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    closed_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager["Dispute"]] = DisputeQuerySet.as_manager()

    class Meta:
        db_table = "commissions_dispute"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "line"],
                name="dispute_once_per_line",
                condition=~Q(state="withdrawn"),
            ),
            models.CheckConstraint(
                condition=Q(frozen_minor__gte=0) & Q(correction_minor__gte=0),
                name="dispute_amounts",
            ),
            models.CheckConstraint(
                condition=Q(state="open", closed_at=None)
                | (~Q(state="open") & Q(closed_at__isnull=False)),
                name="dispute_open_or_closed",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "-opened_at", "-id"], name="dispute_newest"),
            models.Index(fields=["tenant", "statement"], name="dispute_statement"),
            models.Index(
                fields=["tenant", "accrual"], name="dispute_open", condition=Q(state="open")
            ),
        ]

    def __str__(self) -> str:
        return f"dispute of line {self.line_id}"

    @property
    def corrected_by_id(self) -> int | None:
        """The transfer that a payment of the correction claims."""
        return self.carried_id or self.correction_id


# The same for queries.
CORRECTED_BY = Coalesce("carried_id", "correction_id")
