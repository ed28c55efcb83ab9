"""The vendor's pages: funnel, who stands still, what waits for approval, one partner's run, rewards."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partners.onboarding import funnel, rules
from partners.onboarding.forms import CallForm, FulfilForm, ReplyForm
from partners.onboarding.funnel import FIGURES, Asked
from partners.onboarding.models import Entitlement, Run, Step, StepDone, StepKind, Track
from partners.onboarding.selectors import (
    entitlement_words,
    run_view,
    step_title,
    waiting_steps,
)
from partners.onboarding.services import (
    NudgedLately,
    StepClosed,
    approve_step,
    fulfil,
    note_call,
    nudge,
    return_step,
    skip_step,
)
from partners.onboarding.stuck import open_runs, stuck_rows, stuck_runs
from partners.onboarding.tables import ApplicationRows, EntitlementTable, VisitRows, WaitingTable
from partners.programs.models import Program
from partners.programs.texts import rendered, said
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.audit.selectors import history_of
from prm.events.services import Actor
from prm.uploads.responses import is_ready, send
from prm.web.counts import bounded_counts, count_text
from prm.web.filters import FilterBar, select_from
from prm.web.formats import number_text, percent_text
from prm.web.htmx import hx_redirect, render_part
from prm.web.paging import keyset_page
from prm.web.parts import Tab

NO_SOURCE = "-"
PROGRAMS_SHOWN = 50


# ---------------------------------------------------------------- funnel


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
        "track_name": said(track.name, _language()) if track else "",
        "track_tabs": _track_tabs(request, tracks, track),
        "track_steps": funnel.step_figures(track, since=asked.since, now=now, language=_language())
        if track
        else [],
        "tabs": _tabs("overview"),
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
        label = f"{said(track.name, _language())} · {track.program.name}"
        tabs.append(Tab(label, f"?{query.urlencode()}", track == chosen))
    return tabs


def _query(request: MemberRequest) -> str:
    """Return the filters in force as a query string, without place and order of a list."""
    query = request.GET.copy()
    for name in ("after", "before", "sort", "track"):
        query.pop(name, None)
    return f"?{query.urlencode()}" if query else ""


# ---------------------------------------------------------------- who stands still


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
        "step_title": step_title(step, _language()) if step else "",
        "tabs": _tabs("stuck"),
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
        "tabs": _tabs("approvals"),
    }
    return render_part(request, "partners/onboarding/approvals.html", context, say=page.shown_text)


def _tabs(current: str) -> list[Tab]:
    at = timezone.now()
    counts = bounded_counts(
        {
            "stuck": stuck_runs(days=rules.STUCK_DAYS[0], at=at),
            "approvals": waiting_steps().select_related(None),
            "rewards": Entitlement.objects.filter(fulfilled_at=None),
        }
    )
    return [
        Tab(_("Funnel"), reverse("partners:onboarding-overview"), current == "overview"),
        Tab(
            _("Standing still"),
            reverse("partners:onboarding-stuck"),
            current == "stuck",
            count_text(counts["stuck"]),
        ),
        Tab(
            _("To approve"),
            reverse("partners:onboarding-approvals"),
            current == "approvals",
            count_text(counts["approvals"]),
            hot=bool(counts["approvals"]),
        ),
        Tab(
            _("Rewards"),
            reverse("partners:entitlement-list"),
            current == "rewards",
            count_text(counts["rewards"]),
        ),
    ]


# ---------------------------------------------------------------- one step, one run


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.EDIT_PARTNERS)
def review(request: MemberRequest, done_id: int) -> HttpResponse:
    """Look at what a partner handed in; approve it, send it back with words, or let the partner skip it."""
    done = _done(done_id)
    doing = request.POST.get("do")
    form = ReplyForm(request.POST if doing == "return" else None)
    if request.method == "POST":
        try:
            if _decided(request, done, doing or "", form):
                following = waiting_steps().order_by("changed_at", "id").first()
                if following and request.POST.get("from") == "queue":
                    return hx_redirect(request, "partners:onboarding-review", done_id=following.id)
                return hx_redirect(request, "partners:onboarding-run", run_id=done.run_id)
        except StepClosed:
            messages.error(request, _("Somebody else has decided this step already."))
            return hx_redirect(request, "partners:onboarding-run", run_id=done.run_id)
    language = _language()
    context = {
        "done": done,
        "run": done.run,
        "title": step_title(done.step, language),
        "body": rendered(said(done.step.body, language)) if done.step.body else "",
        "form": form,
        "file_ready": bool(done.file and is_ready(done.file)),
        "can_approve": done.state == "waiting"
        or (done.step.kind == StepKind.APPROVAL and done.state in {"open", "rework"}),
        "can_skip": done.state in {"open", "waiting", "rework"},
    }
    return render(
        request,
        "partners/onboarding/review.html",
        context,
        status=422 if form.errors else 200,
    )


def _decided(request: MemberRequest, done: StepDone, doing: str, form: ReplyForm) -> bool:
    """Do what was pressed; False when the form has to be shown again."""
    actor, at = _actor(request), timezone.now()
    if doing == "approve":
        approve_step(done_id=done.id, actor=actor, at=at)
        messages.success(request, _("Approved. The partner is told."))
    elif doing == "skip":
        skip_step(done_id=done.id, actor=actor, at=at, for_partner=True)
        messages.success(request, _("The step is skipped for this partner."))
    elif doing == "return":
        if not form.is_valid():
            return False
        return_step(done_id=done.id, reply=form.cleaned_data["reply"], actor=actor, at=at)
        messages.success(request, _("Sent back. The partner reads your words."))
    return True


@require_safe
@needs(Capability.SEE_PARTNERS)
def review_file(request: MemberRequest, done_id: int) -> HttpResponse:
    """Give staff the file of a step."""
    done = _done(done_id)
    if done.file is None:
        raise Http404
    return send(done.file, inline_ok=False, request=request)


@require_safe
@needs(Capability.SEE_PARTNERS)
def run(request: MemberRequest, run_id: UUID) -> HttpResponse:
    """Show one partner's way."""
    return _run_page(request, _run(run_id), CallForm(None))


