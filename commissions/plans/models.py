"""Commission plans in dated, immutable versions."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from partners.programs.models import Program
from prm.accounts.models import User
from prm.tenancy.models import PublicTenantModel, TenantForeignKey, TenantModel


class Trigger(models.TextChoices):
    """What makes a rule pay."""

    QUALIFIED = "qualified", _("When a referral qualifies")
    WON = "won", _("When a referral is won")
    REVENUE = "revenue", _("On each payment of the customer")


class Reward(models.TextChoices):
    """How much a rule pays."""

    FIXED = "fixed", _("A fixed amount")
    PERCENT = "percent", _("A percentage")


class RevenueScope(models.TextChoices):
    """Which payments a revenue rule covers."""

    FIRST = "first", _("The first payment only")
    MONTHS = "months", _("Payments of the first months")
    LIFETIME = "lifetime", _("Every payment, without end")
    ACTIVE = "active", _("Every payment while the partner is active")


class PlanVersion(PublicTenantModel):
    """The rules of a program from one moment to the next. A draft may change; a published one only ends."""

    program = TenantForeignKey(Program)
    number = models.IntegerField()
    currency = models.CharField(max_length=3)
    # Referrals registered in [starts_at, ends_at) are priced by it for ever; an open end is null.
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    # Days between earning and being payable.
    hold_days = models.IntegerField(default=30)
    # Smallest payout, in minor units of `currency`; less is carried forward.
    minimum_payout_minor = models.BigIntegerField(default=0)
    note = models.TextField(blank=True)
    # What it says for all rules: commissions.plans.terms.Policy as JSON; empty for a plain plan.
    policy = models.JSONField(default=dict, blank=True, db_default={})
    # Days between publishing and taking effect that partners are promised.
    notice_days = models.IntegerField(default=0, db_default=0)
    # Why the plan is as it is, for those who run it.
    rationale = models.TextField(blank=True, default="", db_default="")
    created_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(db_default=Now())
    published_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "commissions_plan_version"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "program", "number"], name="plan_version_number_once"
            ),
            models.CheckConstraint(
                condition=Q(hold_days__range=(0, 730)), name="plan_hold_days_range"
            ),
            models.CheckConstraint(
                condition=Q(notice_days__range=(0, 365)), name="plan_notice_days_range"
            ),
            models.CheckConstraint(
                condition=Q(minimum_payout_minor__gte=0), name="plan_minimum_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(ends_at=None) | Q(ends_at__gt=models.F("starts_at")),
                name="plan_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return f"v{self.number}"


class PlanRule(TenantModel):
    """One way to earn under a plan version."""

    id = models.BigAutoField(primary_key=True)
    version = TenantForeignKey(PlanVersion)
    position = models.IntegerField()
    label = models.CharField(max_length=80, blank=True)
    trigger = models.CharField(max_length=10, choices=Trigger.choices)
    reward = models.CharField(max_length=8, choices=Reward.choices)
    amount_minor = models.BigIntegerField(null=True, blank=True)
    # A fraction: 0.2 is 20 %.
    rate = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    scope = models.CharField(max_length=8, choices=RevenueScope.choices, blank=True)
    # For scope "months": payments booked before the customer's first payment plus this many months.
    months = models.IntegerField(null=True, blank=True)
    # Conditions, bands, bonus, cap, payee: commissions.plans.terms.Terms as JSON; empty for a plain rule.
    terms = models.JSONField(default=dict, blank=True, db_default={})

    class Meta:
        db_table = "commissions_plan_rule"
        constraints = [
            models.CheckConstraint(
                condition=Q(reward="fixed", amount_minor__gt=0, rate=None)
                | Q(reward="percent", rate__gt=0, rate__lte=1, amount_minor=None),
                name="plan_rule_fixed_or_percent",
            ),
            models.CheckConstraint(
                condition=Q(
                    trigger="revenue", scope__in=["first", "lifetime", "active"], months=None
                )
                | Q(trigger="revenue", scope="months", months__gt=0)
                | Q(trigger__in=["qualified", "won"], scope="", months=None),
                name="plan_rule_scope_fits",
            ),
            models.CheckConstraint(
                condition=~Q(trigger="qualified", reward="percent"),
                name="plan_rule_qualified_is_fixed",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "version", "position", "id"], name="plan_rule_order")
        ]

    def __str__(self) -> str:
        return f"{self.trigger}: {self.reward}"
