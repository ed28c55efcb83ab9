"""Claims on accounts, what keeps them alive, and what the vendor knows of companies already."""

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from partners.directory.models import Partner
from partners.programs.models import Program
from prm.accounts.models import User
from prm.tenancy.models import PublicTenantModel, TenantForeignKey, TenantModel
from referrals.pipeline.models import Referral


class ClaimRules(TenantModel):
    """A program's own rules of claims; without a row referrals.claims.rules.DEFAULTS hold. Days are calendar days."""

    id = models.BigAutoField(primary_key=True)
    program = TenantForeignKey(Program)
    # Open claims a partner may hold at once: to start with, never fewer than, never more than, more for each win.
    base_places = models.IntegerField()
    floor_places = models.IntegerField()
    most_places = models.IntegerField()
    places_per_win = models.IntegerField()
    # Without a sign of work for so long a claim is released; 0 never. Warned so many days before.
    heartbeat_days = models.IntegerField()
    heartbeat_warning_days = models.IntegerField()
    # Days that one granted extension adds, and how many a claim may get.
    extension_days = models.IntegerField()
    most_extensions = models.IntegerField()
    # Availability questions a partner may ask in a day; hours that a company may be kept free for it, 0 for none.
    checks_per_day = models.IntegerField()
    hold_hours = models.IntegerField()

    class Meta:
        db_table = "referrals_claim_rules"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "program"], name="claim_rules_once"),
            models.CheckConstraint(
                condition=Q(floor_places__gte=1)
                & Q(floor_places__lte=models.F("base_places"))
                & Q(base_places__lte=models.F("most_places")),
                name="claim_rules_places_in_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.program_id}: {self.base_places}"


class ClaimEnd(models.TextChoices):
    """Why a claim holds its account no longer."""

    WON = "won", _("Won")
    CLOSED = "closed", _("Referral closed")
    EXPIRED = "expired", _("Protection ended")
    IDLE = "idle", _("No sign of work")
    GIVEN_UP = "given_up", _("Given up by the partner")
    MERGED = "merged", _("Same company as another referral")


class ClaimQuerySet(models.QuerySet["Claim"]):
    """Phrases about claims."""

    def open(self) -> "ClaimQuerySet":
        """Claims that nothing has ended yet; their last moment may have passed a minute ago."""
        return self.filter(ended_at=None)

    def live(self, at: datetime) -> "ClaimQuerySet":
        """Claims that protect at a moment; protection ends at `protected_until` exactly."""
        return self.filter(ended_at=None, protected_until__gt=at)


class Claim(PublicTenantModel):
    """One partner's protected hold on one account, made by accepting its referral; at most one open per account."""

    referral = TenantForeignKey(Referral)
    partner = TenantForeignKey(Partner)
    program = TenantForeignKey(Program)
    # What the account is known by first: see referrals.claims.rules.account_keys.
    account_key = models.CharField(max_length=300)
    claimed_at = models.DateTimeField()
    protected_until = models.DateTimeField()
    # The last sign of work, and when the partner was warned that none has come since.
    active_at = models.DateTimeField()
    idle_warned_at = models.DateTimeField(null=True, blank=True)
    # The smallest number of days before the end of which the partner was warned; empty: not yet.
    warned_days = models.IntegerField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_why = models.CharField(max_length=10, choices=ClaimEnd.choices, blank=True)

    objects: ClassVar[models.Manager["Claim"]] = ClaimQuerySet.as_manager()

    class Meta:
        db_table = "referrals_claim"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "referral"], name="claim_open_once", condition=Q(ended_at=None)
            ),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "protected_until", "id"],
                name="claim_ends",
                condition=Q(ended_at=None),
            ),
            models.Index(
                fields=["tenant", "active_at", "id"], name="claim_idle", condition=Q(ended_at=None)
            ),
            models.Index(
                fields=["tenant", "partner", "program"],
                name="claim_places",
                condition=Q(ended_at=None),
            ),
            models.Index(fields=["tenant", "referral", "-claimed_at"], name="claim_of_referral"),
        ]

    def __str__(self) -> str:
        return f"{self.account_key} until {self.protected_until:%Y-%m-%d}"


class ClaimKey(TenantModel):
    """One thing by which a claimed account is known; no two open claims share one, whoever writes them."""

    id = models.BigAutoField(primary_key=True)
    claim = TenantForeignKey(Claim, on_delete=models.CASCADE)
    partner_id = models.UUIDField()
    key = models.CharField(max_length=300)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "referrals_claim_key"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "key"],
                name="claim_one_per_account",
                condition=Q(ended_at=None),
            ),
        ]
        indexes = [models.Index(fields=["tenant", "claim"], name="claim_key_of")]

    def __str__(self) -> str:
        return self.key


class ExtensionState(models.TextChoices):
    """Where a request for more time stands."""

    ASKED = "asked", _("Waits for an answer")
    GRANTED = "granted", _("Granted")
    REFUSED = "refused", _("Refused")


