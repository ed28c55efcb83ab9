"""Pages for visitors and applicants: a program's public page, the form in two screens, the applicant's own page."""

from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID, uuid4

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partners.applications.forms import ContactForm, QuestionsForm, ReplyForm, contact_initial
from partners.applications.links import (
    BadLink,
    draft_ticket,
    drafted,
    ended,
    ending_ticket,
    invited,
)
from partners.applications.models import AdmissionMode, Application, Prospect
from partners.applications.offer import offer_of, public_agreement
from partners.applications.progress import own_page
from partners.applications.rules import tidy_source
from partners.applications.selectors import (
    PublicProgram,
    application_of,
    is_expired,
    live_draft,
    public_program,
    public_programs,
    typed_values,
)
from partners.applications.services import (
    DraftGone,
    MovedOn,
    NotTaken,
    Origin,
    answer_question,
    save_answers,
    save_draft,
    submit_application,
    withdraw,
)
from partners.applications.visits import count_visit, is_person
from partners.programs.texts import said
from prm.accounts.guards import public
from prm.web.htmx import redirect_to
from prm.web.limits import is_within
from prm.web.parts import Stage

# In an hour from one address of the net; a form takes two or three.
FORMS_AN_HOUR, LINKS_AN_HOUR = 60, 120
HOUR = 3600
RETRY_SECONDS = "600"


@require_safe
@public("anybody may read which programs there are")
def join_list(request: HttpRequest) -> HttpResponse:
    """Show the programs that take applications."""
    at = timezone.now()
    rows = [(row, offer_of(row, at)) for row in public_programs()]
    return render(request, "partners/applications/public_list.html", {"rows": rows})


@require_safe
@public("anybody may read what a program offers before applying")
def join(request: HttpRequest, program: str) -> HttpResponse:
    """Show a program as it is now: what it pays, how long things take, what it asks."""
    found, at = _found(program), timezone.now()
    origin = _origin(request)
    context = {
        "offer": offer_of(found, at),
        "program": found.program,
        "apply_url": _with(request, reverse("partners:apply", kwargs={"program": program}), origin),
        "today": at,
    }
    response = render(request, "partners/applications/public.html", context)
    if is_person(request):
        count_visit(
            program_id=found.program.id, source=origin.source, campaign=origin.campaign, at=at
        )
    return response


