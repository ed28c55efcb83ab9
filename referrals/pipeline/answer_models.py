"""How a program answers: the reasons it gives, what it does when it is late, and who has to approve."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from partners.programs.models import Program
from prm.accounts.models import User
from prm.tenancy.models import TenantForeignKey, TenantModel
from referrals.pipeline.models import Referral, Role


class LossReason(TenantModel):
    """A reason for which deals of a program are lost; a retired one stays with the referrals that name it."""

    id = models.BigAutoField(primary_key=True)
    program = TenantForeignKey(Program)
    name = models.CharField(max_length=80)
    position = models.IntegerField()
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "referrals_loss_reason"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "program", "name"], name="loss_reason_once")
        ]

    def __str__(self) -> str:
        return self.name


class Overdue(models.TextChoices):
    """What follows when a promised answer is late."""

    ESCALATE = "escalate", _("Tell somebody")
    APPROVE = "approve", _("Tell somebody, then accept it")


class AnswerRules(TenantModel):
    """What a program does about late answers and about referrals that stand still; without a row, the defaults."""

    id = models.BigAutoField(primary_key=True)
    program = TenantForeignKey(Program)
    overdue = models.CharField(max_length=10, choices=Overdue.choices, default=Overdue.ESCALATE)
    # Who hears of a late answer; empty for all program admins.
    escalate_to = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    # Business hours after the promise at which a late referral is accepted by itself.
    approve_after_hours = models.IntegerField(default=8)
    # Days without a change after which partner and owner are told; 0 for never.
    stall_days = models.IntegerField(default=21)

    class Meta:
        db_table = "referrals_answer_rules"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "program"], name="answer_rules_once"),
            models.CheckConstraint(
                condition=Q(overdue__in=Overdue.values), name="answer_rules_overdue_known"
            ),
        ]

    def __str__(self) -> str:
        return self.overdue


class ApprovalRoute(TenantModel):
    """Referrals of a program that need named people's approval, and whose, in order; the first that fits decides."""

    id = models.BigAutoField(primary_key=True)
    program = TenantForeignKey(Program)
    position = models.IntegerField()
    name = models.CharField(max_length=80)
    # An estimate of at least so much, in the program's currency; empty: any, also none.
    from_minor = models.BigIntegerField(null=True, blank=True)
    # ISO codes; empty list: any country.
    countries = models.JSONField(default=list)
    product = models.CharField(max_length=120, blank=True)
    # What the partner does for the deal; empty: either.
    role = models.CharField(
        max_length=8, choices=Role.choices, blank=True, default="", db_default=""
    )
    # Who approves, one after the other: user ids.
    approvers = models.JSONField(default=list)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "referrals_approval_route"
        indexes = [
            models.Index(
                fields=["tenant", "program", "position", "id"], name="approval_route_order"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Approval(TenantModel):
    """One approval that a referral needs before it is accepted; given once, never taken back."""

    id = models.BigAutoField(primary_key=True)
    referral = TenantForeignKey(Referral)
    route = TenantForeignKey(ApprovalRoute)
    level = models.IntegerField()
    approver = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    given_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "referrals_approval"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "referral", "level"], name="approval_once")
        ]
        indexes = [
            models.Index(
                fields=["tenant", "approver", "referral"],
                name="approval_open",
                condition=Q(given_at=None),
            )
        ]

    def __str__(self) -> str:
        return f"{self.level}"
