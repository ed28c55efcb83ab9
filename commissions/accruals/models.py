"""Rewards earned, taken back, and released from hold."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext_lazy as _

from commissions.ledger.models import Transfer
from commissions.plans.models import PlanRule, PlanVersion
from partners.directory.models import Partner
from partners.programs.models import Program
from prm.accounts.capabilities import Capability
from prm.accounts.members import Member
from prm.accounts.models import User
from prm.tenancy.models import TenantForeignKey, TenantModel


class AccrualQuerySet(models.QuerySet["Accrual"]):
    """Phrases about accruals."""

    def visible_to(self, member: Member) -> "AccrualQuerySet":
        """All for staff who see money, the partner's for its people who see earnings, none for others."""
        if member.is_staff:
            return self if member.may(Capability.SEE_MONEY) else self.none()
        return (
            self.filter(partner_id=member.own_partner_id)
            if member.may(Capability.SEE_EARNINGS)
            else self.none()
        )

    def for_person(self, member: Member) -> "AccrualQuerySet":
        """The lines that reward this person of a partner beside it, whether or not the person sees its earnings."""
        if member.partner_id is None:
            return self.none()
        return self.filter(
            partner_id=member.partner_id, payee_id=member.user_id, replaced_at__isnull=True
        )


class Accrual(TenantModel):
    """One reward of one event by one rule for one partner, with its explanation. Only `clawed_minor` grows."""

    id = models.BigAutoField(primary_key=True)
    partner = TenantForeignKey(Partner)
    # "qualified" and "won" point at the referral, "revenue" at the revenue event.
    source_kind = models.CharField(max_length=10)
    source_id = models.UUIDField()
    # No foreign keys: an undone import or an erased person leaves the books whole.
    referral_id = models.UUIDField()
    revenue_event_id = models.UUIDField(null=True, blank=True)
    version = TenantForeignKey(PlanVersion)
    rule = TenantForeignKey(PlanRule)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    clawed_minor = models.BigIntegerField(default=0)
    # The referral's set of shares that the line was split by, 0 for none, and the place in it: whose line it is.
    split_no = models.IntegerField(default=0, db_default=0)
    place = models.SmallIntegerField(default=0, db_default=0)
    # How often the reward was computed anew because its history changed; the newest one counts.
    generation = models.IntegerField(default=0, db_default=0)
    # When a newer computation took its place: it is wholly taken back.
    replaced_at = models.DateTimeField(null=True, blank=True)
    # Of a program with a budget: the first day of the budget period that it was booked in.
    budget_on = models.DateField(null=True, blank=True)
    # The person it is for, where the plan pays the partner's person and not the partner.
    payee = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    earned_at = models.DateTimeField()
    earned_on = models.DateField()
    # The end of the hold, at the start of that day in the tenant's zone.
    payable_at = models.DateTimeField()
    transfer = TenantForeignKey(Transfer)
    # Everything that reproduces the amount: commissions.plans.rules.Trace as JSON.
    trace = models.JSONField()
    recorded_at = models.DateTimeField(db_default=Now())

    objects: ClassVar[models.Manager["Accrual"]] = AccrualQuerySet.as_manager()

    class Meta:
        db_table = "commissions_accrual"
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "tenant",
                    "source_kind",
                    "source_id",
                    "rule",
                    "split_no",
                    "place",
                    "generation",
                ],
                name="accrual_once",
            ),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="accrual_positive"),
            models.CheckConstraint(
                condition=Q(clawed_minor__gte=0) & Q(clawed_minor__lte=F("amount_minor")),
                name="accrual_clawed_within_amount",
            ),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "partner", "-earned_at", "-id"], name="accrual_partner_newest"
            ),
            models.Index(fields=["tenant", "-earned_at", "-id"], name="accrual_newest"),
            models.Index(fields=["tenant", "payable_at"], name="accrual_payable"),
            models.Index(fields=["tenant", "referral_id"], name="accrual_referral"),
            models.Index(fields=["tenant", "revenue_event_id"], name="accrual_revenue"),
            # How much of a budget is used.
            models.Index(
                fields=["tenant", "budget_on", "version"],
                name="accrual_budget",
                condition=~Q(budget_on=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount_minor} {self.currency}"


class PricedEvent(TenantModel):
    """What an event was when a plan with conditions first priced it: later changes of the referral change no reward."""

    id = models.BigAutoField(primary_key=True)
    source_kind = models.CharField(max_length=10)
    source_id = models.UUIDField()
    partner_id = models.UUIDField()
    # commissions.accruals.facts.Pinned as JSON.
    facts = models.JSONField()
    at = models.DateTimeField()

    class Meta:
        db_table = "commissions_priced_event"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "source_kind", "source_id"], name="priced_event_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.source_kind}:{self.source_id}"


