"""Onboarding: tracks of steps for a segment, who is how far, what is unlocked and earned on the way."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from partners.directory.models import Partner, PartnerType
from partners.programs.models import Program
from partners.training.models import Course
from prm.accounts.models import User
from prm.tenancy.models import PublicTenantModel, TenantForeignKey, TenantModel
from prm.uploads.models import Upload


class RewardKind(models.TextChoices):
    """What a milestone gives; the commission side fulfils it later."""

    CREDIT = "credit", _("Credit")
    DISCOUNT = "discount", _("Discount")
    GIFT_CARD = "gift_card", _("Gift card")
    FIRST_LEAD = "first_lead", _("First lead")


class Track(PublicTenantModel):
    """The onboarding of one segment of a program's partners. Texts are {"en": …, "it": …}."""

    program = TenantForeignKey(Program)
    name = models.JSONField(default=dict)
    # Only partners of this type; empty: all others. The more special track wins.
    partner_type = models.CharField(max_length=12, choices=PartnerType.choices, blank=True)
    position = models.IntegerField(default=0)
    published_at = models.DateTimeField(null=True, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)
    # Finished within so many days of the start gives the first-lead entitlement; null: no such promise.
    finish_days = models.IntegerField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "partners_track"
        indexes = [models.Index(fields=["tenant", "program", "position"], name="track_order")]

    def __str__(self) -> str:
        return str(self.id)


class StepKind(models.TextChoices):
    """How a step gets done."""

    FACT = "fact", _("By itself, when a fact is there")
    READ = "read", _("By reading")
    UPLOAD = "upload", _("By uploading a file")
    COURSE = "course", _("By passing a course")
    APPROVAL = "approval", _("By a manager's approval")


class Fact(models.TextChoices):
    """What the system knows by itself about a partner."""

    PROFILE = "profile", _("The profile is complete")
    AGREEMENT = "agreement", _("The agreement is signed")
    PAYOUT_DETAILS = "payout_details", _("Payout details are there")
    TEAM = "team", _("A second person has joined")
    REFERRAL = "referral", _("The first referral is submitted")
    ACCEPTED = "accepted", _("A referral is accepted")
    WON = "won", _("A referral is won")


class Step(TenantModel):
    """One thing to do in a track; when `milestone` is set, doing it is celebrated and may be rewarded."""

    id = models.BigAutoField(primary_key=True)
    track = TenantForeignKey(Track)
    position = models.IntegerField()
    kind = models.CharField(max_length=8, choices=StepKind.choices)
    fact = models.CharField(max_length=14, choices=Fact.choices, blank=True)
    course = TenantForeignKey(Course, null=True, blank=True)
    title = models.JSONField(default=dict)
    body = models.JSONField(default=dict, blank=True)
    # Days after the start of the run; null: no deadline.
    due_days = models.IntegerField(null=True, blank=True)
    # Later steps stay closed until this one is done or skipped.
    blocks_next = models.BooleanField(default=False)
    may_skip = models.BooleanField(default=False)
    # An upload that a manager must look at first.
    needs_approval = models.BooleanField(default=False)
    # {"en": …}; empty: no milestone.
    milestone = models.JSONField(default=dict, blank=True)
    reward_kind = models.CharField(max_length=10, choices=RewardKind.choices, blank=True)
    reward_minor = models.BigIntegerField(null=True, blank=True)
    reward_currency = models.CharField(max_length=3, blank=True)
    reward_text = models.JSONField(default=dict, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "partners_step"
        indexes = [models.Index(fields=["tenant", "track", "position"], name="step_order")]

    def __str__(self) -> str:
        return f"{self.track_id}/{self.position}"


class Run(PublicTenantModel):
    """One partner on one track."""

    track = TenantForeignKey(Track)
    program = TenantForeignKey(Program)
    partner = TenantForeignKey(Partner)
    started_at = models.DateTimeField()
    # Until when finishing earns the first lead (started_at + finish_days, end of that day in the tenant's zone).
    finish_by = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    # Left for another track or program.
    left_at = models.DateTimeField(null=True, blank=True)
    # The last time a person of the partner did something here: what the stuck list counts from.
    moved_at = models.DateTimeField()
    nudged_at = models.DateTimeField(null=True, blank=True)
    # The last call with the partner that somebody noted.
    called_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "partners_run"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "partner", "track"], name="run_once")
        ]
        indexes = [
            models.Index(fields=["tenant", "program", "-started_at", "-id"], name="run_newest"),
            models.Index(
                fields=["tenant", "moved_at", "id"],
                name="run_stuck",
                condition=Q(finished_at__isnull=True, left_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.partner_id} on {self.track_id}"


class StepState(models.TextChoices):
    """How far a step is."""

    OPEN = "open", _("To do")
    WAITING = "waiting", _("Being looked at")
    REWORK = "rework", _("To do again")
    DONE = "done", _("Done")
    SKIPPED = "skipped", _("Skipped")


class StepDone(TenantModel):
    """One step of one run."""

    id = models.BigAutoField(primary_key=True)
    run = TenantForeignKey(Run)
    step = TenantForeignKey(Step)
    partner_id = models.UUIDField()
    state = models.CharField(max_length=7, choices=StepState.choices, default=StepState.OPEN)
    due_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    file = TenantForeignKey(Upload, null=True, blank=True)
    note = models.TextField(blank=True)
    # What the manager said when it had to be done again.
    reply = models.TextField(blank=True)
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "partners_step_done"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "run", "step"], name="step_done_once")
        ]
        indexes = [
            models.Index(fields=["tenant", "step", "state"], name="step_done_step"),
            models.Index(
                fields=["tenant", "changed_at", "id"],
                name="step_done_waiting",
                condition=Q(state="waiting"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.run_id}/{self.step_id}: {self.state}"


class Entitlement(PublicTenantModel):
    """Something a partner has earned that is not a commission; given once ever per key."""

    partner = TenantForeignKey(Partner)
    program = TenantForeignKey(Program)
    # "step:418" or "finish:<track>": the same key gives the same partner nothing twice.
    key = models.CharField(max_length=80)
    kind = models.CharField(max_length=10, choices=RewardKind.choices)
    amount_minor = models.BigIntegerField(null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    text = models.JSONField(default=dict, blank=True)
    earned_at = models.DateTimeField()
    fulfilled_at = models.DateTimeField(null=True, blank=True)
    fulfilled_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    fulfilment = models.CharField(max_length=300, blank=True)

    class Meta:
        db_table = "partners_entitlement"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "partner", "key"], name="entitlement_once")
        ]
        indexes = [models.Index(fields=["tenant", "-earned_at", "-id"], name="entitlement_newest")]

    def __str__(self) -> str:
        return f"{self.partner_id}: {self.key}"


class Unlock(TenantModel):
    """What must be there before a program's partners may use a feature."""

    id = models.BigAutoField(primary_key=True)
    program = TenantForeignKey(Program)
    # A name of rules.FEATURES, such as "referral.submit".
    feature = models.CharField(max_length=40)
    # All must hold: {"kind": "agreement"}, {"kind": "fact", "fact": …}, {"kind": "course" or "track", "id": …}.
    conditions = models.JSONField(default=list)

    class Meta:
        db_table = "partners_unlock"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "program", "feature"], name="unlock_once")
        ]

    def __str__(self) -> str:
        return f"{self.program_id}: {self.feature}"