@require_POST
@needs(Capability.EDIT_PARTNERS)
def run_call(request: MemberRequest, run_id: UUID) -> HttpResponse:
    """Note what was said in a call."""
    found, form = _run(run_id), CallForm(request.POST)
    if not form.is_valid():
        return _run_page(request, found, form)
    note_call(
        run_id=found.id,
        text=form.cleaned_data["text"],
        actor=_actor(request),
        at=timezone.now(),
    )
    messages.success(request, _("The call is noted."))
    return hx_redirect(request, "partners:onboarding-run", run_id=found.id)


def _run(run_id: UUID) -> Run:
    return get_object_or_404(Run.objects.select_related("partner", "program", "track"), id=run_id)


def _run_page(request: MemberRequest, found: Run, form: CallForm) -> HttpResponse:
    at = timezone.now()
    context = {
        "run": found,
        "view": run_view(found, at=at),
        "row": stuck_rows([found], at=at)[0],
        "form": form,
        "history": history_of(f"onboarding:{found.id}", limit=20),
        "may_act": request.member.may(Capability.EDIT_PARTNERS),
        "may_build": request.member.may(Capability.EDIT_PROGRAMS),
    }
    return render(
        request, "partners/onboarding/run.html", context, status=422 if form.errors else 200
    )


@require_POST
@needs(Capability.EDIT_PARTNERS)
def run_nudge(request: MemberRequest, run_id: UUID) -> HttpResponse:
    """Remind a partner by mail, at most once in seven days."""
    found = get_object_or_404(Run, id=run_id)
    try:
        nudge(run_id=found.id, actor=_actor(request), at=timezone.now())
    except NudgedLately:
        messages.error(request, _("This partner was reminded less than seven days ago."))
    except StepClosed:
        messages.error(request, _("This partner has nothing left to do."))
    else:
        messages.success(request, _("The reminder is on its way."))
    if request.POST.get("back") == "list":
        return hx_redirect(request, "partners:onboarding-stuck")
    return hx_redirect(request, "partners:onboarding-run", run_id=found.id)


# ---------------------------------------------------------------- rewards


@require_safe
@needs(Capability.SEE_PARTNERS)
def entitlements(request: MemberRequest) -> HttpResponse:
    """List what partners have earned beside commissions."""
    state = select_from(
        request.GET,
        "state",
        _("State"),
        [("given", _("Given")), ("all", _("All"))],
        any_label=_("To give"),
    )
    rows = Entitlement.objects.select_related("partner", "program")
    if state.value != "all":
        rows = rows.filter(fulfilled_at__isnull=state.value != "given")
    page = keyset_page(
        rows, params=request.GET, orders={"earned": ("earned_at",)}, default="-earned"
    )
    for row in page.rows:
        row.words = entitlement_words(row, _language())
    context = {
        "page": page,
        "table": EntitlementTable(page.rows, page=page),
        "bar": FilterBar(
            reverse("partners:entitlement-list"), _("Filter rewards"), request.GET, selects=[state]
        ),
        "tabs": _tabs("rewards"),
    }
    return render_part(
        request, "partners/onboarding/entitlements.html", context, say=page.shown_text
    )


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.EDIT_PARTNERS)
def entitlement(request: MemberRequest, entitlement_id: UUID) -> HttpResponse:
    """Show one reward, and note how it was given."""
    row = get_object_or_404(
        Entitlement.objects.select_related("partner", "program", "fulfilled_by"),
        id=entitlement_id,
    )
    form = FulfilForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        fulfil(
            entitlement_id=row.id,
            text=form.cleaned_data["text"],
            actor=_actor(request),
            at=timezone.now(),
        )
        messages.success(request, _("Noted. The partner sees it as given."))
        return hx_redirect(request, "partners:entitlement-list")
    context = {"row": row, "words": entitlement_words(row, _language()), "form": form}
    return render(
        request,
        "partners/onboarding/entitlement.html",
        context,
        status=422 if form.is_bound else 200,
    )


def _done(done_id: int) -> StepDone:
    return get_object_or_404(
        StepDone.objects.select_related(
            "step", "step__course", "file", "done_by", "run__partner", "run__program", "run__track"
        ),
        id=done_id,
    )


def _language() -> str:
    return get_language() or "en"


def _actor(request: MemberRequest) -> Actor:
    return Actor(user_id=request.member.user_id, name=request.member.name)
