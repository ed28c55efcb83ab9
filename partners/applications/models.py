"""How partners come: a program's admission, visits of its page, applications, prospects."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from partners.directory.models import Partner, PartnerType
from partners.programs.models import Program
from prm.accounts.models import User
from prm.tenancy.models import PublicTenantModel, TenantForeignKey, TenantModel


class AdmissionMode(models.TextChoices):
    """Who lets a partner in."""

    MANUAL = "manual", _("A person decides")
    AUTOMATIC = "automatic", _("Everybody who answers is in")
    RULES = "rules", _("Rules decide, a person decides the rest")
    INVITATION = "invitation", _("Only by invitation")
    COURSE = "course", _("Whoever passes the course is in")


class Admission(TenantModel):
    """How one program admits partners, and what its application form asks."""

    id = models.BigAutoField(primary_key=True)
    program = TenantForeignKey(Program)
    mode = models.CharField(
        max_length=10, choices=AdmissionMode.choices, default=AdmissionMode.MANUAL
    )
    # The form's own questions, in the form that rules.checked_questions returns; texts per language.
    questions = models.JSONField(default=list, blank=True)
    # {"min_score": int, "countries": ["IT"], "own_domain": bool}: what mode "rules" lets in by itself.
    rules = models.JSONField(default=dict, blank=True)
    # The course of mode "course" (partners_course).
    course_id = models.UUIDField(null=True, blank=True)
    # Days after a decline before the same company may apply again.
    reapply_days = models.IntegerField(default=180)
    # Days within which the vendor promises to decide.
    decide_days = models.IntegerField(default=5)
    # Days and open referrals of the probation after an admission without a person; null: none.
    probation_days = models.IntegerField(null=True, blank=True)
    probation_referrals = models.IntegerField(null=True, blank=True)
    # {"en": markdown, "it": markdown}: what the vendor adds to the public page.
    page_text = models.JSONField(default=dict, blank=True)
    # Null: the public page answers 404 and the program takes no applications.
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "partners_admission"
        constraints = [models.UniqueConstraint(fields=["tenant", "program"], name="admission_once")]

    def __str__(self) -> str:
        return f"{self.program_id}: {self.mode}"


class PageVisits(TenantModel):
    """How often a program's public page was opened and its form begun, per day and source; no person in it."""

    id = models.BigAutoField(primary_key=True)
    program = TenantForeignKey(Program)
    # Day in the tenant's zone.
    day = models.DateField()
    source = models.CharField(max_length=80, blank=True)
    campaign = models.CharField(max_length=80, blank=True)
    views = models.BigIntegerField(default=0)
    starts = models.BigIntegerField(default=0)

    class Meta:
        db_table = "partners_page_visits"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "program", "day", "source", "campaign"], name="page_visits_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.program_id} {self.day}"


class ApplicationState(models.TextChoices):
    """The life of an application."""

    DRAFT = "draft", _("Draft")
    COURSE = "course", _("Taking the course")
    SUBMITTED = "submitted", _("To review")
    INFO_ASKED = "info_asked", _("Waiting for the applicant")
    APPROVED = "approved", _("Approved")
    DECLINED = "declined", _("Declined")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class Application(PublicTenantModel):
    """One wish to become a partner of one program, with the questions as they were asked and the answers."""

    program = TenantForeignKey(Program)
    # "A-2026-0012", given on submission; empty while a draft.
    number = models.CharField(max_length=20, blank=True)
    state = models.CharField(
        max_length=10, choices=ApplicationState.choices, default=ApplicationState.DRAFT
    )
    name = models.CharField(max_length=120, blank=True)
    email = models.CharField(max_length=254)
    company = models.CharField(max_length=160, blank=True)
    # Lower case, spaces folded: what look-ups compare.
    company_norm = models.CharField(max_length=160, blank=True)
    website = models.CharField(max_length=200, blank=True)
    # Canonical domain of the website, else of the address unless that is a free mail host.
    domain = models.CharField(max_length=253, blank=True)
    country = models.CharField(max_length=2, blank=True)
    type = models.CharField(
        max_length=12, choices=PartnerType.choices, default=PartnerType.REFERRAL
    )
    language = models.CharField(max_length=8, blank=True)
    # [{"key", "label", "type", "value", "shown"}] as asked; drafts keep what was typed, valid or not.
    answers = models.JSONField(default=list, blank=True)
    # Points, and [{"label", "points", "why"}] that sum to it; null before submission.
    score = models.IntegerField(null=True, blank=True)
    score_parts = models.JSONField(default=list, blank=True)
    source = models.CharField(max_length=80, blank=True)
    campaign = models.CharField(max_length=80, blank=True)
    medium = models.CharField(max_length=80, blank=True)
    # SHA-256 of the secret in the applicant's link.
    link_hash = models.CharField(max_length=64)
    # One submission of one form: a repeat returns the first.
    form_key = models.UUIDField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    submitted_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    # Null when a rule decided; then decided_rule names it.
    decided_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    decided_rule = models.CharField(max_length=120, blank=True)
    reason = models.TextField(blank=True)
    reapply_on = models.DateField(null=True, blank=True)
    # What the vendor asked and what the applicant answered last.
    asked = models.TextField(blank=True)
    answered = models.TextField(blank=True)
    partner = TenantForeignKey(Partner, null=True, blank=True)
    prospect_id = models.UUIDField(null=True, blank=True)

    class Meta:
        db_table = "partners_application"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "link_hash"], name="application_link_once"),
            models.UniqueConstraint(
                fields=["tenant", "form_key"],
                name="application_form_once",
                condition=Q(form_key__isnull=False),
            ),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "state", "-submitted_at", "-id"], name="application_queue"
            ),
            models.Index(fields=["tenant", "-created_at", "-id"], name="application_newest"),
            models.Index(fields=["tenant", "domain"], name="application_domain"),
            models.Index(fields=["tenant", "email"], name="application_email"),
            models.Index(fields=["tenant", "company_norm"], name="application_company"),
            models.Index(fields=["tenant", "partner"], name="application_partner"),
            models.Index(fields=["tenant", "number"], name="application_number"),
            # Sources and campaigns that the queue offers as filters.
            models.Index(fields=["tenant", "source", "state"], name="application_source_state"),
            models.Index(fields=["tenant", "campaign", "state"], name="application_campaign_state"),
            models.Index(
                fields=["tenant", "state", "score", "submitted_at", "id"], name="application_score"
            ),
        ]

    def __str__(self) -> str:
        return self.number or self.email


