"""Requests to end a hold before its day."""

from django.db import models
from django.db.models import Q

from commissions.accruals.models import Accrual
from partners.directory.models import Partner
from prm.accounts.models import User
from prm.tenancy.models import PublicTenantModel, TenantForeignKey


class RequestState(models.TextChoices):
    """The life of a request."""

    WAITING = "waiting"
    APPROVED = "approved"
    REFUSED = "refused"


class EarlyRelease(PublicTenantModel):
    """Somebody asks that one reward is payable before its hold ends; somebody else decides."""

    accrual = TenantForeignKey(Accrual)
    partner = TenantForeignKey(Partner)
    # What was left of the reward when it was asked for.
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    reason = models.CharField(max_length=200)
    state = models.CharField(
        max_length=8, choices=RequestState.choices, default=RequestState.WAITING
    )
    asked_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    asked_at = models.DateTimeField()
    # Null for amounts that one person may release alone.
    decided_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "commissions_early_release"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "accrual"],
                name="early_release_waits_once",
                condition=Q(state="waiting"),
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None)
                | Q(asked_by=None)
                | ~Q(decided_by=models.F("asked_by")),
                name="early_release_four_eyes",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "state", "asked_at", "id"], name="early_release_queue")
        ]

    def __str__(self) -> str:
        return f"{self.amount_minor} {self.currency}"
