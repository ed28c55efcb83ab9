"""Touches and the rules that weigh them, decisions and their explanations, cases, credits, holds."""

from django.db import models
from django.db.models import BigIntegerField, F, Func, Q
from django.utils.translation import gettext_lazy as _

from partners.directory.models import Partner
from partners.programs.models import Program
from prm.accounts.models import User
from prm.tenancy.models import PublicTenantModel, TenantForeignKey, TenantModel
from prm.uploads.models import Upload
from referrals.pipeline.models import Referral

WHOLE = 10_000


class TouchKind(models.TextChoices):
    """What brought a partner and a company together."""

    CLICK = "click", _("Link opened")
    FORM = "form", _("Form sent through a link")
    REGISTRATION = "registration", _("Referral registered")
    COUPON = "coupon", _("Coupon code used")
    CRM = "crm", _("The vendor's own sales")
    STAFF = "staff", _("Entered by the vendor")


class Touch(TenantModel):
    """One contact of a partner (or of the vendor's own sales, without a partner) with an account."""

    id = models.BigAutoField(primary_key=True)
    account_key = models.CharField(max_length=300)
    kind = models.CharField(max_length=12, choices=TouchKind.choices)
    partner = TenantForeignKey(Partner, null=True)
    program = TenantForeignKey(Program)
    link_id = models.UUIDField(null=True, blank=True)
    referral_id = models.UUIDField(null=True, blank=True)
    at = models.DateTimeField()
    # Ids, codes and counts that explain the contact; no personal data.
    facts = models.JSONField(default=dict, blank=True)
    # Names the contact where it came from; a repeat writes nothing.
    key = models.CharField(max_length=120)

    class Meta:
        db_table = "referrals_touch"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "key"], name="touch_once"),
            models.CheckConstraint(condition=Q(kind__in=TouchKind.values), name="touch_kind_known"),
        ]
        indexes = [
            models.Index(fields=["tenant", "account_key", "program", "at"], name="touch_account"),
            models.Index(
                fields=["tenant", "referral_id"],
                name="touch_referral",
                condition=~Q(referral_id=None),
            ),
            models.Index(fields=["tenant", "partner", "-at", "-id"], name="touch_partner"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.account_key}"


class Basis(models.TextChoices):
    """Which contacts count."""

    REGISTRATION = "registration", _("Registrations")
    CLICK = "click", _("Clicks on links, forms and coupon codes")


class Pick(models.TextChoices):
    """Which of the counted contacts decides."""

    FIRST = "first", _("The first one")
    LAST = "last", _("The last one")


class ExistingCustomers(models.TextChoices):
    """What becomes of a company that is a customer already."""

    NONE = "none", _("No credit")
    CREDIT = "credit", _("Credit as for others")
    REVIEW = "review", _("A person looks first")


class AttributionRules(TenantModel):
    """How one program finds who gets the credit; a program without a row uses the defaults of `rules.Settings`."""

    id = models.BigAutoField(primary_key=True)
    program = TenantForeignKey(Program)
    basis = models.CharField(max_length=12, choices=Basis.choices, default=Basis.REGISTRATION)
    pick = models.CharField(max_length=5, choices=Pick.choices, default=Pick.FIRST)
    window_days = models.IntegerField(default=90)
    existing_customers = models.CharField(
        max_length=6, choices=ExistingCustomers.choices, default=ExistingCustomers.REVIEW
    )
    # 0: the vendor's own sales exclude nobody.
    direct_days = models.IntegerField(default=0)
    # The part of a reward, in ten-thousandths, that goes to service when a referral has service credits.
    service_share = models.IntegerField(default=2_000)
    # Types of partners that may refer themselves, such as resellers who buy for their own use.
    exempt_types = models.JSONField(default=list, blank=True)
    # Submissions of one partner in 24 hours from which on the next one is held; 0 never.
    velocity = models.IntegerField(default=50)
    case_hours = models.IntegerField(default=40)
    appeal_days = models.IntegerField(default=14)

    class Meta:
        db_table = "referrals_attribution_rules"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "program"], name="attribution_rules_once"),
            models.CheckConstraint(
                condition=Q(window_days__gte=1) & Q(direct_days__gte=0) & Q(case_hours__gte=1),
                name="attribution_rules_days",
            ),
            models.CheckConstraint(
                condition=Q(service_share__gte=0) & Q(service_share__lte=WHOLE),
                name="attribution_rules_share",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.basis} {self.pick}"


class Decision(TenantModel):
    """One answer to "whose is it", with everything it was found from; for the vendor's people only."""

    id = models.BigAutoField(primary_key=True)
    referral = TenantForeignKey(Referral)
    # submitted, accepted, case, moved
    occasion = models.CharField(max_length=12)
    winner = TenantForeignKey(Partner, null=True)
    rule = models.CharField(max_length=40)
    # A list of {touch, kind, partner, at, counted, why}; the settings in force beside it.
    considered = models.JSONField(default=list)
    settings = models.JSONField(default=dict)
    reason = models.TextField(blank=True)
    actor = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    at = models.DateTimeField()

    class Meta:
        db_table = "referrals_decision"
        indexes = [models.Index(fields=["tenant", "referral", "-id"], name="decision_newest")]

    def __str__(self) -> str:
        return f"{self.rule} of {self.referral_id}"


