"""Statements: numbered, immutable, each transfer on exactly one."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.expressions import RawSQL

from commissions.ledger.models import Transfer
from partners.directory.models import Partner
from prm.accounts.members import Member
from prm.tenancy.models import PublicTenantModel, TenantForeignKey, TenantModel


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
