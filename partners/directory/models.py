"""Partners and their enrolments."""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from partners.programs.models import Program
from prm.accounts.members import Member
from prm.accounts.models import User
from prm.tenancy.models import PublicTenantModel, TenantForeignKey, TenantModel


class PartnerType(models.TextChoices):
    """What kind of organisation the partner is."""

    REFERRAL = "referral", _("Referral partner")
    ISV = "isv", _("Software vendor")
    RESELLER = "reseller", _("Reseller")
    ACCOUNTANT = "accountant", _("Accountant")
    AGENCY = "agency", _("Agency")
    AFFILIATE = "affiliate", _("Affiliate")
    CUSTOMER = "customer", _("Customer")


class PartnerState(models.TextChoices):
    """Whether the partner works with the vendor now."""

    ACTIVE = "active", _("Active")
    PAUSED = "paused", _("Paused")
    ENDED = "ended", _("Ended")


class PartnerQuerySet(models.QuerySet["Partner"]):
    """Phrases about partners."""

    def visible_to(self, member: Member) -> "PartnerQuerySet":
        """All partners for staff, the own one for partner people."""
        return self if member.is_staff else self.filter(id=member.own_partner_id)

    def active(self) -> "PartnerQuerySet":
        """Partners that work with the vendor now."""
        return self.filter(state=PartnerState.ACTIVE)


class Partner(PublicTenantModel):
    """An organisation or individual that brings the tenant business."""

    name = models.CharField(max_length=160)
    # Lower case, spaces folded: what look-ups compare.
    name_norm = models.CharField(max_length=160)
    type = models.CharField(
        max_length=12, choices=PartnerType.choices, default=PartnerType.REFERRAL
    )
    segment = models.CharField(max_length=60, blank=True)
    state = models.CharField(
        max_length=8, choices=PartnerState.choices, default=PartnerState.ACTIVE
    )
    state_reason = models.TextField(blank=True)
    legal_name = models.CharField(max_length=160, blank=True)
    address = models.TextField(blank=True)
    country = models.CharField(max_length=2, blank=True)
    website = models.CharField(max_length=200, blank=True)
    domain = models.CharField(max_length=253, blank=True)
    tax_number = models.CharField(max_length=40, blank=True)
    # The vendor's person for this partner.
    manager = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    import_id = models.UUIDField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    objects: ClassVar[models.Manager["Partner"]] = PartnerQuerySet.as_manager()

    class Meta:
        db_table = "partners_partner"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "name_norm"], name="partner_name_once")
        ]
        indexes = [
            models.Index(fields=["tenant", "-created_at", "-id"], name="partner_newest"),
            models.Index(fields=["tenant", "name", "id"], name="partner_by_name"),
            models.Index(fields=["tenant", "domain"], name="partner_domain"),
        ]

    def __str__(self) -> str:
        return self.name


class EnrollmentState(models.TextChoices):
    """A partner's way through a program."""

    APPLIED = "applied", _("Applied")
    IN_REVIEW = "in_review", _("In review")
    APPROVED = "approved", _("Approved")
    ACTIVE = "active", _("Active")
    PAUSED = "paused", _("Paused")
    ENDED = "ended", _("Ended")
    DECLINED = "declined", _("Declined")


class Enrollment(TenantModel):
    """A partner in a program."""

    id = models.BigAutoField(primary_key=True)
    partner = TenantForeignKey(Partner)
    program = TenantForeignKey(Program)
    state = models.CharField(
        max_length=10, choices=EnrollmentState.choices, default=EnrollmentState.ACTIVE
    )
    since = models.DateTimeField(db_default=Now())
    import_id = models.UUIDField(null=True, blank=True)

    class Meta:
        db_table = "partners_enrollment"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "partner", "program"], name="enrollment_once")
        ]
        indexes = [models.Index(fields=["tenant", "program", "state"], name="enrollment_program")]

    def __str__(self) -> str:
        return f"{self.partner_id} in {self.program_id}"
