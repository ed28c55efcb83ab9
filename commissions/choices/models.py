"""Money or something else, as the partner chooses where the vendor lets it: what is offered, chosen, and taken."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from commissions.accruals.models import Accrual
from commissions.gifts.models import GiftAward
from commissions.ledger.models import Transfer
from partners.directory.models import Partner
from partners.programs.models import Program
from prm.accounts.models import User
from prm.tenancy.models import TenantForeignKey, TenantModel


class Instead(models.TextChoices):
    """What a partner may take instead of money."""

    CREDIT = "credit", _("Account credit")
    CARD = "card", _("Gift card")


class Taken(models.TextChoices):
    """How a partner takes what it earns."""

    CASH = "cash", _("Money")
    CREDIT = Instead.CREDIT.value, Instead.CREDIT.label
    CARD = Instead.CARD.value, Instead.CARD.label


class RewardExchange(TenantModel):
    """What a program gives for money from a moment on; the newest row of a kind counts, without a rate nothing."""

    id = models.BigAutoField(primary_key=True)
    program = TenantForeignKey(Program)
    kind = models.CharField(max_length=8, choices=Instead.choices)
    # What one unit of money becomes: 1.1 makes 110.00 of 100.00.
    rate = models.DecimalField(max_digits=5, decimal_places=4, null=True, blank=True)
    from_at = models.DateTimeField()
    set_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )

    class Meta:
        db_table = "commissions_reward_exchange"
        constraints = [
            models.CheckConstraint(
                condition=Q(rate=None) | Q(rate__gte=1, rate__lte=3), name="reward_exchange_range"
            )
        ]
        indexes = [
            models.Index(fields=["tenant", "program", "kind", "-id"], name="reward_exchange_newest")
        ]

    def __str__(self) -> str:
        return f"{self.kind} at {self.rate}"


class RewardChoice(TenantModel):
    """How a partner takes what a program pays from a day on; the newest that has begun counts, money without any."""

    id = models.BigAutoField(primary_key=True)
    partner = TenantForeignKey(Partner)
    program = TenantForeignKey(Program)
    kind = models.CharField(max_length=8, choices=Taken.choices)
    # The exchange as it was stated when it was chosen.
    rate = models.DecimalField(max_digits=5, decimal_places=4, null=True, blank=True)
    # The first day of a month in the tenant's zone: that of the next statement.
    from_on = models.DateField()
    # None where the vendor no longer offers what had been chosen.
    chosen_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    chosen_at = models.DateTimeField()
    # The day in the tenant's zone.
    chosen_on = models.DateField()

    class Meta:
        db_table = "commissions_reward_choice"
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="cash", rate=None) | (~Q(kind="cash") & Q(rate__isnull=False)),
                name="reward_choice_rate",
            ),
            models.CheckConstraint(
                condition=Q(from_on__gt=F("chosen_on")), name="reward_choice_never_back"
            ),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "partner", "program", "-from_on", "-id"],
                name="reward_choice_newest",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} from {self.from_on}"


class TakenReward(TenantModel):
    """One reward whose money left the books, because its partner takes something else for it."""

    id = models.BigAutoField(primary_key=True)
    accrual = TenantForeignKey(Accrual)
    partner = TenantForeignKey(Partner)
    program = TenantForeignKey(Program)
    choice = TenantForeignKey(RewardChoice)
    # From what the partner is owed to what the vendor gives instead.
    transfer = TenantForeignKey(Transfer)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    # The day of the release in the tenant's zone.
    taken_on = models.DateField()
    # What is delivered for it, together with the others of the month.
    award = TenantForeignKey(GiftAward, null=True)

    class Meta:
        db_table = "commissions_taken_reward"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "accrual"], name="taken_reward_once"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="taken_reward_positive"),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "taken_on", "id"],
                name="taken_reward_waiting",
                condition=Q(award=None),
            ),
            models.Index(fields=["tenant", "partner", "-taken_on"], name="taken_reward_partner"),
        ]

    def __str__(self) -> str:
        return f"{self.amount_minor} {self.currency} in kind"
