"""Referrals, the stages they walk through, and what is said about them."""

from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from partners.directory.models import Partner
from partners.programs.models import Program
from prm.accounts.members import Member
from prm.accounts.models import User
from prm.tenancy.models import PublicTenantModel, TenantForeignKey, TenantModel


class StageKind(models.TextChoices):
    """What a stage means, whatever a program calls it."""

    SUBMITTED = "submitted", _("Submitted")
    ACCEPTED = "accepted", _("Accepted")
    QUALIFIED = "qualified", _("Qualified")
    OPPORTUNITY = "opportunity", _("Opportunity")
    WON = "won", _("Won")
    LOST = "lost", _("Lost")
    REJECTED = "rejected", _("Declined")
    EXPIRED = "expired", _("Expired")


class Source(models.TextChoices):
    """The way a referral came in."""

    FORM = "form", _("Partner's form")
    STAFF = "staff", _("Entered by the vendor")
    BULK = "bulk", _("Partner's file")
    LINK = "link", _("Partner's page")
    SIGNED = "signed", _("Signed link")
    MAIL = "mail", _("Email")
    API = "api", _("API")
    COUPON = "coupon", _("Coupon code")
    IMPORT = "import", _("Import")


class Role(models.TextChoices):
    """What the partner does for the deal."""

    INTRO = "intro", _("Introduces the company")
    COSELL = "cosell", _("Sells together with the vendor")


class Relationship(models.TextChoices):
    """How the partner knows the company."""

    CLIENT = "client", _("Client of ours")
    SUPPLIER = "supplier", _("Supplier of ours")
    PERSONAL = "personal", _("Personal contact")
    EVENT = "event", _("Met at an event")
    NONE = "none", _("No relationship yet")


OPEN_KINDS = (StageKind.SUBMITTED, StageKind.ACCEPTED, StageKind.QUALIFIED, StageKind.OPPORTUNITY)
CLOSED_KINDS = (StageKind.WON, StageKind.LOST, StageKind.REJECTED, StageKind.EXPIRED)


class Stage(TenantModel):
    """A step of a program's pipeline."""

    id = models.BigAutoField(primary_key=True)
    program = TenantForeignKey(Program)
    kind = models.CharField(max_length=12, choices=StageKind.choices)
    # Empty means the kind's own word in the reader's language.
    name = models.CharField(max_length=60, blank=True)
    position = models.IntegerField()
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "referrals_stage"
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=StageKind.values), name="stage_kind_known"),
        ]
        indexes = [models.Index(fields=["tenant", "program", "position", "id"], name="stage_order")]

    def __str__(self) -> str:
        return str(self.label)

    @property
    def label(self) -> str:
        """The stage's name, or its kind in the reader's language."""
        return self.name or str(StageKind(self.kind).label)


class StageMove(TenantModel):
    """A move between two stages that a program allows."""

    id = models.BigAutoField(primary_key=True)
    from_stage = TenantForeignKey(Stage)
    to_stage = TenantForeignKey(Stage)

    class Meta:
        db_table = "referrals_stage_move"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "from_stage", "to_stage"], name="stage_move_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.from_stage_id} → {self.to_stage_id}"


class ReferralQuerySet(models.QuerySet["Referral"]):
    """Phrases about referrals."""

    def visible_to(self, member: Member) -> "ReferralQuerySet":
        """All for staff; the partner's for its admin and for reps who may; else those the rep sent."""
        if member.is_staff:
            return self
        own = self.filter(partner_id=member.own_partner_id)
        return own if member.sees_all_referrals else own.filter(submitted_by_id=member.user_id)

    def open(self) -> "ReferralQuerySet":
        """Referrals that can still be won."""
        return self.filter(stage_kind__in=OPEN_KINDS)

    def waiting(self) -> "ReferralQuerySet":
        """Referrals that are owed an answer: no history that an import took in, nothing the partner has to answer."""
        return self.filter(
            stage_kind=StageKind.SUBMITTED, queued_at__isnull=False, answer_due_at__isnull=False
        )

    def unanswered_history(self) -> "ReferralQuerySet":
        """Referrals that an import took in as history and nobody has answered: out of the queue, without deadline."""
        return self.filter(stage_kind=StageKind.SUBMITTED, queued_at=None)

    def won(self) -> "ReferralQuerySet":
        """Referrals that became customers."""
        return self.filter(stage_kind=StageKind.WON)


