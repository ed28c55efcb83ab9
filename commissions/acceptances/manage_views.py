"""The vendor's page of who accepted new terms, with reminders."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import F
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_POST, require_safe

from commissions.acceptances.selectors import (
    accepted_by,
    answered_version,
    asked,
    concerned,
    newest_change,
)
from commissions.acceptances.services import remind_of_terms
from commissions.acceptances.tables import AcceptanceTable
from commissions.plans.models import PlanVersion
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.web.htmx import hx_redirect, render_part
from prm.web.paging import keyset_page
from prm.web.parts import Tab

# How many partners one press of "Remind" reaches; the daily sweep reaches all before the terms take effect.
REMIND_AT_ONCE = 200


@require_safe
@needs(Capability.SEE_PARTNERS)
def plan_acceptances(request: MemberRequest, version_id: UUID) -> HttpResponse:
    """Show which partners accepted a version, and which have not answered."""
    version = _version(version_id)
    change = newest_change(version.program_id, timezone.now())
    answered = answered_version(version)
    is_asked = change is not None and change.version.id == answered.id
    only_waiting = request.GET.get("state") == "waiting"
    rows = asked(answered) if only_waiting else concerned(answered)
    page = keyset_page(
        rows.annotate(partner_name=F("partner__name")),
        params=request.GET,
        orders={"name": ("partner_name",)},
        default="name",
    )
    found = accepted_by([row.partner_id for row in page.rows], answered.id)
    for row in page.rows:
        row.accepted = found.get(row.partner_id)
    waiting = asked(answered).count()
    context: dict[str, Any] = {
        "version": version,
        "page": page,
        "table": AcceptanceTable(page.rows, page=page),
        "waiting": waiting,
        "only_waiting": only_waiting,
        "may_remind": is_asked and waiting and request.member.may(Capability.EDIT_PARTNERS),
        "tabs": _tabs(version, only_waiting=only_waiting),
    }
    return render_part(
        request, "commissions/acceptances/of_version.html", context, say=page.shown_text
    )


@require_POST
@needs(Capability.EDIT_PARTNERS)
def plan_remind(request: MemberRequest, version_id: UUID) -> HttpResponse:
    """Remind the partners that have not answered."""
    version, now, reached = _version(version_id), timezone.now(), 0
    actor = request.member.actor
    for row in asked(answered_version(version)).order_by("id")[:REMIND_AT_ONCE]:
        reached += remind_of_terms(
            partner_id=row.partner_id, program_id=version.program_id, actor=actor, at=now
        )
    messages.success(
        request,
        ngettext("%(many)s partner is reminded.", "%(many)s partners are reminded.", reached)
        % {"many": reached},
    )
    return hx_redirect(request, "commissions:plan-acceptances", version_id=version.id)


def _tabs(version: PlanVersion, *, only_waiting: bool) -> list[Tab]:
    url = reverse("commissions:plan-acceptances", args=[version.id])
    return [
        Tab(label=gettext("All partners"), url=url, current=not only_waiting),
        Tab(label=gettext("Not answered"), url=f"{url}?state=waiting", current=only_waiting),
    ]


def _version(version_id: UUID) -> PlanVersion:
    return get_object_or_404(
        PlanVersion.objects.select_related("program").filter(published_at__isnull=False),
        id=version_id,
    )
