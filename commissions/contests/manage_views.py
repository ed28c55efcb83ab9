"""Contests as the vendor keeps them."""

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from commissions.contests.forms import FIELDS_LACKING, ContestForm, ReasonForm
from commissions.contests.models import Contest
from commissions.contests.pages import contest_page, contest_rows
from commissions.contests.selectors import lacking_of, prizes_of
from commissions.contests.services import (
    AlreadyPublished,
    ContestIncomplete,
    ContestIsOver,
    NotOver,
    cancel_contest,
    change_published,
    discard_contest,
    draft_contest,
    publish_contest,
    settle_contest,
    terms_of,
)
from commissions.contests.wording import lacking_text, place_text, prize_text, span_text
from commissions.tiers.models import Tier
from partners.programs.models import Program
from prm.accounts.acting import acting
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.web.confirm import Question, asked_first
from prm.web.paging import keyset_page


@require_safe
@needs(Capability.SEE_PROGRAMS)
def contest_list(request: MemberRequest) -> HttpResponse:
    """List the contests of all programs, the newest first."""
    page = keyset_page(
        Contest.objects.select_related("program"),
        params=request.GET,
        orders={"starts": ("starts_at",)},
        default="-starts",
    )
    context = {
        "rows": contest_rows(page.rows, now=timezone.now(), zone=_zone(request)),
        "page": page,
        "may_edit": request.member.may(Capability.EDIT_PROGRAMS),
    }
    return render(request, "commissions/contests/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.EDIT_PROGRAMS)
def contest_new(request: MemberRequest) -> HttpResponse:
    """Draft a contest, in a program that is chosen first where there are several."""
    programs = list(Program.objects.order_by("name", "id"))
    chosen = request.GET.get("program", "")
    program = next((row for row in programs if str(row.id) == chosen), None)
    if program is None and len(programs) == 1:
        program = programs[0]
    if program is None:
        return render(request, "commissions/contests/choose.html", {"programs": programs})
    form = _form(request, program)
    if form.is_bound and form.is_valid():
        contest = draft_contest(program_id=program.id, terms=form.terms, **acting(request))
        messages.success(request, _("Draft saved. Partners see it once you publish it."))
        return redirect("commissions:contest-detail", contest_id=contest.id)
    return _form_page(request, form, program=program)


@require_safe
@needs(Capability.SEE_PROGRAMS)
def contest_detail(request: MemberRequest, contest_id: UUID) -> HttpResponse:
    """Show a contest, its standings with names, and what it brought."""
    contest = _contest(contest_id)
    context = {
        "page": contest_page(contest, request.member, now=timezone.now(), zone=_zone(request)),
        "may_edit": request.member.may(Capability.EDIT_PROGRAMS),
        "may_settle": request.member.may(Capability.APPROVE_PAYOUTS),
    }
    return render(request, "commissions/contests/detail.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.EDIT_PROGRAMS)
def contest_edit(request: MemberRequest, contest_id: UUID) -> HttpResponse:
    """Change a draft, or what is published as a new version that partners are told of."""
    contest = _contest(contest_id)
    form = _form(request, contest.program, contest)
    if form.is_bound and form.is_valid():
        try:
            if contest.published_at:
                change_published(
                    contest_id=contest.id,
                    terms=form.terms,
                    reason=form.cleaned_data["reason"],
                    **acting(request),
                )
                messages.success(request, _("Changed, and told to every partner of the program"))
            else:
                draft_contest(
                    program_id=contest.program_id,
                    terms=form.terms,
                    contest_id=contest.id,
                    **acting(request),
                )
                messages.success(request, _("Draft saved"))
        except ContestIncomplete as lacking:
            form.add_error(FIELDS_LACKING[lacking.why], lacking_text(lacking.why))
            return _form_page(request, form, program=contest.program, contest=contest)
        except (ContestIsOver, AlreadyPublished):
            messages.error(request, _("The contest is over, or somebody published it meanwhile."))
        return redirect("commissions:contest-detail", contest_id=contest.id)
    return _form_page(request, form, program=contest.program, contest=contest)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.EDIT_PROGRAMS)
def contest_publish(request: MemberRequest, contest_id: UUID) -> HttpResponse:
    """Announce a contest, once asked whether it is meant."""
    contest = _contest(contest_id)
    back = reverse("commissions:contest-detail", kwargs={"contest_id": contest.id})
    if contest.published_at is None and lacking_of(contest, timezone.now()):
        # The draft's page says what stops it, and leads to the field.
        return redirect(back)
    question = Question(
        heading=_("Publish %(title)s") % {"title": contest.title},
        points=[
            _("Every partner of the program is told."),
            _(
                "The conditions freeze: a later change is a new version with its reason, told again."
            ),
        ],
        submit=_("Publish contest"),
        back_url=back,
        crumbs=[(contest.title, back)],
        facts=[
            (_("When"), span_text(contest, _zone(request))),
            (_("Who competes"), contest.get_competes_display()),
            *(
                (place_text(prize.rank), prize_text(prize, contest.currency))
                for prize in prizes_of(contest.id).values()
            ),
        ],
        danger=False,
    )
    if page := asked_first(request, question):
        return page
    try:
        publish_contest(contest_id=contest.id, **acting(request))
    except ContestIncomplete:
        return redirect(back)
    except ContestIsOver:
        messages.error(request, _("It was called off."))
    else:
        messages.success(request, _("Published and announced"))
    return redirect(back)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.EDIT_PROGRAMS)