class Referral(PublicTenantModel):
    """A prospect registered by a partner; priced for ever by the plan version in force at `registered_at`."""

    number = models.CharField(max_length=24)
    program = TenantForeignKey(Program)
    partner = TenantForeignKey(Partner)
    submitted_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    # Who sent it, as written in an imported file, when that person has no login.
    submitted_by_name = models.CharField(max_length=120, blank=True)
    company = models.CharField(max_length=160)
    company_norm = models.CharField(max_length=160)
    website = models.CharField(max_length=200, blank=True)
    # Canonical: registrable domain of the website or of a company email; empty for free-mail domains.
    domain = models.CharField(max_length=253, blank=True)
    country = models.CharField(max_length=2, blank=True)
    contact_name = models.CharField(max_length=120, blank=True)
    contact_title = models.CharField(max_length=120, blank=True)
    contact_email = models.EmailField(blank=True)
    email_norm = models.CharField(max_length=254, blank=True)
    contact_phone = models.CharField(max_length=40, blank=True)
    context = models.TextField(blank=True)
    consent = models.BooleanField(default=False)
    custom = models.JSONField(default=dict, blank=True)
    product = models.CharField(max_length=120, blank=True)
    stage = TenantForeignKey(Stage)
    stage_kind = models.CharField(max_length=12, choices=StageKind.choices)
    stage_entered_at = models.DateTimeField()
    registered_at = models.DateTimeField()
    # From when an answer is owed; empty for what an import took in as history. The safe default: it waits.
    queued_at = models.DateTimeField(null=True, blank=True, db_default=Now())
    decided_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    protected_until = models.DateTimeField(null=True, blank=True)
    deal_minor = models.BigIntegerField(null=True, blank=True)
    currency = models.CharField(max_length=3)
    # The vendor's person for this referral, and what happens next, shown to the partner.
    owner = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    next_step = models.CharField(max_length=200, blank=True)
    next_step_on = models.DateField(null=True, blank=True)
    # What the duplicate check said on submission: "", "own", "known" (another referral or a customer).
    duplicate_of = models.CharField(max_length=8, blank=True)
    # The id in the file or system it came from; unique per tenant and program when set.
    external_id = models.CharField(max_length=80, blank=True)
    # As written, and as compared: referrals.pipeline.rules.normalised_tax_id.
    tax_id = models.CharField(max_length=40, blank=True, default="", db_default="")
    tax_id_norm = models.CharField(max_length=40, blank=True, default="", db_default="")
    source = models.CharField(
        max_length=8, choices=Source.choices, default=Source.FORM, db_default=Source.FORM
    )
    role = models.CharField(
        max_length=8, choices=Role.choices, default=Role.INTRO, db_default=Role.INTRO
    )
    relationship = models.CharField(
        max_length=10, choices=Relationship.choices, blank=True, default="", db_default=""
    )
    # Where a link, a page or a code was shown, and for which campaign.
    channel = models.CharField(max_length=60, blank=True, default="", db_default="")
    campaign = models.CharField(max_length=80, blank=True, default="", db_default="")
    link_id = models.UUIDField(null=True, blank=True)
    # The moment by which an answer is promised, in the tenant's business hours; empty while the partner has to answer.
    answer_due_at = models.DateTimeField(
        null=True, blank=True, db_default=Now() + timedelta(days=2)
    )
    # When the promise was broken and somebody was told; since when nothing has moved and both sides were told.
    escalated_at = models.DateTimeField(null=True, blank=True)
    stalled_at = models.DateTimeField(null=True, blank=True)
    # What the partner thinks the deal may be worth; decides who must approve.
    estimate_minor = models.BigIntegerField(null=True, blank=True)
    # Since when a person must look before anything goes on; nothing is cancelled by itself.
    held_at = models.DateTimeField(null=True, blank=True)
    # When a person declined it after that look, and what the partner reads; it stays held and earns nothing any more.
    declined_at = models.DateTimeField(null=True, blank=True)
    declined_reason = models.TextField(blank=True, default="", db_default="")
    # When the personal data of the person referred was erased; the row stays, under a pseudonym.
    erased_at = models.DateTimeField(null=True, blank=True)
    # When the partner took it back while nobody had decided; it stands among the expired.
    recalled_at = models.DateTimeField(null=True, blank=True)
    # Whether the partner did not bring the contact's details itself and may not see them (yet).
    contact_hidden = models.BooleanField(default=False, db_default=False)
    submission_key = models.UUIDField(null=True, blank=True)
    import_id = models.UUIDField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    objects: ClassVar[models.Manager["Referral"]] = ReferralQuerySet.as_manager()

    class Meta:
        db_table = "referrals_referral"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "number"], name="referral_number_once"),
            models.UniqueConstraint(
                fields=["tenant", "program", "external_id"],
                name="referral_external_id_once",
                condition=~Q(external_id=""),
            ),
            models.UniqueConstraint(
                fields=["tenant", "submission_key"], name="referral_submission_once"
            ),
            models.CheckConstraint(
                condition=Q(deal_minor=None) | Q(deal_minor__gte=0),
                name="referral_deal_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(stage_kind__in=StageKind.values), name="referral_stage_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(estimate_minor=None) | Q(estimate_minor__gte=0),
                name="referral_estimate_not_negative",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "-registered_at", "-id"], name="referral_newest"),
            models.Index(
                fields=["tenant", "partner", "-registered_at", "-id"],
                name="referral_partner_newest",
            ),
            # A partner's views by stage, and their counts without a look at the rows.
            models.Index(
                fields=["tenant", "partner", "stage_kind", "-registered_at", "-id"],
                name="referral_partner_kind",
            ),
            models.Index(
                fields=["tenant", "stage_kind", "-registered_at", "-id"],
                name="referral_kind_newest",
            ),
            models.Index(
                fields=["tenant", "partner", "submitted_by", "-registered_at", "-id"],
                name="referral_rep_newest",
            ),
            models.Index(
                fields=["tenant", "domain"], name="referral_domain", condition=~Q(domain="")
            ),
            models.Index(
                fields=["tenant", "email_norm"], name="referral_email", condition=~Q(email_norm="")
            ),
            models.Index(
                fields=["tenant", "tax_id_norm"],
                name="referral_tax_id",
                condition=~Q(tax_id_norm=""),
            ),
            models.Index(
                fields=["tenant", "link_id", "-registered_at"],
                name="referral_link",
                condition=~Q(link_id=None),
            ),
            models.Index(fields=["tenant", "company_norm"], name="referral_company"),
            # The search: a partner's own by name, and customers by name.
            models.Index(
                fields=["tenant", "partner", "company_norm", "id"], name="referral_partner_company"
            ),
            models.Index(
                fields=["tenant", "company_norm", "id"],
                name="referral_won_company",
                condition=Q(stage_kind="won"),
            ),
            # What is due first, and what is late.
            models.Index(
                fields=["tenant", "answer_due_at", "id"],
                name="referral_due",
                condition=Q(stage_kind="submitted", queued_at__isnull=False),
            ),
            models.Index(
                fields=["tenant", "-registered_at", "-id"],
                name="referral_still",
                condition=Q(stalled_at__isnull=False, closed_at=None),
            ),
            # What has stood still for longest, and what both sides were told of.
            models.Index(
                fields=["tenant", "stage_kind", "stage_entered_at", "id"],
                name="referral_standing",
                condition=Q(closed_at=None),
            ),
            models.Index(
                fields=["tenant", "import_id"], name="referral_import", condition=~Q(import_id=None)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.company}"


