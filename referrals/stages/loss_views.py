"""The vendor's report of why deals were lost; every number leads to its referrals."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from partners.directory.moves import tenant_day
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.web.filters import select_from
from prm.web.formats import number_text, percent_text
from prm.web.paging import keyset_page
from prm.web.parts import Stat, Tab
from referrals.pipeline.models import Referral, Role, StageKind
from referrals.pipeline.selectors import filter_options
from referrals.stages.losses import Asked, LossLine, ended_in, loss_lines, lost_in
from referrals.stages.tables import LostTable

YEAR = 365
# The word of the address for losses without a reason.
NONE = "-"


@require_safe
@needs(Capability.SEE_DASHBOARD)
def report_losses(request: MemberRequest) -> HttpResponse:
    """Show why deals were lost in a period, by program and partner, and the referrals behind a number."""
    params = request.GET
    options = filter_options(partner_id=_uuid(params.get("partner", "")))
    selects = [
        select_from(params, "program", _("Program"), options.programs, any_label=_("All")),
        select_from(params, "partner", _("Partner"), options.partners, any_label=_("All")),
        select_from(params, "role", _("Partner's role"), Role.choices, any_label=_("All")),
    ]
    asked = _asked(request, {row.name: row.value for row in selects})
    visible = Referral.objects.visible_to(request.member)
    lost = lost_in(visible, asked)
    lines = loss_lines(lost)
    won = ended_in(visible, asked, StageKind.WON).count()
    wanted = params.get("reason", "").replace("\x00", "")
    rows = lost.filter(loss="" if wanted == NONE else wanted) if wanted else lost
    page = keyset_page(
        rows.select_related("partner", "stage"),
        params=params,
        orders={"lost": ("closed_at", "id")},
        default="-lost",
    )
    context = {
        "asked": asked,
        "selects": selects,
        "stats": _stats(lines, won),
        "lines": [(line, _with(params, reason=line.reason or NONE)) for line in lines],
        "total": sum(line.count for line in lines),
        "all_url": _with(params, reason=""),
        "wanted": wanted,
        "wanted_words": _("without a reason") if wanted == NONE else wanted,
        "page": page,
        "table": LostTable(page.rows, page=page),
        "tabs": report_tabs("losses"),
    }
    return render(request, "referrals/stages/losses.html", context)


def report_tabs(current: str) -> list[Tab]:
    """Return the vendor's reports on referrals as tabs."""
    pages = [
        ("channels", _("Channels"), "referrals:report-channels"),
        ("losses", _("Lost deals"), "referrals:report-losses"),
    ]
    return [Tab(label, reverse(name), key == current) for key, label, name in pages]


def asked_days(params: QueryDict) -> tuple[date, date]:
    """Return the days of an address; without them, or the wrong way round, the last 12 months."""
    today = tenant_day(timezone.now())
    first, last = _day(params.get("first", "")), _day(params.get("last", ""))
    if first is None or last is None or last < first:
        return today - timedelta(days=YEAR - 1), today
    return first, last


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _asked(request: MemberRequest, chosen: dict[str, str]) -> Asked:
    first, last = asked_days(request.GET)
    return Asked(
        first,
        last,
        ZoneInfo(request.tenant.time_zone),
        UUID(chosen["program"]) if chosen["program"] else None,
        UUID(chosen["partner"]) if chosen["partner"] else None,
        chosen["role"],
    )


def _stats(lines: list[LossLine], won: int) -> list[Stat]:
    lost = sum(line.count for line in lines)
    ended = lost + won
    share = percent_text(lost / ended, digits=1) if ended else "–"
    top = lines[0].reason or _("Without a reason") if lines else "–"
    note = _("of %(count)s deals that ended won or lost") % {"count": number_text(ended)}
    return [
        Stat(_("Lost"), number_text(lost), url="#rows" if lost else ""),
        Stat(_("Won"), number_text(won)),
        Stat(_("Share lost"), share, note=note if ended else ""),
        Stat(_("Most frequent reason"), top),
    ]


def _with(params: QueryDict, **changed: Any) -> str:
    """Return the page's address with the filters of this request and what is changed, from the first page on."""
    kept = {
        name: params[name]
        for name in ("first", "last", "program", "partner", "role", "reason")
        if params.get(name)
    }
    query = QueryDict(mutable=True)
    query.update({name: value for name, value in (kept | changed).items() if value})
    return f"{reverse('referrals:report-losses')}?{query.urlencode()}#rows"
