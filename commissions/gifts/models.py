"""Rewards that are not money: what a program offers, the codes it hands out, and who got what."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from commissions.gifts.rules import CODED, FAILED, ORDERED, RECEIVED, SENT, WAITING, GiftTerms
from partners.directory.models import Partner
from partners.programs.models import Program
from prm.accounts.models import User
from prm.tenancy.models import PublicTenantModel, TenantForeignKey, TenantModel


class GiftKind(models.TextChoices):
    """What sort of thing it is."""

    CREDIT = "credit", _("Account credit")
    DISCOUNT = "discount", _("Discount code")
    CARD = "card", _("Gift card")
    GOODS = "goods", _("Goods")
    QUOTA = "quota", _("Quota relief")


class AwardState(models.TextChoices):
    """Where a reward stands."""

    WAITING = WAITING, _("Waiting")
    ORDERED = ORDERED, _("Ordered")
    SENT = SENT, _("Sent")
    RECEIVED = RECEIVED, _("Received")
    FAILED = FAILED, _("Not delivered")


class Gift(PublicTenantModel):
    """One thing in a program's catalogue. What was given before a change stays as it was given."""

    program = TenantForeignKey(Program)
    kind = models.CharField(max_length=8, choices=GiftKind.choices)
    title = models.CharField(max_length=120)
    # What the partner reads of its worth, such as "50 € off your next invoice".
    worth = models.CharField(max_length=200, blank=True)
    # What one costs the vendor, in minor units of the program's currency.
    cost_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)
    created_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "commissions_gift"
        constraints = [
            models.CheckConstraint(condition=Q(cost_minor__gte=0), name="gift_cost"),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")), name="gift_days"
            ),
        ]
        indexes = [models.Index(fields=["tenant", "-created_at", "-id"], name="gift_newest")]

    def __str__(self) -> str:
        return self.title

    @property
    def terms(self) -> GiftTerms:
        """The row as the rules read it."""
        return GiftTerms(
            self.kind, self.title, self.worth, self.cost_minor, self.starts_on, self.ends_on
        )


class GiftAward(PublicTenantModel):
    """A reward that a partner was given: what it was is frozen, only where it stands moves on."""

    program = TenantForeignKey(Program)
    partner = TenantForeignKey(Partner)
    # The partner's person whose own it is; None for what the partner got.
    person = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    # None for what a contest promised in words, and for credits of any amount.
    gift = TenantForeignKey(Gift, null=True)
    # What it was given for, once: "contest:<id>:<rank>", "hand:<uuid of the form>", "spiff:<reward in kind>".
    key = models.CharField(max_length=80)
    kind = models.CharField(max_length=8, choices=GiftKind.choices)
    title = models.CharField(max_length=120)
    worth = models.CharField(max_length=200, blank=True)
    cost_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    reason = models.CharField(max_length=500)
    state = models.CharField(
        max_length=8, choices=AwardState.choices, default=AwardState.WAITING, db_default=WAITING
    )
    # 1, or 2 after a delivery that failed.
    attempt = models.SmallIntegerField(default=1, db_default=1)
    # How it comes, or why it did not.
    tracking = models.CharField(max_length=300, blank=True)
    state_at = models.DateTimeField()
    # When the partner looked at its code first.
    shown_at = models.DateTimeField(null=True, blank=True)
    awarded_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    awarded_at = models.DateTimeField()
    # The day in the tenant's zone; its cost counts in that month.
    awarded_on = models.DateField()

    class Meta:
        db_table = "commissions_gift_award"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "key"], name="gift_award_once"),
            models.CheckConstraint(condition=Q(cost_minor__gte=0), name="gift_award_cost"),
        ]
        indexes = [
            models.Index(fields=["tenant", "-awarded_at", "-id"], name="gift_award_newest"),
            models.Index(fields=["tenant", "partner", "-awarded_at"], name="gift_award_partner"),
            models.Index(
                fields=["tenant", "person", "-awarded_at"],
                name="gift_award_person",
                condition=~Q(person=None),
            ),
            models.Index(fields=["tenant", "program", "awarded_on"], name="gift_award_costs"),
            models.Index(
                fields=["tenant", "gift", "awarded_at", "id"],
                name="gift_award_queue",
                condition=Q(state=WAITING),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_prize(self) -> bool:
        """Whether a contest gave it: its winner is told by the contest."""
        return self.key.startswith("contest:")

    @property
    def is_coded(self) -> bool:
        """Whether it is handed out as a code from its gift's list."""
        return self.kind in CODED and self.gift_id is not None


class GiftCode(TenantModel):
    """One code, encrypted; free until an award takes it, and never given twice."""

    id = models.BigAutoField(primary_key=True)
    gift = TenantForeignKey(Gift)
    sealed = models.TextField()
    # Keyed digest by which a code that is known already is noticed.
    digest = models.CharField(max_length=64)
    # Both of the award that took it.
    award = TenantForeignKey(GiftAward, null=True)
    partner = TenantForeignKey(Partner, null=True)
    added_at = models.DateTimeField()

    class Meta:
        db_table = "commissions_gift_code"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "digest"], name="gift_code_once"),
            models.CheckConstraint(
                condition=Q(award=None, partner=None)
                | Q(award__isnull=False, partner__isnull=False),
                name="gift_code_owner",
            ),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "gift", "id"], name="gift_code_free", condition=Q(award=None)
            ),
            models.Index(fields=["tenant", "award", "-id"], name="gift_code_award"),
        ]

    def __str__(self) -> str:
        return f"code {self.id}"