class StageChange(TenantModel):
    """An immutable step of a referral: from, to, when, who, why. The timeline is their list."""

    id = models.BigAutoField(primary_key=True)
    referral = TenantForeignKey(Referral)
    partner_id = models.UUIDField()
    from_stage = TenantForeignKey(Stage, null=True)
    to_stage = TenantForeignKey(Stage)
    from_kind = models.CharField(max_length=12, blank=True)
    to_kind = models.CharField(max_length=12)
    at = models.DateTimeField()
    actor = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    # Shown to the partner.
    reason = models.TextField(blank=True)
    deal_minor = models.BigIntegerField(null=True, blank=True)
    # Which of the program's reasons, when it was lost.
    loss_reason = TenantForeignKey("referrals.LossReason", null=True)
    import_id = models.UUIDField(null=True, blank=True)

    class Meta:
        db_table = "referrals_stage_change"
        indexes = [
            models.Index(fields=["tenant", "referral", "at", "id"], name="stage_change_timeline"),
            models.Index(fields=["tenant", "to_kind", "at"], name="stage_change_reached"),
        ]

    def __str__(self) -> str:
        return f"{self.from_kind} → {self.to_kind}"


class ReferralNote(TenantModel):
    """A note on a referral; an internal one is never shown to the partner."""

    id = models.BigAutoField(primary_key=True)
    referral = TenantForeignKey(Referral)
    partner_id = models.UUIDField()
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    text = models.TextField()
    internal = models.BooleanField(default=False)
    at = models.DateTimeField()

    class Meta:
        db_table = "referrals_note"
        indexes = [models.Index(fields=["tenant", "referral", "at", "id"], name="note_timeline")]

    def __str__(self) -> str:
        return self.text[:40]


class Follower(TenantModel):
    """A person who hears of a referral's steps besides its sender."""

    id = models.BigAutoField(primary_key=True)
    referral = TenantForeignKey(Referral)
    # Of the referral, so that a partner's people see their own followers only.
    partner_id = models.UUIDField()
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    since = models.DateTimeField()

    class Meta:
        db_table = "referrals_follower"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "referral", "user"], name="follower_once")
        ]

    def __str__(self) -> str:
        return f"{self.user_id}"