class ClaimExtension(PublicTenantModel):
    """A partner's request to protect an account for longer, with what shows the work."""

    claim = TenantForeignKey(Claim)
    partner_id = models.UUIDField()
    asked_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    asked_at = models.DateTimeField()
    evidence = models.TextField()
    upload_id = models.UUIDField(null=True, blank=True)
    state = models.CharField(
        max_length=8, choices=ExtensionState.choices, default=ExtensionState.ASKED
    )
    decided_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    # Shown to the partner.
    answer = models.TextField(blank=True)
    # The end of protection that was granted.
    until = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "referrals_claim_extension"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "claim"],
                name="claim_extension_asked_once",
                condition=Q(state="asked"),
            ),
            models.CheckConstraint(condition=~Q(evidence=""), name="claim_extension_has_evidence"),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "asked_at", "id"],
                name="claim_extension_queue",
                condition=Q(state="asked"),
            ),
            models.Index(fields=["tenant", "claim", "asked_at"], name="claim_extension_of"),
        ]

    def __str__(self) -> str:
        return f"{self.claim_id}: {self.state}"


class CrmAccount(PublicTenantModel):
    """A company that the vendor's own CRM knows; only the vendor's people see it."""

    external_id = models.CharField(max_length=80)
    name = models.CharField(max_length=160)
    name_norm = models.CharField(max_length=160)
    website = models.CharField(max_length=200, blank=True)
    domain = models.CharField(max_length=253, blank=True)
    tax_id = models.CharField(max_length=40, blank=True)
    tax_id_norm = models.CharField(max_length=40, blank=True)
    country = models.CharField(max_length=2, blank=True)
    # Who looks after it at the vendor, as the CRM writes it.
    owner_name = models.CharField(max_length=120, blank=True)
    is_customer = models.BooleanField(default=False)
    imported_at = models.DateTimeField()
    # The upload that named it last; those that an upload of everything does not name are gone.
    upload_key = models.UUIDField()

    class Meta:
        db_table = "referrals_crm_account"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "external_id"], name="crm_account_once"),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "domain"], name="crm_account_domain", condition=~Q(domain="")
            ),
            models.Index(
                fields=["tenant", "tax_id_norm"],
                name="crm_account_tax_id",
                condition=~Q(tax_id_norm=""),
            ),
            models.Index(fields=["tenant", "name_norm", "id"], name="crm_account_by_name"),
        ]

    def __str__(self) -> str:
        return self.name


class OtherKind(models.TextChoices):
    """What a referral is compared with."""

    REFERRAL = "referral", _("Referral")
    ACCOUNT = "account", _("Account in your CRM")


class Verdict(models.TextChoices):
    """What a person decided about two companies that look alike."""

    OPEN = "open", _("Not decided")
    SAME = "same", _("Same company")
    DIFFERENT = "different", _("Different companies")
    # One of the two ended by itself before anybody looked.
    MOOT = "moot", _("Settled by itself")


class SameCompany(PublicTenantModel):
    """Two records that may be one company: what points to it, and what a person decided. Staff only."""

    # The later of two referrals, or the referral that an account of the CRM looks like.
    referral = TenantForeignKey(Referral)
    other_kind = models.CharField(max_length=8, choices=OtherKind.choices)
    other_id = models.UUIDField()
    # Of referrals.claims.rules.Match: kind and strength, 1 (possible) to 4 (certain).
    why = models.CharField(max_length=8)
    strength = models.IntegerField()
    found_at = models.DateTimeField()
    verdict = models.CharField(max_length=9, choices=Verdict.choices, default=Verdict.OPEN)
    # Which of two referrals goes on, when they are the same company.
    kept_id = models.UUIDField(null=True, blank=True)
    # Why, for the vendor's people; the partners are told in words that name nobody.
    reason = models.TextField(blank=True)
    decided_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "referrals_same_company"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "referral", "other_kind", "other_id"], name="same_company_once"
            ),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "found_at", "id"],
                name="same_company_queue",
                condition=Q(verdict="open"),
            ),
            models.Index(fields=["tenant", "other_id"], name="same_company_other"),
            models.Index(fields=["tenant", "-decided_at", "-id"], name="same_company_decided"),
        ]

    def __str__(self) -> str:
        return f"{self.referral_id} {self.other_kind} {self.other_id}: {self.verdict}"


class AvailabilityCheck(TenantModel):
    """A partner's question whether it can register a company, and what it was told."""

    id = models.BigAutoField(primary_key=True)
    partner_id = models.UUIDField()
    asked_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    company = models.CharField(max_length=160)
    account_key = models.CharField(max_length=300)
    answer = models.CharField(max_length=6)
    at = models.DateTimeField()

    class Meta:
        db_table = "referrals_availability_check"
        indexes = [
            models.Index(fields=["tenant", "partner_id", "-at"], name="availability_of_partner")
        ]

    def __str__(self) -> str:
        return f"{self.account_key}: {self.answer}"


class SoftHold(PublicTenantModel):
    """A company kept free for one partner for some hours before it registers it; no claim, others only need review."""

    partner_id = models.UUIDField()
    asked_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    company = models.CharField(max_length=160)
    account_key = models.CharField(max_length=300)
    held_at = models.DateTimeField(db_default=Now())
    until = models.DateTimeField()

    class Meta:
        db_table = "referrals_soft_hold"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "partner_id", "account_key"], name="soft_hold_once"
            ),
        ]
        indexes = [models.Index(fields=["tenant", "account_key", "until"], name="soft_hold_key")]

    def __str__(self) -> str:
        return f"{self.account_key} until {self.until:%Y-%m-%d %H:%M}"