def contest_cancel(request: MemberRequest, contest_id: UUID) -> HttpResponse:
    """Call a published contest off, with a reason for the partners."""
    contest = _contest(contest_id)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            cancel_contest(
                contest_id=contest.id, reason=form.cleaned_data["reason"], **acting(request)
            )
        except ContestIsOver:
            messages.error(request, _("Its prizes are given already."))
        else:
            messages.success(request, _("Called off, and told to every partner of the program"))
        return redirect("commissions:contest-detail", contest_id=contest.id)
    status = 422 if form.is_bound else 200
    context = {"form": form, "contest": contest}
    return render(request, "commissions/contests/cancel.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.EDIT_PROGRAMS)
def contest_discard(request: MemberRequest, contest_id: UUID) -> HttpResponse:
    """Throw a draft away, once asked whether it is meant."""
    contest = _contest(contest_id)
    back = reverse("commissions:contest-list")
    question = Question(
        heading=_("Discard %(title)s") % {"title": contest.title},
        points=[_("The draft disappears. No partner has seen it.")],
        submit=_("Discard draft"),
        back_url=reverse("commissions:contest-detail", kwargs={"contest_id": contest.id}),
        crumbs=[(_("Contests"), back)],
    )
    if page := asked_first(request, question):
        return page
    try:
        discard_contest(contest_id=contest.id, **acting(request))
    except AlreadyPublished:
        messages.error(request, _("It is published. Call it off instead."))
    else:
        messages.success(request, _("Draft discarded"))
    return redirect(back)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.APPROVE_PAYOUTS)
def contest_settle(request: MemberRequest, contest_id: UUID) -> HttpResponse:
    """Freeze the places and give the prizes, once asked whether it is meant."""
    contest = _contest(contest_id)
    back = reverse("commissions:contest-detail", kwargs={"contest_id": contest.id})
    page = contest_page(contest, request.member, now=timezone.now(), zone=_zone(request))
    winning = [line for line in page.lines if line.prize]
    question = Question(
        heading=_("Give the prizes of %(title)s") % {"title": contest.title},
        points=[
            _("The places freeze as they are now."),
            ngettext(
                "%(n)s prize; money is booked as ready for payout.",
                "%(n)s prizes; money is booked as ready for payout.",
                len(winning),
            )
            % {"n": len(winning)},
        ],
        facts=[(f"{place_text(line.rank)}: {line.name}", line.prize) for line in winning],
        submit=_("Give prizes"),
        back_url=back,
        crumbs=[(contest.title, back)],
        danger=False,
    )
    if asking := asked_first(request, question):
        return asking
    try:
        settle_contest(contest_id=contest.id, **acting(request))
    except NotOver:
        messages.error(request, _("It is not over, or its days of checking are not."))
    except ContestIsOver:
        messages.error(request, _("It is a draft, or it was called off."))
    else:
        messages.success(request, _("Prizes given"))
    return redirect(back)


def _form(request: MemberRequest, program: Program, contest: Contest | None = None) -> ContestForm:
    tiers = Tier.objects.filter(program_id=program.id).order_by("position")
    return ContestForm(
        request.POST if request.method == "POST" else None,
        currency=program.currency,
        tiers=list(tiers.values_list("name", flat=True)),
        zone=_zone(request),
        terms=terms_of(contest) if contest else None,
        asks_reason=bool(contest and contest.published_at),
    )


def _form_page(request: MemberRequest, form: ContestForm, **context: Any) -> HttpResponse:
    status = 422 if form.is_bound and form.errors else 200
    return render(
        request, "commissions/contests/form.html", {"form": form, **context}, status=status
    )


def _contest(contest_id: UUID) -> Contest:
    return get_object_or_404(Contest.objects.select_related("program"), id=contest_id)


def _zone(request: MemberRequest) -> ZoneInfo:
    return ZoneInfo(request.tenant.time_zone)
