"""The vetting queue: what the vendor's people read and decide."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partners.applications.admission import explained
from partners.applications.decide import (
    AT_ONCE,
    CannotDecide,
    DecidedMeanwhile,
    PartnerExists,
    Result,
    approve,
    approve_several,
    ask,
    decline,
    decline_several,
    newest_change,
    reopen,
)
from partners.applications.manage_forms import NEW, ApproveForm, AskForm, DeclineForm, ReopenForm
from partners.applications.models import Application, ApplicationChange, ApplicationState, Prospect
from partners.applications.queue import next_waiting, queue_asked_for
from partners.applications.selectors import UNDECIDED, admission_of
from partners.applications.similar import NOBODY, Likeness, likenesses, partners_like
from partners.applications.tables import STATE_TONES, ApplicationTable
from partners.directory.listed import language_name
from partners.directory.selectors import lookalikes
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.web.choices import country_name
from prm.web.htmx import redirect_to, render_part
from prm.web.parts import Entry

TONES = {"approved": "ok", "declined": "bad", "withdrawn": ""}
RULES = {
    "automatic": gettext_lazy("The program lets in everybody who answers its form."),
    "rules": gettext_lazy("All of the program's rules hold."),
    "invitation": gettext_lazy("You invited this company to apply."),
    "course": gettext_lazy("The course is passed."),
    "answer": gettext_lazy("An answer of the form declines at once."),
}

# What may be answered to an undecided application: the form, and the service that takes what it asks.
ANSWERS: dict[str, tuple[type[AskForm | DeclineForm], Callable[..., Application]]] = {
    "ask": (AskForm, ask),
    "decline": (DeclineForm, decline),
}


@require_safe
@needs(Capability.DECIDE_APPLICATIONS)
def application_list(request: MemberRequest) -> HttpResponse:
    """Show the queue of applications."""
    queue = queue_asked_for(request.GET, at=timezone.now())
    may_decide = queue.view in UNDECIDED
    context = {
        "queue": queue,
        "page": queue.page,
        "applications": ApplicationTable(
            queue.rows,
            page=queue.page,
            pick=may_decide,
            without=() if may_decide else ("due",),
        ),
        "may_decide": may_decide,
        "decisions": [
            ("do", "approve", _("Approve the selected")),
            ("do", "decline", _("Decline the selected")),
        ],
    }
    return render_part(
        request, "partners/applications/manage_list.html", context, say=queue.page.shown_text
    )


@require_POST
@needs(Capability.DECIDE_APPLICATIONS)
def application_decide(request: MemberRequest) -> HttpResponse:
    """Approve or decline the chosen applications: a page asks first, and tells what became of each row."""
    ids = _picked(request)
    do = request.POST.get("do", "")
    if not ids or do not in {"approve", "decline"}:
        messages.error(request, _("Choose applications first"))
        return redirect_to(request, reverse("partners:application-list"))
    form = DeclineForm(request.POST if request.POST.get("sure") else None)
    chosen = list(
        Application.objects.filter(id__in=ids, state__in=UNDECIDED)
        .select_related("program")
        .order_by("submitted_at", "id")
    )
    context = {"do": do, "chosen": chosen, "ids": ids, "form": form}
    if not request.POST.get("sure"):
        return render(request, "partners/applications/manage_several.html", context)
    if do == "decline" and not form.is_valid():
        return render(request, "partners/applications/manage_several.html", context, status=422)
    results = _decided_several(request, do, ids, form)
    done = sum(result.done for result in results)
    words = ngettext(
        "%(done)s of %(all)s application is decided.",
        "%(done)s of %(all)s applications are decided.",
        len(results),
    ) % {"done": done, "all": len(results)}
    return render(
        request,
        "partners/applications/manage_results.html",
        {"results": results, "words": words, "do": do},
    )


def _decided_several(
    request: MemberRequest, do: str, ids: list[UUID], form: DeclineForm
) -> list[Result]:
    if do == "approve":
        return approve_several(ids=ids, actor=request.member.actor, at=timezone.now())
    return decline_several(
        ids=ids,
        reason=form.cleaned_data["reason"],
        reapply_on=form.cleaned_data["reapply_on"],
        actor=request.member.actor,
        at=timezone.now(),
    )


@require_safe
@needs(Capability.DECIDE_APPLICATIONS)
def application_detail(request: MemberRequest, application_id: UUID) -> HttpResponse:
    """Show one application: answers, score, story, and what may be done."""
    return _detail(request, _application(application_id))


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.DECIDE_APPLICATIONS)
def application_approve(request: MemberRequest, application_id: UUID) -> HttpResponse:
    """Let an applicant in; a page asks into which partner when the company may be one already."""
    application = _application(application_id)
    if application.state not in UNDECIDED:
        return _detail(request, application, conflict=_first_words(application), status=409)
    partners = _candidates(application)
    posted = request.method == "POST"
    data = request.POST if posted and ("into" in request.POST or partners) else None
    form = ApproveForm(
        data,
        partners=partners,
        company=application.company or application.name,
        initial={"seen": _newest_id(application), "into": str(partners[0].id) if partners else NEW},
    )
    if posted and (data is None or form.is_valid()):
        into = form.cleaned_data["into"] if data is not None else NEW
        try:
            approve(
                application_id=application.id,
                into_partner_id=None if into == NEW else UUID(into),
                as_new=into == NEW and data is not None,
                seen=_seen(request),
                actor=request.member.actor,
                at=timezone.now(),
            )
        except DecidedMeanwhile as first:
            return _conflict(request, application, str(first))
        except PartnerExists as exists:
            form = ApproveForm(
                {"into": "", "seen": _newest_id(application)},
                partners=list(exists.partners) or partners,
                company=application.company,
            )
            form.is_valid()
            form.add_error("into", str(exists))
        except CannotDecide as problem:
            form.add_error(None, str(problem)) if data is not None else messages.error(
                request, str(problem)
            )
            if data is None:
                return _detail(request, application, conflict=str(problem), status=409)
        else:
            return _onward(request, application, _("%(company)s is a partner now."))
    context = {"form": form, "application": application}
    return render(
        request,
        "partners/applications/manage_approve.html",
        context,
        status=422 if form.errors else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.DECIDE_APPLICATIONS)
def application_ask(request: MemberRequest, application_id: UUID) -> HttpResponse:
    """Ask the applicant for information."""
    done = _("Your question to %(company)s is on its way.")
    return _answered(request, application_id, "ask", done)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.DECIDE_APPLICATIONS)
def application_decline(request: MemberRequest, application_id: UUID) -> HttpResponse:
    """Decline an application with the reason that the applicant reads."""
    return _answered(request, application_id, "decline", _("%(company)s is declined."))


def _answered(request: MemberRequest, application_id: UUID, what: str, done: str) -> HttpResponse:
    """Show the form of an answer to an undecided application; give the answer, say `done`, and lead to the next."""
    form_class, answer = ANSWERS[what]
    application = _application(application_id)
    if application.state not in UNDECIDED:
        return _detail(request, application, conflict=_first_words(application), status=409)
    form = form_class(request.POST or None, initial={"seen": _newest_id(application)})
    if form.is_bound and form.is_valid():
        given = {**form.cleaned_data, "actor": request.member.actor, "at": timezone.now()}
        try:
            answer(application_id=application.id, **given)
        except DecidedMeanwhile as first:
            return _conflict(request, application, str(first))
        except CannotDecide as problem:
            form.add_error(None, str(problem))
        else:
            return _onward(request, application, done)
    return _form_page(request, application, form, what)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.DECIDE_APPLICATIONS)
def application_reopen(request: MemberRequest, application_id: UUID) -> HttpResponse:
    """Take a decline back."""
    application = _application(application_id)
    if application.state != ApplicationState.DECLINED and request.method != "POST":
        return redirect_to(request, _detail_url(application))
    if application.state != ApplicationState.DECLINED:
        return _detail(request, application, conflict=_first_words(application), status=409)
    form = ReopenForm(request.POST or None)
    if form.is_bound and form.is_valid():
        try:
            reopen(
                application_id=application.id,
                reason=form.cleaned_data["reason"],
                actor=request.member.actor,
                at=timezone.now(),
            )
        except CannotDecide as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, _("The application is in the queue again."))
            return redirect_to(request, _detail_url(application))
    return _form_page(request, application, form, "reopen")


def _form_page(
    request: MemberRequest, application: Application, form: Any, what: str
) -> HttpResponse:
    return render(
        request,
        "partners/applications/manage_decide.html",
        {"form": form, "application": application, "what": what},
        status=422 if form.errors else 200,
    )


def _detail(
    request: MemberRequest, application: Application, *, conflict: str = "", status: int = 200
) -> HttpResponse:
    newest = newest_change(application.id)
    undecided = application.state in UNDECIDED
    alike = _others(likenesses([application]).get(application.id, NOBODY), application)
    same = {one.row.id for one in alike.partners}
    admission = admission_of(application.program_id)
    prospect = (
        Prospect.objects.filter(id=application.prospect_id).first()
        if application.prospect_id
        else None
    )
    context = {
        "application": application,
        "tone": STATE_TONES.get(application.state, ""),
        "facts": _facts(application),
        "alike": alike,
        "near": [
            partner
            for partner in lookalikes(name=application.company, website=application.website)
            if partner.id not in same
        ]
        if undecided
        else [],
        "entries": _story(application),
        "seen": newest.id if newest else "",
        "verdict": explained(application, admission) if undecided else None,
        "mode": admission.get_mode_display(),
        "rule": RULES.get(application.decided_rule, ""),
        "prospect": prospect,
        "undecided": undecided,
        "may_ask": undecided and application.state != ApplicationState.COURSE,
        "may_reopen": application.state == ApplicationState.DECLINED,
        "is_late": bool(application.due_at and application.due_at < timezone.now()),
        "asks_partner": bool(undecided and (alike.partners or same)),
        "conflict": conflict,
    }
    return render(request, "partners/applications/manage_detail.html", context, status=status)


def _others(alike: Likeness, application: Application) -> Likeness:
    """Leave out the partner that the application itself became."""
    kept = [one for one in alike.partners if one.row.id != application.partner_id]
    return replace(alike, partners=tuple(kept))


def _conflict(request: MemberRequest, application: Application, words: str) -> HttpResponse:
    """Show the application as it stands now, and that nothing was changed; 409."""
    return _detail(request, _application(application.id), conflict=words, status=409)


def _first_words(application: Application) -> str:
    newest = newest_change(application.id)
    return _("%(who)s was first: it is now in state “%(state)s”") % {
        "who": _who(newest) if newest else _("Somebody"),
        "state": application.get_state_display(),
    }


def _onward(request: MemberRequest, application: Application, words: str) -> HttpResponse:
    """Say what was done, and go to the application that waits longest, or back to the empty queue."""
    messages.success(request, words % {"company": application.company or application.name})
    following = next_waiting(application) if request.POST.get("then") == "next" else None
    if following:
        return redirect_to(
            request, reverse("partners:application-detail", kwargs={"application_id": following})
        )
    return redirect_to(request, reverse("partners:application-list"))


def _candidates(application: Application) -> list[Any]:
    """Return the partners that the company may be: same domain or name first, then those that begin alike."""
    sure = partners_like(application)
    known = {partner.id for partner in sure}
    near = lookalikes(name=application.company, website=application.website)
    return sure + [partner for partner in near if partner.id not in known] if sure else near


def _facts(application: Application) -> list[tuple[str, Any]]:
    rows = [
        (_("Program"), application.program.name),
        (_("Person"), application.name),
        (_("Email"), application.email),
        (_("Website"), application.website),
        (_("Country"), country_name(application.country) if application.country else ""),
        (_("Type"), application.get_type_display()),
        (_("Language"), language_name(application.language) if application.language else ""),
        (_("Source"), application.source or _("Direct")),
        (_("Campaign"), application.campaign),
        (_("Medium"), application.medium),
    ]
    return [(term, value) for term, value in rows if value]


def _story(application: Application) -> list[Entry]:
    changes = ApplicationChange.objects.filter(application_id=application.id).order_by("-id")
    return [
        Entry(
            text=_sentence(change),
            at=change.at,
            who=_who(change),
            note=change.text,
            tone=TONES.get(change.to_state, ""),
            icon="flag",
        )
        for change in changes[:100]
    ]


def _who(change: ApplicationChange) -> str:
    return {"Applicant": _("The applicant"), "Rule": _("A rule"), "": _("The system")}.get(
        change.who, change.who
    )


def _sentence(change: ApplicationChange) -> str:
    if change.from_state == change.to_state:
        return _("Left to a person")
    if change.from_state == ApplicationState.DECLINED:
        return _("Opened again")
    if change.from_state == ApplicationState.INFO_ASKED and (
        change.to_state == ApplicationState.SUBMITTED
    ):
        return _("Answered")
    return {
        "submitted": _("Sent"),
        "course": _("Sent; the course decides"),
        "info_asked": _("Asked for information"),
        "approved": _("Approved"),
        "declined": _("Declined"),
        "withdrawn": _("Withdrawn"),
    }.get(change.to_state, change.to_state)


def _application(application_id: UUID) -> Application:
    return get_object_or_404(
        Application.objects.exclude(state=ApplicationState.DRAFT).select_related(
            "program", "partner", "decided_by"
        ),
        id=application_id,
    )


def _detail_url(application: Application) -> str:
    return reverse("partners:application-detail", kwargs={"application_id": application.id})


def _newest_id(application: Application) -> int | None:
    newest = newest_change(application.id)
    return newest.id if newest else None


def _seen(request: MemberRequest) -> int | None:
    seen = request.POST.get("seen", "")
    return int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 19 else None


def _picked(request: MemberRequest) -> list[UUID]:
    found = []
    for text in request.POST.getlist("pick")[:AT_ONCE]:
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found