class HistoryPoint(TenantModel):
    """What a partner's history came to after one of its events. A shortcut: without it the history is priced whole."""

    id = models.BigAutoField(primary_key=True)
    partner = TenantForeignKey(Partner)
    program = TenantForeignKey(Program)
    # The place of its last event: the moment, the rank of its kind among those of one moment, its id.
    at = models.DateTimeField()
    rank = models.SmallIntegerField()
    source_id = models.UUIDField()
    # How many events lie up to here, and how many rows they were read from: when others are found, it is void.
    events = models.IntegerField()
    referrals = models.IntegerField()
    payments = models.IntegerField()
    # Digest of the terms that it was priced under.
    terms = models.CharField(max_length=64)
    # commissions.plans.standing.Standing as JSON.
    standing = models.JSONField()

    class Meta:
        db_table = "commissions_history_point"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "partner", "program", "at", "rank", "source_id"],
                name="history_point_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.partner_id} after {self.events}"


class WaitingReward(TenantModel):
    """A reward that the plan's budget had no room for: booked in order when there is room, dropped when it is void."""

    id = models.BigAutoField(primary_key=True)
    program = TenantForeignKey(Program)
    partner = TenantForeignKey(Partner)
    source_kind = models.CharField(max_length=10)
    source_id = models.UUIDField()
    referral_id = models.UUIDField()
    version = TenantForeignKey(PlanVersion)
    rule = TenantForeignKey(PlanRule)
    split_no = models.IntegerField(default=0)
    place = models.SmallIntegerField(default=0)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    earned_at = models.DateTimeField()
    trace = models.JSONField()
    since = models.DateTimeField()
    # One of them is set when it no longer waits.
    booked_at = models.DateTimeField(null=True, blank=True)
    dropped_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "commissions_waiting_reward"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "source_kind", "source_id", "rule", "split_no", "place"],
                condition=Q(booked_at=None, dropped_at=None),
                name="waiting_reward_once",
            ),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="waiting_positive"),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "program", "earned_at", "id"],
                name="waiting_in_order",
                condition=Q(booked_at=None, dropped_at=None),
            ),
            models.Index(
                fields=["tenant", "partner", "earned_at"],
                name="waiting_of_partner",
                condition=Q(booked_at=None, dropped_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount_minor} {self.currency} waiting"


class RepRewards(models.TextChoices):
    """Whether a partner lets its own people receive rewards from the vendor."""

    NONE = "none", _("None")
    NON_CASH = "non_cash", _("Only rewards that are not money")
    CASH = "cash", _("Money and other rewards")


class RepPolicy(TenantModel):
    """What a partner allows its people from a moment on; the newest row before an event decides. None without a row."""

    id = models.BigAutoField(primary_key=True)
    partner = TenantForeignKey(Partner)
    allows = models.CharField(max_length=8, choices=RepRewards.choices)
    from_at = models.DateTimeField()
    set_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )

    class Meta:
        db_table = "commissions_rep_policy"
        indexes = [
            models.Index(fields=["tenant", "partner", "-from_at", "-id"], name="rep_policy_newest")
        ]

    def __str__(self) -> str:
        return f"{self.partner_id}: {self.allows}"


