"""What applications say elsewhere: names among a course's people, the menu's count, a partner's page."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from django.utils import timezone

from partners.applications.models import AdmissionMode, Application, ApplicationState, Prospect
from partners.directory.models import Partner
from partners.directory.panels import Panel, fills
from partners.training.panels import names_applicants
from prm.accounts.capabilities import Capability
from prm.accounts.members import Member
from prm.audit.values import choices_of
from prm.web.counts import MenuCount, bounded, counts_menu
from prm.web.paging import COUNT_BOUND

# Prospects and applications that one partner's page shows; a partner has seldom more than one of each.
ORIGINS = 5

choices_of("program", "mode", AdmissionMode)


@names_applicants
def applicants(ids: Sequence[UUID]) -> Mapping[UUID, str]:
    """Return the names of applications."""
    rows = Application.objects.filter(id__in=ids).values_list("id", "name", "company")
    return {row_id: f"{name} ({company})" if company else name for row_id, name, company in rows}


@counts_menu("partners:application-list")
def to_review(member: Member) -> MenuCount | None:
    """Count what waits for a decision, as the queue's tab does; hot when a promised day has passed."""
    if not member.may(Capability.DECIDE_APPLICATIONS):
        return None
    waiting = Application.objects.filter(state=ApplicationState.SUBMITTED)
    late = bounded(waiting.filter(due_at__lt=timezone.now()), 0)
    return MenuCount(bounded(waiting, COUNT_BOUND), late)


@fills("partner.origin")
def origin(partner: Partner, member: Member) -> Panel | None:
    """Tell how a partner came: the notes of the prospect that it was, and its applications."""
    if not member.may(Capability.DECIDE_APPLICATIONS):
        return None
    prospects = list(
        Prospect.objects.filter(partner_id=partner.id).defer("fit_parts").order_by("id")[:ORIGINS]
    )
    applications = list(
        Application.objects.filter(partner_id=partner.id)
        .only("id", "number", "state", "submitted_at", "name", "program__name")
        .select_related("program")
        .order_by("-submitted_at", "-id")[:ORIGINS]
    )
    if not prospects and not applications:
        return None
    return Panel(
        "partners/applications/of_partner.html",
        {"prospects": prospects, "applications": applications},
    )
