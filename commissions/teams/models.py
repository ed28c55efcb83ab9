"""How partners share out their commission among their people. The vendor owes the partner all the same."""

from django.db import models
from django.db.models import F, Q

from partners.directory.models import Partner
from partners.programs.models import Program
from prm.accounts.models import User
from prm.tenancy.models import TenantForeignKey, TenantModel


class TeamSplit(TenantModel):
    """What a partner says from a day on about one program; without shares it shares nothing out. Newest counts."""

    id = models.BigAutoField(primary_key=True)
    partner = TenantForeignKey(Partner)
    program = TenantForeignKey(Program)
    # Of what is earned from this day on; always a day after the one on which it was said.
    from_on = models.DateField()
    # Whether the people see their parts.
    is_shown = models.BooleanField(default=False)
    set_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    set_at = models.DateTimeField()
    # The day in the tenant's zone.
    set_on = models.DateField()

    class Meta:
        db_table = "commissions_team_split"
        constraints = [
            models.CheckConstraint(
                condition=Q(from_on__gt=F("set_on")), name="team_split_never_back"
            )
        ]
        indexes = [
            models.Index(
                fields=["tenant", "partner", "program", "-from_on", "-id"], name="team_split_newest"
            )
        ]

    def __str__(self) -> str:
        return f"{self.partner_id} from {self.from_on}"


class TeamShare(TenantModel):
    """One person's share of a split, in ten-thousandths; those of a split make 10,000."""

    id = models.BigAutoField(primary_key=True)
    split = TenantForeignKey(TeamSplit, related_name="shares")
    partner = TenantForeignKey(Partner)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    share = models.IntegerField()
    # Their order, which decides on a cent that cannot be divided.
    place = models.SmallIntegerField()

    class Meta:
        db_table = "commissions_team_share"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "split", "user"], name="team_share_once"),
            models.CheckConstraint(
                condition=Q(share__gt=0, share__lte=10_000), name="team_share_range"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.share}"