class RewardInKind(TenantModel):
    """A reward of a partner's person whose employer allows no money: what it is worth, outside the books."""

    id = models.BigAutoField(primary_key=True)
    program = TenantForeignKey(Program)
    partner = TenantForeignKey(Partner)
    payee = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    source_kind = models.CharField(max_length=10)
    source_id = models.UUIDField()
    referral_id = models.UUIDField()
    version = TenantForeignKey(PlanVersion)
    rule = TenantForeignKey(PlanRule)
    # What it is worth: the plan's amount, which nobody is paid.
    worth_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    earned_at = models.DateTimeField()
    # commissions.plans.rules.Trace as JSON.
    trace = models.JSONField()
    at = models.DateTimeField()
    # When nothing earned it any more; what was not delivered by then is not.
    void_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "commissions_reward_in_kind"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "source_kind", "source_id", "rule"], name="reward_in_kind_once"
            ),
            models.CheckConstraint(condition=Q(worth_minor__gt=0), name="reward_in_kind_positive"),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "partner", "payee", "-earned_at"], name="reward_in_kind_person"
            ),
            models.Index(fields=["tenant", "referral_id"], name="reward_in_kind_referral"),
        ]

    def __str__(self) -> str:
        return f"{self.worth_minor} {self.currency} in kind"


class TaxMark(TenantModel):
    """A partner's admin says: what this person got in this year until the moment went to payroll or the tax return."""

    id = models.BigAutoField(primary_key=True)
    partner = TenantForeignKey(Partner)
    payee = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    year = models.SmallIntegerField()
    at = models.DateTimeField()
    marked_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )

    class Meta:
        db_table = "commissions_tax_mark"
        indexes = [
            models.Index(fields=["tenant", "partner", "year", "payee", "-at"], name="tax_mark_of")
        ]

    def __str__(self) -> str:
        return f"{self.payee_id} {self.year}"


# The transfer by which a release is paid (in a query about releases).
PAID_BY = Coalesce("carried_id", "transfer_id")


class Release(TenantModel):
    """The end of an accrual's hold: what was left of it moved from pending to payable."""

    id = models.BigAutoField(primary_key=True)
    accrual = TenantForeignKey(Accrual)
    partner_id = models.UUIDField()
    # Null when everything had been clawed back before.
    transfer = TenantForeignKey(Transfer, null=True)
    # The transfer of a merge that took the money on to another partner; payments claim that one.
    carried = TenantForeignKey(Transfer, null=True)
    amount_minor = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        db_table = "commissions_release"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "accrual"], name="release_once"),
            models.CheckConstraint(condition=Q(amount_minor__gte=0), name="release_not_negative"),
        ]
        indexes = [models.Index(fields=["tenant", "transfer"], name="release_transfer")]

    def __str__(self) -> str:
        return f"release of {self.accrual_id}"


class Clawback(TenantModel):
    """A part of an accrual taken back, at the accrual's own rate."""

    id = models.BigAutoField(primary_key=True)
    accrual = TenantForeignKey(Accrual)
    partner_id = models.UUIDField()
    # The refund that caused it, or null for a correction by a person.
    refund_id = models.UUIDField(null=True, blank=True)
    amount_minor = models.BigIntegerField()
    reason = models.CharField(max_length=300, blank=True)
    transfer = TenantForeignKey(Transfer)
    at = models.DateTimeField()

    class Meta:
        db_table = "commissions_clawback"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "accrual", "refund_id"], name="clawback_refund_once"
            ),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="clawback_positive"),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "partner_id", "-at", "-id"], name="clawback_partner_newest"
            ),
            models.Index(fields=["tenant", "transfer"], name="clawback_transfer"),
        ]

    def __str__(self) -> str:
        return f"{self.amount_minor} of accrual {self.accrual_id}"
