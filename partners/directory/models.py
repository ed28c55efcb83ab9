"""Partners and their enrolments."""

from datetime import date
from typing import ClassVar

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from partners.programs.models import Program
from prm.accounts.members import Member
from prm.accounts.models import User
from prm.tenancy.models import PublicTenantModel, TenantForeignKey, TenantModel
from prm.uploads.models import Upload


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
    # The partner that this one was found to be a duplicate of; old links lead there.
    merged_into = TenantForeignKey("self", null=True, blank=True)
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


class EnrollmentQuerySet(models.QuerySet["Enrollment"]):
    """Phrases about enrolments."""

    def at_work(self) -> "EnrollmentQuerySet":
        """Enrolments of partners that work in their program now: what every page means by a program's partners."""
        return self.filter(
            state__in=[EnrollmentState.ACTIVE, EnrollmentState.APPROVED],
            partner__state=PartnerState.ACTIVE,
        )

    def open_on(self, day: date) -> "EnrollmentQuerySet":
        """Enrolments under which new referrals may come in on a day of the tenant's zone."""
        return self.filter(
            models.Q(starts_on=None) | models.Q(starts_on__lte=day),
            models.Q(ends_on=None) | models.Q(ends_on__gte=day),
            state__in=[EnrollmentState.ACTIVE, EnrollmentState.APPROVED],
        )


class Enrollment(TenantModel):
    """A partner in a program."""

    id = models.BigAutoField(primary_key=True)
    partner = TenantForeignKey(Partner)
    program = TenantForeignKey(Program)
    state = models.CharField(
        max_length=10, choices=EnrollmentState.choices, default=EnrollmentState.ACTIVE
    )
    since = models.DateTimeField(db_default=Now())
    # First and last day in the tenant's zone on which new referrals may go to the program; null: no bound.
    starts_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True)
    # After an admission without a person: until when at most so many referrals may be open at once.
    probation_until = models.DateTimeField(null=True, blank=True)
    probation_referrals = models.IntegerField(null=True, blank=True)
    import_id = models.UUIDField(null=True, blank=True)

    objects: ClassVar[models.Manager["Enrollment"]] = EnrollmentQuerySet.as_manager()

    class Meta:
        db_table = "partners_enrollment"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "partner", "program"], name="enrollment_once")
        ]
        indexes = [models.Index(fields=["tenant", "program", "state"], name="enrollment_program")]

    def __str__(self) -> str:
        return f"{self.partner_id} in {self.program_id}"

    def is_over_on(self, day: date) -> bool:
        """Tell whether its last day lies before a day."""
        return self.ends_on is not None and self.ends_on < day

    def is_open_on(self, day: date) -> bool:
        """Tell whether new referrals may come in under it on a day of the tenant's zone."""
        return (
            self.state in {EnrollmentState.ACTIVE, EnrollmentState.APPROVED}
            and (self.starts_on is None or self.starts_on <= day)
            and not self.is_over_on(day)
        )


class ChangeCause(models.TextChoices):
    """Why a partner was paused, ended, reinstated, moved or made another type."""

    ASKED = "asked", _("The partner asked for it")
    AGREEMENT = "agreement", _("The agreement was broken")
    QUALITY = "quality", _("The referrals did not fit")
    INACTIVE = "inactive", _("No activity for a long time")
    PAPERS = "papers", _("Papers or payout details are missing")
    DUPLICATE = "duplicate", _("It is a duplicate")
    PROGRAM = "program", _("The program changed")
    SETTLED = "settled", _("What stood in the way is settled")
    OTHER = "other", _("Something else")


class PartnerChange(TenantModel):
    """A change of state, type, segment or program, from a day on. Never changed."""

    class Field(models.TextChoices):
        STATE = "state", _("State")
        TYPE = "type", _("Type")
        SEGMENT = "segment", _("Segment")
        PROGRAM = "program", _("Program")

    id = models.BigAutoField(primary_key=True)
    partner = TenantForeignKey(Partner)
    field = models.CharField(max_length=8, choices=Field.choices)
    from_value = models.CharField(max_length=60, blank=True)
    to_value = models.CharField(max_length=60, blank=True)
    # Day in the tenant's zone.
    effective_on = models.DateField()
    cause = models.CharField(max_length=10, choices=ChangeCause.choices, blank=True)
    reason = models.TextField(blank=True)
    # What the preview said about pending money, as it was shown.
    money = models.JSONField(default=dict, blank=True)
    at = models.DateTimeField()
    user = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )

    class Meta:
        db_table = "partners_change"
        indexes = [models.Index(fields=["tenant", "partner", "-id"], name="partner_changes")]

    def __str__(self) -> str:
        return f"{self.partner_id}: {self.field} {self.from_value} to {self.to_value}"


class PartnerProfile(TenantModel):
    """What a partner says about itself; in the public directory once it opted in and the vendor approved."""

    id = models.BigAutoField(primary_key=True)
    partner = TenantForeignKey(Partner)
    # In the public address; unique in the tenant.
    slug = models.SlugField(max_length=80, blank=True)
    # Texts per language.
    about = models.JSONField(default=dict, blank=True)
    services = models.JSONField(default=list, blank=True)
    industries = models.JSONField(default=list, blank=True)
    # ISO 3166 codes, ISO 639 codes.
    regions = models.JSONField(default=list, blank=True)
    languages = models.JSONField(default=list, blank=True)
    contact_email = models.CharField(max_length=254, blank=True)
    contact_phone = models.CharField(max_length=40, blank=True)
    logo = TenantForeignKey(Upload, null=True, blank=True)
    # Consent to be listed: who and when; both empty when withdrawn.
    listed_at = models.DateTimeField(null=True, blank=True)
    listed_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    approved_at = models.DateTimeField(null=True, blank=True)
    # The mutual business plan in the partner's and the vendor's words.
    plan = models.TextField(blank=True)
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "partners_profile"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "partner"], name="profile_once"),
            models.UniqueConstraint(
                fields=["tenant", "slug"], name="profile_slug_once", condition=~models.Q(slug="")
            ),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "slug"],
                name="profile_listed",
                condition=models.Q(listed_at__isnull=False, approved_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return self.slug or str(self.partner_id)


class PartnerGoal(TenantModel):
    """What partner and vendor want to reach together in a period."""

    class Metric(models.TextChoices):
        REFERRALS = "referrals", _("Referrals submitted")
        WON = "won", _("Referrals won")
        REVENUE = "revenue", _("Revenue")

    id = models.BigAutoField(primary_key=True)
    partner = TenantForeignKey(Partner)
    metric = models.CharField(max_length=9, choices=Metric.choices)
    # A count, or minor units of `currency`.
    target = models.BigIntegerField()
    currency = models.CharField(max_length=3, blank=True)
    from_on = models.DateField()
    until_on = models.DateField()
    note = models.CharField(max_length=300, blank=True)
    set_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    ended_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "partners_goal"
        indexes = [models.Index(fields=["tenant", "partner", "-until_on"], name="partner_goals")]

    def __str__(self) -> str:
        return f"{self.partner_id}: {self.metric} {self.target}"
