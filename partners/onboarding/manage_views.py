"""The vendor's pages over all partners: funnel, who stands still, what waits for approval."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from partners.onboarding import funnel, rules
from partners.onboarding.funnel import FIGURES, Asked
from partners.onboarding.manage_head import onboarding_tabs, reader_language
from partners.onboarding.models import Step, Track
from partners.onboarding.selectors import step_title, waiting_steps
from partners.onboarding.stuck import open_runs, stuck_rows, stuck_runs
from partners.onboarding.tables import ApplicationRows, VisitRows, WaitingTable
from partners.programs.models import Program
from partners.programs.texts import said
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.web.filters import FilterBar, select_from
from prm.web.formats import number_text, percent_text
from prm.web.htmx import render_part
from prm.web.paging import keyset_page
from prm.web.parts import Tab

NO_SOURCE = "-"
PROGRAMS_SHOWN = 50


@require_safe
@needs(Capability.SEE_PARTNERS)
def overview(request: MemberRequest) -> HttpResponse:
    """Show the way from page view to first referral, the steps of a track, and what has to be done."""
    asked, bar = _asked(request)
    now = timezone.now()
    tracks = _tracks(asked)
    track = next((row for row in tracks if str(row.id) == request.GET.get("track")), None)
    track = track or (tracks[0] if tracks else None)
    query = _query(request)
    context = {
        "bar": bar,
        "asked": asked,
        "steps": [
            (
                step,
                number_text(step.count),
                _share_text(step.share),
                reverse("partners:onboarding-figure", kwargs={"figure": step.name}) + query,
            )
            for step in funnel.funnel(asked)
        ],
        "track": track,
        "track_name": said(track.name, reader_language()) if track else "",
        "track_tabs": _track_tabs(request, tracks, track),
        "track_steps": funnel.step_figures(
            track, since=asked.since, now=now, language=reader_language()
        )
        if track
        else [],
        "tabs": onboarding_tabs("overview"),
        "may_build": request.member.may(Capability.EDIT_PROGRAMS),
        "period": request.GET.get("period", ""),
    }
    return render_part(request, "partners/onboarding/overview.html", context)


def _share_text(share: float | None) -> str:
    """Return a share of the funnel; below one in a hundred with a decimal, so that a few do not read as none."""
    if share is None:
        return "–"
    return percent_text(share, digits=1 if share < 0.01 else 0)


@require_safe
@needs(Capability.SEE_PARTNERS)
def figure(request: MemberRequest, figure: str) -> HttpResponse:
    """List the rows that one number of the funnel counts."""
    if figure not in FIGURES:
        raise Http404
    asked, bar = _asked(request, figure)
    known, rows = FIGURES[figure], funnel.rows_of(figure, asked)
    if known.where is None:
        page = keyset_page(
            rows.select_related("program"),
            params=request.GET,
            orders={"day": ("day",)},
            default="-day",
            bound=None,
        )
        for row in page.rows:
            row.count = row.views if figure == "views" else row.starts
        table: Any = VisitRows(page.rows, page=page)
    else:
        page = keyset_page(
            rows.select_related("partner", "program"),
            params=request.GET,
            orders={"submitted": ("submitted_at",)},
            default="-submitted",
            bound=None,
        )
        table = ApplicationRows(page.rows, page=page)
    total = next(step.count for step in funnel.funnel(asked) if step.name == figure)
    context = {
        "figure": known,
        "bar": bar,
        "page": page,
        "table": table,
        "total": number_text(total),
        "back": reverse("partners:onboarding-overview") + _query(request),
    }
    return render_part(request, "partners/onboarding/figure.html", context)


def _asked(request: MemberRequest, figure: str = "") -> tuple[Asked, FilterBar]:
    """Return what the address asks for and the filter line that shows it."""
    programs = [
        (str(key), name)
        for key, name in Program.objects.order_by("name", "id").values_list("id", "name")[
            :PROGRAMS_SHOWN
        ]
    ]
    period = select_from(
        request.GET,
        "period",
        _("Period"),
        [
            ("30", _("Last 30 days")),
            ("365", _("Last 12 months")),
            ("all", _("All time")),
        ],
        any_label=_("Last 90 days"),
    )
    program = select_from(request.GET, "program", _("Program"), programs, any_label=_("All"))
    tenant, today = request.tenant, timezone.localdate()
    days = None if period.value == "all" else funnel.PERIODS[period.value or funnel.DEFAULT_PERIOD]
    program_id = UUID(program.value) if program.value else None
    every = Asked(tenant, today, days, program_id)
    source = select_from(
        request.GET,
        "source",
        _("Source"),
        [(name, name) for name in funnel.sources_of(every)] + [(NO_SOURCE, _("No source"))],
        any_label=_("All"),
    )
    selects = [period, *([program] if len(programs) > 1 else []), source]
    chosen = {"": None, NO_SOURCE: ""}.get(source.value, source.value)
    where = (
        reverse("partners:onboarding-figure", kwargs={"figure": figure})
        if figure
        else reverse("partners:onboarding-overview")
    )
    bar = FilterBar(
        where, _("Filter the figures"), request.GET, selects=selects, keep=("sort", "track")
    )
    return Asked(tenant, today, days, program_id, chosen), bar


def _tracks(asked: Asked) -> list[Track]:
    found = Track.objects.filter(published_at__isnull=False).select_related("program")
    if asked.program_id:
        found = found.filter(program_id=asked.program_id)
    return sorted(
        found[:PROGRAMS_SHOWN],
        key=lambda row: (row.archived_at is not None, row.program.name, row.position, row.id),
    )


def _track_tabs(request: MemberRequest, tracks: list[Track], chosen: Track | None) -> list[Tab]:
    if len(tracks) < 2:
        return []
    tabs = []
    for track in tracks:
        query = request.GET.copy()
        query["track"] = str(track.id)
        label = f"{said(track.name, reader_language())} · {track.program.name}"
        tabs.append(Tab(label, f"?{query.urlencode()}", track == chosen))
    return tabs


def _query(request: MemberRequest) -> str:
    """Return the filters in force as a query string, without place and order of a list."""
    query = request.GET.copy()
    for name in ("after", "before", "sort", "track"):
        query.pop(name, None)
    return f"?{query.urlencode()}" if query else ""


@require_safe
@needs(Capability.SEE_PARTNERS)
def stuck(request: MemberRequest) -> HttpResponse:
    """List the partners on their way, longest still first, with the reasons."""
    at = timezone.now()
    here = reverse("partners:onboarding-stuck")
    programs = [
        (str(key), name)
        for key, name in Program.objects.order_by("name", "id").values_list("id", "name")[
            :PROGRAMS_SHOWN
        ]
    ]
    still = select_from(
        request.GET,
        "still",
        _("Nothing moved for"),
        [
            *(
                (
                    str(days),
                    ngettext("%(days)s day", "%(days)s days", days) % {"days": days},
                )
                for days in rules.STUCK_DAYS[1:]
            ),
            ("0", _("Everybody on the way")),
        ],
        any_label=ngettext("%(days)s day", "%(days)s days", rules.STUCK_DAYS[0])
        % {"days": rules.STUCK_DAYS[0]},
    )
    program = select_from(request.GET, "program", _("Program"), programs, any_label=_("All"))
    step = _step_asked(request)
    days = 0 if step and not still.value else int(still.value or rules.STUCK_DAYS[0])
    runs = stuck_runs(days=days, at=at) if days else open_runs()
    if program.value:
        runs = runs.filter(program_id=program.value)
    if step:
        runs = funnel.runs_standing_at(runs.filter(track_id=step.track_id), step.id, step.position)
        asked, _bar = _asked(request)
        if asked.since:
            runs = runs.filter(started_at__gte=asked.since)
    page = keyset_page(
        runs.select_related("partner", "program", "track"),
        params=request.GET,
        orders={"moved": ("moved_at",)},
        default="moved",
    )
    selects = [still, *([program] if len(programs) > 1 else [])]
    context = {
        "bar": FilterBar(
            here, _("Filter partners"), request.GET, selects=selects, keep=("step", "period")
        ),
        "page": page,
        "rows": stuck_rows(page.rows, at=at),
        "step": step,
        "step_title": step_title(step, reader_language()) if step else "",
        "tabs": onboarding_tabs("stuck"),
        "may_act": request.member.may(Capability.EDIT_PARTNERS),
        "may_build": request.member.may(Capability.EDIT_PROGRAMS),
        "here": request.get_full_path(),
    }
    return render_part(request, "partners/onboarding/stuck.html", context, say=page.shown_text)


def _step_asked(request: MemberRequest) -> Step | None:
    text = request.GET.get("step", "")
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        return None
    return Step.objects.select_related("course", "track").filter(id=int(text)).first()


@require_safe
@needs(Capability.SEE_PARTNERS)
def approvals(request: MemberRequest) -> HttpResponse:
    """List what partners handed in, oldest first."""
    page = keyset_page(
        waiting_steps(), params=request.GET, orders={"since": ("changed_at",)}, default="since"
    )
    context = {
        "page": page,
        "table": WaitingTable(page.rows, page=page),
        "tabs": onboarding_tabs("approvals"),
    }
    return render_part(request, "partners/onboarding/approvals.html", context, say=page.shown_text)
