"""Secret addresses under which a calendar program reads when money is expected."""

from django.db import models
from django.db.models import Q

from partners.directory.models import Partner
from prm.accounts.models import User
from prm.tenancy.models import TenantForeignKey, TenantModel


class CalendarFeed(TenantModel):
    """One person's address for one partner's money calendar; whoever has it may read it until it is revoked."""

    id = models.BigAutoField(primary_key=True)
    partner = TenantForeignKey(Partner)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    # The keyed digest finds the row; the encrypted secret shows the person its address again.
    digest = models.CharField(max_length=64)
    secret = models.TextField()
    made_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "commissions_calendar_feed"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "digest"], name="calendar_feed_digest_once"),
            models.UniqueConstraint(
                fields=["tenant", "partner", "user"],
                name="calendar_feed_one_live",
                condition=Q(revoked_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"feed of {self.user_id}"
