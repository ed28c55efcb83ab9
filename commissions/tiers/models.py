"""Tiers of a program: what each asks for, who stands where from which day, and what comes with it."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from partners.directory.models import Partner
from partners.programs.models import Program
from prm.accounts.models import User
from prm.tenancy.models import PublicTenantModel, TenantForeignKey, TenantModel


class TierRules(TenantModel):
    """How a program's tiers are counted; without a row commissions.tiers.rules.DEFAULTS hold."""

    id = models.BigAutoField(primary_key=True)
    program = TenantForeignKey(Program)
    # Wins, sales and certificates of so many months up to the day count.
    months = models.IntegerField()
    # Whether a tier asks for all that it names, or for any of it.
    match = models.CharField(max_length=3)
    # Days in which a tier just reached cannot be lost; days between telling a partner and moving it down.
    grace_days = models.IntegerField()
    notice_days = models.IntegerField()
    # Whether the worker moves partners every night, or a person does.
    is_automatic = models.BooleanField(default=False)

    class Meta:
        db_table = "commissions_tier_rules"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "program"], name="tier_rules_once"),
            models.CheckConstraint(
                condition=Q(months__range=(1, 60))
                & Q(grace_days__range=(0, 730))
                & Q(notice_days__range=(0, 365))
                & Q(match__in=["all", "any"]),
                name="tier_rules_range",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.program_id}: {self.months}"


class Tier(PublicTenantModel):
    """One step. Plans refer to it by its name, which therefore stays; the lowest asks for nothing."""

    program = TenantForeignKey(Program)
    name = models.CharField(max_length=40)
    # 1 is the lowest.
    position = models.IntegerField()
    # To reach it within the counted months: wins, their deal values in minor units of the program, certificates.
    entry_wins = models.IntegerField(default=0)
    entry_minor = models.BigIntegerField(default=0)
    entry_courses = models.IntegerField(default=0)
    # To stay in it.
    keep_wins = models.IntegerField(default=0)
    keep_minor = models.BigIntegerField(default=0)
    keep_courses = models.IntegerField(default=0)

    class Meta:
        db_table = "commissions_tier"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "program", "name"], name="tier_name_once"),
            models.UniqueConstraint(
                fields=["tenant", "program", "position"], name="tier_position_once"
            ),
            models.CheckConstraint(
                condition=Q(entry_wins__gte=0, entry_minor__gte=0, entry_courses__gte=0)
                & Q(keep_wins__gte=0, keep_minor__gte=0, keep_courses__gte=0)
                & Q(position__gte=1),
                name="tier_needs_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class MoveReason(models.TextChoices):
    """Why a partner stands in a tier."""

    REACHED = "reached", _("Reached")
    LOST = "lost", _("Not kept")
    MERGED = "merged", _("Came with a merge")


class TierStanding(TenantModel):
    """A partner's tier in a program from one day of the tenant's zone to the day before another; never two at once."""

    id = models.BigAutoField(primary_key=True)
    partner = TenantForeignKey(Partner)
    program = TenantForeignKey(Program)
    tier = TenantForeignKey(Tier)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)
    reason = models.CharField(max_length=8, choices=MoveReason.choices)
    # What the partner had when it was moved, and what was asked: commissions.tiers.rules.Numbers as JSON.
    numbers = models.JSONField(default=dict)
    moved_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "commissions_tier_standing"
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")),
                name="tier_standing_ends_after_start",
            ),
        ]
        indexes = [models.Index(fields=["tenant", "program", "tier"], name="tier_standing_of")]

    def __str__(self) -> str:
        return f"{self.partner_id}: {self.tier_id}"


class NoticeState(models.TextChoices):
    """What became of a warning."""

    OPEN = "open", _("Waiting")
    DONE = "done", _("Moved")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class TierNotice(TenantModel):
    """A partner told that it moves down on a day unless it earns its tier again."""

    id = models.BigAutoField(primary_key=True)
    partner = TenantForeignKey(Partner)
    program = TenantForeignKey(Program)
    from_tier = TenantForeignKey(Tier)
    told_on = models.DateField()
    effective_on = models.DateField()
    state = models.CharField(max_length=9, choices=NoticeState.choices, default=NoticeState.OPEN)

    class Meta:
        db_table = "commissions_tier_notice"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "partner", "program"],
                name="tier_notice_one_open",
                condition=Q(state="open"),
            ),
            models.CheckConstraint(
                condition=Q(effective_on__gt=F("told_on")), name="tier_notice_in_advance"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.partner_id}: {self.effective_on}"


class Benefit(PublicTenantModel):
    """Something that comes with a tier and all above it, from a day until another."""

    program = TenantForeignKey(Program)
    tier = TenantForeignKey(Tier)
    title = models.CharField(max_length=120)
    description = models.CharField(max_length=500, blank=True)
    starts_on = models.DateField()
    # The last day on which it holds; null without an end.
    ends_on = models.DateField(null=True, blank=True)

    class Meta:
        db_table = "commissions_benefit"
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")),
                name="benefit_ends_after_start",
            )
        ]
        indexes = [models.Index(fields=["tenant", "program", "tier"], name="benefit_of_tier")]

    def __str__(self) -> str:
        return self.title