class ApplicationChange(TenantModel):
    """A step in an application's life: from, to, when, who, why. Never changed."""

    id = models.BigAutoField(primary_key=True)
    application = TenantForeignKey(Application)
    from_state = models.CharField(max_length=10, blank=True)
    to_state = models.CharField(max_length=10)
    at = models.DateTimeField()
    user = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    # The person's name, "Applicant", or the rule's words.
    who = models.CharField(max_length=120)
    text = models.TextField(blank=True)

    class Meta:
        db_table = "partners_application_change"
        indexes = [models.Index(fields=["tenant", "application", "id"], name="application_story")]

    def __str__(self) -> str:
        return f"{self.application_id}: {self.to_state}"


class ProspectState(models.TextChoices):
    """How far the vendor is with somebody it would like as a partner."""

    NEW = "new", _("New")
    CONTACTED = "contacted", _("Contacted")
    INVITED = "invited", _("Invited")
    APPLIED = "applied", _("Applied")
    PARTNER = "partner", _("Partner")
    DROPPED = "dropped", _("Dropped")


class Prospect(PublicTenantModel):
    """An organisation that the vendor would like as a partner."""

    company = models.CharField(max_length=160)
    company_norm = models.CharField(max_length=160)
    domain = models.CharField(max_length=253, blank=True)
    contact = models.CharField(max_length=120, blank=True)
    email = models.CharField(max_length=254, blank=True)
    country = models.CharField(max_length=2, blank=True)
    type = models.CharField(
        max_length=12, choices=PartnerType.choices, default=PartnerType.REFERRAL
    )
    # People who work there, and how many of its clients could buy; null: not known.
    staff_count = models.IntegerField(null=True, blank=True)
    client_count = models.IntegerField(null=True, blank=True)
    notes = models.TextField(blank=True)
    source = models.CharField(max_length=80, blank=True)
    campaign = models.CharField(max_length=80, blank=True)
    program = TenantForeignKey(Program, null=True, blank=True)
    # 0 to 100, and [{"label", "points", "of", "why"}] that sum to it.
    fit = models.IntegerField(default=0)
    fit_parts = models.JSONField(default=list, blank=True)
    state = models.CharField(max_length=9, choices=ProspectState.choices, default=ProspectState.NEW)
    owner = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    partner = TenantForeignKey(Partner, null=True, blank=True)
    invited_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    objects: ClassVar[models.Manager["Prospect"]] = models.Manager()

    class Meta:
        db_table = "partners_prospect"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "company_norm"], name="prospect_once")
        ]
        indexes = [
            models.Index(fields=["tenant", "-fit", "-id"], name="prospect_fit"),
            models.Index(fields=["tenant", "partner"], name="prospect_partner"),
            models.Index(fields=["tenant", "state", "-fit", "-id"], name="prospect_state"),
        ]

    def __str__(self) -> str:
        return self.company
