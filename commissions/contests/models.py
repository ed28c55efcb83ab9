"""Contests between partners, or their people: conditions that freeze with the start, prizes, and how each ended."""

from datetime import datetime, timedelta

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext_lazy as _

from commissions.ledger.models import Transfer
from partners.directory.models import Partner
from partners.programs.models import Program
from prm.accounts.models import User
from prm.tenancy.models import PublicTenantModel, TenantForeignKey, TenantModel


class Metric(models.TextChoices):
    """What counts."""

    QUALIFIED = "qualified", _("Qualified referrals")
    WON = "won", _("Won referrals")
    VALUE = "value", _("Value of won deals")


class Competes(models.TextChoices):
    """Who stands in the standings."""

    COMPANIES = "companies", _("Partners")
    PEOPLE = "people", _("People at partners")


class TieRule(models.TextChoices):
    """Who is before whom with the same score."""

    FIRST = "first", _("Who reached the score first")
    VALUE = "value", _("Who has won the higher value; then who reached the score first")


class Contest(PublicTenantModel):
    """One contest of a program. Conditions may change while it is a draft; afterwards only as a new, told version."""

    program = TenantForeignKey(Program)
    title = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    # Counted is what happened in [starts_at, ends_at): from the first moment of a day to the last one of another.
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    competes = models.CharField(
        max_length=9,
        choices=Competes.choices,
        default=Competes.COMPANIES,
        db_default=Competes.COMPANIES.value,
    )
    metric = models.CharField(max_length=10, choices=Metric.choices)
    # Names of products that count, and of tiers that take part; empty: all.
    products = models.JSONField(default=list, blank=True)
    tiers = models.JSONField(default=list, blank=True)
    # Scores below do not win: referrals, or minor units of the program's currency.
    least = models.BigIntegerField(default=1)
    tie_rule = models.CharField(max_length=6, choices=TieRule.choices, default=TieRule.FIRST)
    # Days after the end before prizes are given: a win may still be taken back.
    check_days = models.IntegerField(default=7)
    currency = models.CharField(max_length=3)
    # Counts the changes of conditions after publishing.
    version = models.IntegerField(default=1)
    published_at = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancel_reason = models.CharField(max_length=500, blank=True)
    created_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "commissions_contest"
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="contest_lasts"),
            models.CheckConstraint(
                condition=Q(least__gte=1) & Q(check_days__range=(0, 90)), name="contest_bounds"
            ),
            models.CheckConstraint(
                condition=Q(settled_at=None) | Q(cancelled_at=None), name="contest_one_end"
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "-starts_at", "-id"], name="contest_newest"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def gives_at(self) -> datetime:
        """The moment from which prizes are given."""
        return self.ends_at + timedelta(days=self.check_days)

    @property
    def is_for_people(self) -> bool:
        """Whether people of partners compete, each for themselves."""
        return self.competes == Competes.PEOPLE


class Prize(TenantModel):
    """What one place wins: money through the books, or something else with what it costs."""

    id = models.BigAutoField(primary_key=True)
    contest = TenantForeignKey(Contest)
    rank = models.IntegerField()
    # Minor units of the contest's currency; 0 for a prize that is not money.
    amount_minor = models.BigIntegerField(default=0)
    goods = models.CharField(max_length=120, blank=True)
    cost_minor = models.BigIntegerField(default=0)

    class Meta:
        db_table = "commissions_contest_prize"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "contest", "rank"], name="prize_rank_once"),
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0, goods="", cost_minor=0)
                | (Q(amount_minor=0, cost_minor__gte=0) & ~Q(goods="")),
                name="prize_money_or_goods",
            ),
            models.CheckConstraint(condition=Q(rank__range=(1, 50)), name="prize_rank_range"),
        ]

    def __str__(self) -> str:
        return f"{self.rank}: {self.amount_minor or self.goods}"


class ContestChange(TenantModel):
    """A change of conditions after publishing, with what they were. Added once, never changed."""

    id = models.BigAutoField(primary_key=True)
    contest = TenantForeignKey(Contest)
    # The version that the change made.
    version = models.IntegerField()
    reason = models.CharField(max_length=500)
    # Field -> [before, after], as texts.
    changes = models.JSONField(default=dict)
    changed_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    at = models.DateTimeField()

    class Meta:
        db_table = "commissions_contest_change"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "contest", "version"], name="contest_change_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.contest_id} v{self.version}"


class ContestPlace(TenantModel):
    """Where a partner, or one of its people, came in when the contest was settled, and what it won.

    Added once, never changed.
    """

    id = models.BigAutoField(primary_key=True)
    contest = TenantForeignKey(Contest)
    partner = TenantForeignKey(Partner)
    # The partner's person whose place it is; None where partners compete.
    person = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    rank = models.IntegerField()
    score = models.BigIntegerField()
    reached_at = models.DateTimeField()
    prize = TenantForeignKey(Prize, null=True)
    # The booking of a prize in money.
    transfer = TenantForeignKey(Transfer, null=True)
    # The transfer of a merge that took the money on to another partner; payments claim that one.
    carried = TenantForeignKey(Transfer, null=True)
    at = models.DateTimeField()

    class Meta:
        db_table = "commissions_contest_place"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "contest", "partner", "person"],
                name="contest_place_once_each",
                nulls_distinct=False,
            ),
            models.UniqueConstraint(fields=["tenant", "contest", "rank"], name="contest_rank_once"),
        ]
        indexes = [
            models.Index(fields=["tenant", "transfer"], name="contest_place_transfer"),
            models.Index(
                fields=["tenant", "partner", "person"],
                name="contest_place_person",
                condition=~Q(person=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rank}: {self.person_id or self.partner_id}"

    @property
    def is_in_kind(self) -> bool:
        """Whether a prize in money is given as something else: the person's employer allows no money."""
        return bool(self.prize and self.prize.amount_minor and self.person_id) and (
            self.transfer_id is None
        )

    @property
    def won_by_id(self) -> int | None:
        """The transfer that a payment of the prize claims."""
        return self.carried_id or self.transfer_id


# The same for queries.
WON_BY = Coalesce("carried_id", "transfer_id")