class Explanation(TenantModel):
    """What one partner may read of a decision: its own contacts by date, others only as another partner."""

    id = models.BigAutoField(primary_key=True)
    decision = TenantForeignKey(Decision)
    referral_id = models.UUIDField()
    partner_id = models.UUIDField()
    is_winner = models.BooleanField()
    rule = models.CharField(max_length=40)
    settings = models.JSONField(default=dict)
    # A list of {kind, at, own, counted, why}.
    lines = models.JSONField(default=list)
    at = models.DateTimeField()

    class Meta:
        db_table = "referrals_explanation"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "decision", "referral_id", "partner_id"],
                name="explanation_once",
            )
        ]
        indexes = [
            models.Index(
                fields=["tenant", "referral_id", "partner_id", "-id"], name="explanation_newest"
            )
        ]

    def __str__(self) -> str:
        return f"{self.rule} for {self.partner_id}"


class CaseState(models.TextChoices):
    """Where a case stands."""

    OPEN = "open", _("Open")
    DECIDED = "decided", _("Decided")
    APPEALED = "appealed", _("Appealed")
    FINAL = "final", _("Final")


class Outcome(models.TextChoices):
    """What a case did to the credit."""

    STAYS = "stays", _("The credit stays where it is")
    MOVED = "moved", _("The credit moves to another partner")
    SPLIT = "split", _("The credit is split")


UNDECIDED = (CaseState.OPEN, CaseState.APPEALED)


class Case(PublicTenantModel):
    """A partner's objection to an attribution, with its clock; only the vendor and who opened it may touch the row."""

    number = models.CharField(max_length=24)
    # The referral of the partner that objects, and the one the credit hangs on (set by the worker; may be the same).
    referral = TenantForeignKey(Referral)
    subject_id = models.UUIDField(null=True, blank=True)
    opened_by_id = models.UUIDField()
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=CaseState.choices, default=CaseState.OPEN)
    assignee = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    escalated_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=5, choices=Outcome.choices, blank=True)
    rule = models.CharField(max_length=40, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    appealed_at = models.DateTimeField(null=True, blank=True)
    final_at = models.DateTimeField(null=True, blank=True)
    final_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )

    class Meta:
        db_table = "referrals_case"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "number"], name="case_number_once"),
            models.UniqueConstraint(
                fields=["tenant", "referral"],
                name="case_open_once",
                condition=Q(state__in=["open", "decided", "appealed"]),
            ),
            models.CheckConstraint(
                condition=Q(state__in=CaseState.values), name="case_state_known"
            ),
            # The appeal is another person's to decide.
            models.CheckConstraint(
                condition=Q(final_by=None) | ~Q(final_by=F("decided_by")),
                name="case_appeal_by_another",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "state", "due_at", "id"], name="case_due"),
            models.Index(fields=["tenant", "-opened_at", "-id"], name="case_newest"),
        ]

    def __str__(self) -> str:
        return self.number


