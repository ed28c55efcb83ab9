"""The vendor's list of cases as the address asks for it: view, search, filters, order, page."""

from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from partners.directory.models import Partner
from prm.accounts.members import MemberRequest
from prm.web.counts import bounded, count_text, menu_numbers
from prm.web.filters import FilterBar, Select, search_words, select_from
from prm.web.paging import keyset_page
from prm.web.parts import Tab
from referrals.attribution.models import UNDECIDED, Case, CaseParty, CaseState
from referrals.attribution.tables import StaffCaseTable
from referrals.pipeline.selectors import filter_options

VIEWS = {
    "open": [state.value for state in UNDECIDED],
    "decided": [CaseState.DECIDED.value],
    "final": [CaseState.FINAL.value],
}
ORDERS = {"due": ("due_at",), "opened": ("opened_at",)}


def case_listing(request: MemberRequest) -> dict[str, Any]:
    """Return what the page of cases shows; its tabs count what the filters leave."""
    params, now = request.GET, timezone.now()
    view = params.get("view", "open")
    view = view if view in VIEWS else "open"
    selects = _selects(params, is_open=view == "open")
    narrowed = _narrowed(search_words(params), {row.name: row.value for row in selects})
    shown = {name: narrowed.filter(state__in=states) for name, states in VIEWS.items()}
    rows = shown[view].filter(due_at__lte=now) if params.get("late") else shown[view]
    page = keyset_page(
        rows.select_related("referral", "assignee"),
        params=params,
        orders=ORDERS,
        default="due" if view == "open" else "-opened",
    )
    counts = menu_numbers(request, {name: bounded(found) for name, found in shown.items()})
    bar = FilterBar(
        reverse("referrals:manage-case-list"),
        gettext("Filter cases"),
        params,
        gettext("Company or number"),
        selects,
        keep=("sort", "view"),
    )
    ids = {row.opened_by_id for row in page.rows}
    names = dict(Partner.objects.filter(id__in=ids).values_list("id", "name"))
    return {
        "page": page,
        "table": StaffCaseTable(
            page.rows,
            page=page,
            names=names,
            now=now,
            caption=StaffCaseTable.by_clock if view == "open" and not params.get("sort") else None,
        ),
        "tabs": _tabs(view, counts),
        "bar": bar,
    }


def _selects(params: QueryDict, *, is_open: bool) -> list[Select]:
    partner = _uuid(params.get("partner", ""))
    options = filter_options(partner_id=partner)
    everything = gettext("All")
    selects = [
        select_from(params, "partner", gettext("Partner"), options.partners, any_label=everything)
    ]
    if len(options.programs) > 1:
        selects.append(
            select_from(
                params, "program", gettext("Program"), options.programs, any_label=everything
            )
        )
    if is_open:
        late = [("1", gettext("Overdue"))]
        selects.append(select_from(params, "late", gettext("Clock"), late, any_label=everything))
    return selects


def _narrowed(words: str, chosen: dict[str, str]) -> QuerySet[Case]:
    """Return the cases that fit; a partner opened it, or is party to it."""
    cases = Case.objects.all()
    if words:
        cases = cases.filter(
            Q(number__iexact=words)
            | Q(referral__number__iexact=words)
            | Q(referral__company__icontains=words)
        )
    if chosen.get("program"):
        cases = cases.filter(referral__program_id=chosen["program"])
    if chosen.get("partner"):
        party = CaseParty.objects.filter(case_id=OuterRef("id"), partner_id=chosen["partner"])
        cases = cases.filter(Q(opened_by_id=chosen["partner"]) | Exists(party))
    return cases


def _tabs(current: str, counts: dict[str, int]) -> list[Tab]:
    url = reverse("referrals:manage-case-list")
    labels = {
        "open": gettext("To decide"),
        "decided": gettext("Decided"),
        "final": gettext("Final"),
    }
    return [
        Tab(label, f"{url}?view={name}", name == current, count_text(counts[name]))
        for name, label in labels.items()
    ]


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
