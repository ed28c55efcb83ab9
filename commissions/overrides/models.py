"""Terms that one partner gets instead of the plan's: asked for by one person, approved by another, until a day."""

from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from commissions.plans.models import PlanVersion
from partners.directory.models import Partner
from partners.programs.models import Program
from prm.accounts.models import User
from prm.tenancy.models import PublicTenantModel, TenantForeignKey


class OverrideState(models.TextChoices):
    """What was decided; whether an approved one is in force follows from its dates."""

    ASKED = "asked", _("Waits for approval")
    APPROVED = "approved", _("Approved")
    DECLINED = "declined", _("Declined")


class PlanOverride(PublicTenantModel):
    """Another rate, or another version, for the referrals that one partner registers from one day to another."""

    program = TenantForeignKey(Program)
    partner = TenantForeignKey(Partner)
    # Either a published version in place of the one in force …
    version = TenantForeignKey(PlanVersion, null=True, blank=True)
    # … or a fraction in place of the rates of the plan's percentage rules for one kind of event.
    rate = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    # won, first, months, active or lifetime; empty for a version.
    event = models.CharField(max_length=8, blank=True)
    # Referrals registered in [starts_at, ends_at) are priced by it for ever; an approval never reaches back.
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reason = models.CharField(max_length=500)
    state = models.CharField(
        max_length=8, choices=OverrideState.choices, default=OverrideState.ASKED
    )
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    asked_at = models.DateTimeField(db_default=Now())
    decided_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_note = models.CharField(max_length=500, blank=True)
    # Set when somebody ended it before its day.
    ended_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )

    class Meta:
        db_table = "commissions_plan_override"
        constraints = [
            models.CheckConstraint(
                condition=Q(rate=None, event="", version__isnull=False)
                | Q(
                    rate__gt=0,
                    rate__lte=1,
                    event__in=["won", "first", "months", "active", "lifetime"],
                    version=None,
                ),
                name="plan_override_rate_or_version",
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gte=F("starts_at")), name="plan_override_ends_after_start"
            ),
            models.CheckConstraint(
                condition=Q(state="asked", decided_at=None, decided_by=None)
                | (~Q(state="asked") & Q(decided_at__isnull=False, decided_by__isnull=False)),
                name="plan_override_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(state="approved") | ~Q(decided_by=F("asked_by")),
                name="plan_override_by_two_people",
            ),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "program", "partner", "starts_at"], name="plan_override_of"
            ),
            models.Index(fields=["tenant", "-asked_at", "id"], name="plan_override_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.partner_id}: {self.rate or self.version_id}"

    def stands_at(self, now: datetime) -> str:
        """Return asked, declined, coming, active, ended (by a person) or expired, at the moment."""
        if self.state != OverrideState.APPROVED:
            return str(self.state)
        if self.ends_at <= now:
            return "ended" if self.ended_by_id else "expired"
        return "coming" if self.starts_at > now else "active"