@require_safe
@public("anybody may read the agreement before applying")
def join_agreement(request: HttpRequest, program: str) -> HttpResponse:
    """Show the agreement that partners of the program accept."""
    found = _found(program)
    agreement = public_agreement(found.program, timezone.now())
    if not agreement:
        raise Http404
    context = {"program": found.program, "agreement": agreement}
    return render(request, "partners/applications/public_agreement.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@public("anybody may apply")
def apply(request: HttpRequest, program: str) -> HttpResponse:
    """First screen: who applies. A valid form becomes a draft, and leads to the questions."""
    found, at = _found(program), timezone.now()
    draft, prospect = _draft_of(request, found, at), _prospect_of(request)
    if found.admission.mode == AdmissionMode.INVITATION and prospect is None and draft is None:
        return _closed(request, found, at)
    form = ContactForm(
        request.POST if request.method == "POST" else None, initial=_initial(draft, prospect)
    )
    if request.method == "POST":
        if not is_within(request, what="partner-apply", most=FORMS_AN_HOUR, seconds=HOUR):
            return _too_many(request)
        if request.POST.get("fax"):
            # Only a machine sees this field; it is told what people are told.
            return _to(request, "partners:apply-sent", program)
        if form.is_valid():
            try:
                saved = save_draft(
                    program_id=found.program.id,
                    contact=form.contact,
                    language=get_language() or "en",
                    origin=_origin(request),
                    form_key=_uuid(request.POST.get("form_key")),
                    application_id=draft.id if draft else None,
                    prospect_id=_invited_id(prospect, draft),
                    at=at,
                )
            except DraftGone:
                return _to(request, "partners:apply-sent", program)
            except NotTaken:
                return _closed(request, found, at)
            return _to(request, "partners:apply-questions", program, draft=draft_ticket(saved.id))
    context = {
        "form": form,
        "program": found.program,
        "offer": offer_of(found, at),
        "form_key": _uuid(request.POST.get("form_key")) or uuid4(),
        "stages": _screens(1),
    }
    response = render(
        request,
        "partners/applications/public_contact.html",
        context,
        status=422 if form.is_bound else 200,
    )
    if draft is None and is_person(request):
        origin = _origin(request)
        count_visit(
            program_id=found.program.id,
            source=origin.source,
            campaign=origin.campaign,
            at=at,
            starts=True,
        )
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@public("anybody may apply; the address carries the draft")
def apply_questions(request: HttpRequest, program: str) -> HttpResponse:
    """Second screen: the program's questions. Sends the application, or keeps it and mails the way back."""
    found, at = _found(program), timezone.now()
    if not request.GET.get("draft"):
        return _to(request, "partners:apply", program)
    draft = _draft_of(request, found, at)
    if draft is None:
        return render(request, "partners/applications/public_gone.html", _gone(found), status=410)
    if request.method != "POST":
        form = QuestionsForm(questions=found.admission.questions, typed=typed_values(draft))
        return _questions_page(request, found, draft, form)
    if not is_within(request, what="partner-apply", most=FORMS_AN_HOUR, seconds=HOUR):
        return _too_many(request)
    form = QuestionsForm(request.POST, questions=found.admission.questions)
    saves = request.POST.get("do") == "save"
    if saves or not form.is_valid():
        try:
            # What was typed outlives a closed browser, also when it is not right yet.
            save_answers(application_id=draft.id, typed=form.typed, at=at, mail=saves)
        except DraftGone:  # sent from another tab in this moment
            return _gone_page(request, found)
        if saves:
            return _to(request, "partners:apply-saved", program, draft=request.GET["draft"])
        return _questions_page(request, found, draft, form)
    return _send(request, program, draft, form, at)


def _send(
    request: HttpRequest, program: str, draft: Application, form: QuestionsForm, at: datetime
) -> HttpResponse:
    try:
        sent = submit_application(application_id=draft.id, answers=form.answers, at=at)
    except (DraftGone, NotTaken):
        return _to(request, "partners:apply-sent", program)
    if sent.question and sent.reapply_on:
        ticket = ending_ticket(sent.question, sent.reapply_on.isoformat())
        return _to(request, "partners:apply-sent", program, answer=ticket)
    return _to(request, "partners:apply-sent", program)


@require_safe
@public("what happens next, the same for everybody")
def apply_sent(request: HttpRequest, program: str) -> HttpResponse:
    """Say what happens next, or explain an answer that does not fit; names nobody and shows no row."""
    found = _found(program)
    context = {"program": found.program, "offer": offer_of(found, timezone.now())}
    if not request.GET.get("answer"):
        return render(request, "partners/applications/public_sent.html", context)
    try:
        ending = ended(request.GET["answer"])
    except BadLink:
        return _to(request, "partners:apply-sent", program)
    asked: dict[str, Any] = next(
        (row for row in found.admission.questions if row["key"] == ending.question), {}
    )
    context |= {
        "question": said(asked.get("label") or {}, get_language() or "en"),
        "words": said(asked.get("decline") or {}, get_language() or "en"),
        "reapply_on": date.fromisoformat(ending.reapply_on),
    }
    return render(request, "partners/applications/public_declined.html", context)


@require_safe
@public("the same for everybody whose browser holds a draft")
def apply_saved(request: HttpRequest, program: str) -> HttpResponse:
    """Say that the draft is kept and the way back was mailed."""
    found = _found(program)
    if not request.GET.get("draft"):
        return _to(request, "partners:apply", program)
    draft = _draft_of(request, found, timezone.now())
    if draft is None:
        return render(request, "partners/applications/public_gone.html", _gone(found), status=410)
    back = reverse("partners:apply-questions", kwargs={"program": program})
    context = {
        "program": found.program,
        "email": draft.email,
        "back_url": f"{back}?{urlencode({'draft': request.GET['draft']})}",
    }
    return render(request, "partners/applications/public_saved.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@public("the secret in the address is the applicant's own, sent by mail")
def application_status(request: HttpRequest, token: str) -> HttpResponse:
    """The applicant's own page: where the application stands, what happens next, an answer to what was asked."""
    application, at = _own(request, token), timezone.now()
    if application is None:
        return _too_many(request)
    if is_expired(application, at):
        found = public_program(application.program.slug)
        return render(request, "partners/applications/public_gone.html", _gone(found), status=410)
    if application.state == "draft":
        return _to(
            request,
            "partners:apply-questions",
            application.program.slug,
            draft=draft_ticket(application.id),
        )
    form = ReplyForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            answer_question(application_id=application.id, text=form.cleaned_data["answer"], at=at)
        except MovedOn:
            return _status_page(request, application, token, form, at, status=409)
        return redirect_to(request, request.path)
    return _status_page(request, application, token, form, at, status=422 if form.is_bound else 200)


@require_POST
@public("the secret in the address is the applicant's own, sent by mail")
def application_withdraw(request: HttpRequest, token: str) -> HttpResponse:
    """Take the application back, once the box is ticked."""
    application, at = _own(request, token), timezone.now()
    if application is None:
        return _too_many(request)
    if request.POST.get("sure") != "yes":
        return _status_page(request, application, token, ReplyForm(), at, status=422, unsure=True)
    try:
        withdraw(application_id=application.id, at=at)
    except MovedOn:
        return _status_page(request, application, token, ReplyForm(), at, status=409)
    return redirect_to(request, reverse("partners:application-status", kwargs={"token": token}))


def _status_page(
    request: HttpRequest,
    application: Application,
    token: str,
    form: ReplyForm,
    at: datetime,
    *,
    status: int,
    unsure: bool = False,
) -> HttpResponse:
    application.refresh_from_db()
    context = {
        "application": application,
        "program": application.program,
        "page": own_page(application, token=token, at=at),
        "form": form,
        "unsure": unsure,
        "token": token,
    }
    response = render(request, "partners/applications/public_status.html", context, status=status)
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _questions_page(
    request: HttpRequest, found: PublicProgram, draft: Application, form: QuestionsForm
) -> HttpResponse:
    back = reverse("partners:apply", kwargs={"program": found.program.slug})
    context = {
        "form": form,
        "program": found.program,
        "offer": offer_of(found, timezone.now()),
        "draft": draft,
        "back_url": f"{back}?{urlencode({'draft': request.GET.get('draft', '')})}",
        "stages": _screens(2),
    }
    response = render(
        request,
        "partners/applications/public_questions.html",
        context,
        status=422 if form.is_bound else 200,
    )
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _screens(now: int) -> list[Stage]:
    """Return the two screens, the open one marked."""
    return [
        Stage(_("Who you are"), "now" if now == 1 else "done"),
        Stage(_("Your answers"), "now" if now == 2 else "todo"),
    ]


def _found(slug: str) -> PublicProgram:
    found = public_program(slug)
    if found is None:
        raise Http404
    return found


def _closed(request: HttpRequest, found: PublicProgram, at: datetime) -> HttpResponse:
    context = {"program": found.program, "offer": offer_of(found, at)}
    return render(request, "partners/applications/public_closed.html", context, status=403)


def _gone(found: PublicProgram | None) -> dict[str, Any]:
    return {"program": found.program if found else None}


def _gone_page(request: HttpRequest, found: PublicProgram) -> HttpResponse:
    return render(request, "partners/applications/public_gone.html", _gone(found), status=410)


def _draft_of(request: HttpRequest, found: PublicProgram, at: datetime) -> Application | None:
    try:
        draft = live_draft(drafted(request.GET.get("draft", "")), at)
    except BadLink:
        return None
    return draft if draft and draft.program_id == found.program.id else None


def _prospect_of(request: HttpRequest) -> Prospect | None:
    try:
        return Prospect.objects.filter(id=invited(request.GET.get("invited", ""))).first()
    except BadLink:
        return None


def _invited_id(prospect: Prospect | None, draft: Application | None) -> UUID | None:
    """Return whom an invitation named; the way back to the first screen carries the draft alone."""
    if prospect is not None:
        return prospect.id
    return draft.prospect_id if draft else None


def _initial(draft: Application | None, prospect: Prospect | None) -> dict[str, Any]:
    if draft:
        return contact_initial(draft)
    if prospect is None:
        return {}
    return {
        "company": prospect.company,
        "website": prospect.domain,
        "country": prospect.country,
        "type": prospect.type,
        "name": prospect.contact,
        "email": prospect.email,
    }


def _origin(request: HttpRequest) -> Origin:
    """Return what the address says of the first visit; else the site that led here."""
    given = request.GET
    source = tidy_source(given.get("utm_source"))
    if not source:
        host = urlsplit(_header(request, "Referer")).hostname or ""
        own = request.get_host().partition(":")[0].lower()
        source = tidy_source(host.removeprefix("www.")) if host and host != own else ""
    return Origin(
        source, tidy_source(given.get("utm_campaign")), tidy_source(given.get("utm_medium"))
    )


def _header(request: HttpRequest, name: str) -> str:
    text = request.headers.get(name, "")
    try:
        urlsplit(text).hostname  # noqa: B018  a broken address says so when it is read
    except ValueError:
        return ""
    return text


def _with(request: HttpRequest, path: str, origin: Origin) -> str:
    """Return the path with where the visitor came from, and the invitation when there is one."""
    query = {
        "utm_source": origin.source,
        "utm_campaign": origin.campaign,
        "utm_medium": origin.medium,
        "invited": request.GET.get("invited", ""),
    }
    text = urlencode({name: value for name, value in query.items() if value})
    return f"{path}?{text}" if text else path


def _own(request: HttpRequest, token: str) -> Application | None:
    """Return the application of a link; None when too many links were tried. Raises Http404 for a wrong one."""
    application = application_of(token)
    if application is not None:
        return application
    if not is_within(request, what="partner-link", most=LINKS_AN_HOUR, seconds=HOUR):
        return None
    raise Http404


def _too_many(request: HttpRequest) -> HttpResponse:
    response = render(request, "429.html", status=429)
    response.headers["Retry-After"] = RETRY_SECONDS
    return response


def _to(request: HttpRequest, name: str, program: str, **query: str) -> HttpResponse:
    path = reverse(name, kwargs={"program": program})
    return redirect_to(request, f"{path}?{urlencode(query)}" if query else path)


def _uuid(text: Any) -> UUID | None:
    try:
        return UUID(str(text))
    except ValueError:
        return None
