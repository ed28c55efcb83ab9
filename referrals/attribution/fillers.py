"""What attribution puts on other slices' pages, the menu and the review; its part of merges and erasures."""

from collections.abc import Sequence

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from prm.accounts.capabilities import Capability
from prm.accounts.members import Member
from prm.audit.subjects import Named, names
from prm.web.counts import MENU_BOUND, MenuCount, bounded, counts_menu
from referrals.attribution import forgetting, merging, panels
from referrals.attribution.models import UNDECIDED, Case, Hold
from referrals.claims.review import waits_in

__all__ = ["case_names", "forgetting", "merging", "panels"]


@waits_in("held", order=30, label=_("Held"), url="referrals:manage-hold-list")
def held() -> QuerySet[Hold]:
    """Return the holds that nobody has decided."""
    return Hold.objects.filter(decided_at=None)


@counts_menu("referrals:manage-case-list")
def cases_to_decide(member: Member) -> MenuCount | None:
    """Count the cases that wait for a decision, for those who may decide; hot when one is overdue."""
    if not member.may(Capability.DECIDE_REFERRALS):
        return None
    undecided = Case.objects.filter(state__in=[state.value for state in UNDECIDED])
    overdue = undecided.filter(due_at__lte=timezone.now())
    return MenuCount(bounded(undecided, MENU_BOUND), bounded(overdue, 0))


@names("case")
def case_names(ids: Sequence[str]) -> dict[str, Named]:
    """Return cases by id: their numbers."""
    return {
        str(row.id): Named(
            row.number, reverse("referrals:manage-case-detail", kwargs={"case_id": row.id})
        )
        for row in Case.objects.filter(id__in=ids).only("id", "number")
    }