class CaseParty(TenantModel):
    """Everything one partner may know of a case; it reads this row and its own entries, nothing else."""

    id = models.BigAutoField(primary_key=True)
    case = TenantForeignKey(Case)
    partner = TenantForeignKey(Partner)
    opened_it = models.BooleanField()
    # The party's own referral for the account, when it has one.
    referral_id = models.UUIDField(null=True, blank=True)
    number = models.CharField(max_length=24)
    company = models.CharField(max_length=160)
    state = models.CharField(max_length=8, choices=CaseState.choices)
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField()
    # A list of {kind, at, own, counted, why}: all claims, others without name.
    timeline = models.JSONField(default=list)
    outcome = models.CharField(max_length=5, choices=Outcome.choices, blank=True)
    rule = models.CharField(max_length=40, blank=True)
    # The share of the credit after the decision, in ten-thousandths; null while undecided.
    share = models.IntegerField(null=True, blank=True)
    words = models.TextField(blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    appeal_until = models.DateTimeField(null=True, blank=True)
    appealed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "referrals_case_party"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "case", "partner"], name="case_party_once")
        ]
        indexes = [
            models.Index(
                fields=["tenant", "partner", "-opened_at", "-id"], name="case_party_newest"
            ),
            models.Index(
                fields=["tenant", "referral_id"],
                name="case_party_referral",
                condition=~Q(referral_id=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} for {self.partner_id}"


class CaseEntry(TenantModel):
    """A comment or piece of evidence in a case, in the view of one partner; without one it is the vendor's own."""

    id = models.BigAutoField(primary_key=True)
    case = TenantForeignKey(Case)
    partner_id = models.UUIDField(null=True, blank=True)
    # Who wrote: "own" the partner of the view, "vendor", "other" another party whose words the vendor passed on.
    voice = models.CharField(max_length=6)
    author = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    text = models.TextField(blank=True)
    upload = TenantForeignKey(Upload, null=True)
    # The entry that was passed on.
    shared_from_id = models.BigIntegerField(null=True, blank=True)
    at = models.DateTimeField()

    class Meta:
        db_table = "referrals_case_entry"
        constraints = [
            models.CheckConstraint(
                condition=Q(voice__in=["own", "vendor", "other"]), name="case_entry_voice_known"
            ),
            models.UniqueConstraint(
                fields=["tenant", "shared_from_id", "partner_id"],
                name="case_entry_shared_once",
                condition=~Q(shared_from_id=None),
            ),
        ]
        indexes = [models.Index(fields=["tenant", "case", "at", "id"], name="case_entry_order")]

    def __str__(self) -> str:
        return f"entry of {self.case_id}"


class CreditRole(models.TextChoices):
    """What a partner is credited for."""

    SOURCE = "source", _("Brought the deal")
    SERVICE = "service", _("Works on the deal")


class Credit(TenantModel):
    """One partner's part in a referral's rewards; sets are numbered, one is live, none means all to the referral's."""

    id = models.BigAutoField(primary_key=True)
    referral = TenantForeignKey(Referral)
    partner = TenantForeignKey(Partner)
    number = models.IntegerField()
    # The place in the set: what a reward's line is known by.
    place = models.IntegerField()
    role = models.CharField(max_length=7, choices=CreditRole.choices)
    # Ten-thousandths: of its role's pool, and the pool's of each reward.
    share = models.IntegerField()
    pool = models.IntegerField()
    # The company as a partner without the referral may read it.
    company = models.CharField(max_length=160)
    reason = models.TextField(blank=True)
    at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "referrals_credit"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "referral", "number", "place"], name="credit_place_once"
            ),
            models.CheckConstraint(
                condition=Q(share__gt=0)
                & Q(share__lte=WHOLE)
                & Q(pool__gte=0)
                & Q(pool__lte=WHOLE),
                name="credit_share_of_whole",
            ),
            models.CheckConstraint(
                condition=Q(role__in=CreditRole.values), name="credit_role_known"
            ),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "referral"], name="credit_live", condition=Q(ended_at=None)
            ),
            models.Index(fields=["tenant", "partner", "referral"], name="credit_partner"),
        ]

    def __str__(self) -> str:
        return f"{self.share} of {self.role} for {self.partner_id}"


class Reattribution(TenantModel):
    """A referral's move from one partner to another; the one it left reads here why."""

    id = models.BigAutoField(primary_key=True)
    referral = TenantForeignKey(Referral)
    from_partner = TenantForeignKey(Partner)
    to_partner_id = models.UUIDField()
    number = models.CharField(max_length=24)
    company = models.CharField(max_length=160)
    rule = models.CharField(max_length=40)
    # Shown to the partner it left.
    reason = models.TextField()
    submitted_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    actor = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    at = models.DateTimeField()
    # Rows of the referral may change their partner in this transaction only.
    transaction_id = models.BigIntegerField(
        db_default=Func(function="txid_current", output_field=BigIntegerField())
    )

    class Meta:
        db_table = "referrals_reattribution"
        indexes = [
            models.Index(fields=["tenant", "referral", "-id"], name="reattribution_newest"),
            models.Index(fields=["tenant", "from_partner", "-at"], name="reattribution_from"),
        ]

    def __str__(self) -> str:
        return f"{self.number} left {self.from_partner_id}"


class Signal(TenantModel):
    """A sign that a referral may be the partner's own business or invented; for the vendor's people only."""

    id = models.BigAutoField(primary_key=True)
    referral = TenantForeignKey(Referral)
    kind = models.CharField(max_length=20)
    # What matched: ids, a domain, a count.
    facts = models.JSONField(default=dict)
    at = models.DateTimeField()

    class Meta:
        db_table = "referrals_signal"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "referral", "kind"], name="signal_once")
        ]

    def __str__(self) -> str:
        return f"{self.kind} on {self.referral_id}"


class HoldOutcome(models.TextChoices):
    """How a hold ended."""

    LIFTED = "lifted", _("Nothing wrong, goes on")
    DECLINED = "declined", _("Declined")


class Hold(TenantModel):
    """A time in which a person must look at a referral before its money goes out; ended by a person with a reason."""

    id = models.BigAutoField(primary_key=True)
    referral = TenantForeignKey(Referral)
    placed_at = models.DateTimeField()
    placed_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    note = models.TextField(blank=True)
    outcome = models.CharField(max_length=8, choices=HoldOutcome.choices, blank=True)
    # Shown to the partner.
    reason = models.TextField(blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )

    class Meta:
        db_table = "referrals_hold"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "referral"], name="hold_open_once", condition=Q(decided_at=None)
            ),
            models.CheckConstraint(
                condition=Q(decided_at=None)
                | (~Q(outcome="") & ~Q(reason="") & Q(decided_by__isnull=False)),
                name="hold_ends_by_a_person_with_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"hold of {self.referral_id}"
