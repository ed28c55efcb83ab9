"""The form builder: how a program admits, what its form asks, and how both screens look to an applicant."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone, translation
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partners.applications.builder_forms import (
    QUESTION_TYPES,
    AdmissionForm,
    QuestionForm,
    admission_initial,
    question_initial,
    rows_needed,
)
from partners.applications.forms import ContactForm, QuestionsForm
from partners.applications.models import Admission
from partners.applications.offer import offer_of
from partners.applications.rules import CHOICE_TYPES, MAX_QUESTIONS, can_score, most_points
from partners.applications.selectors import PublicProgram, admission_of
from partners.applications.services import edit_admission
from partners.programs.models import Program
from partners.programs.rules import fresh_key
from partners.programs.texts import said
from partners.training.forms import languages
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.web.htmx import hx_redirect
from prm.web.parts import Tab


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.EDIT_PROGRAMS)
def admission_edit(request: MemberRequest, program_id: UUID) -> HttpResponse:
    """Show and change how the program admits, with the questions of its form."""
    program, admission = _both(program_id)
    form = AdmissionForm(
        request.POST if request.method == "POST" else None,
        initial=admission_initial(admission),
        first=request.tenant.language,
    )
    if form.is_bound and form.is_valid():
        edit_admission(
            program_id=program.id, actor=request.member.actor, at=timezone.now(), **form.settings
        )
        messages.success(request, _("The changes are saved."))
        return hx_redirect(request, "partners:admission-edit", program_id=program.id)
    language = get_language() or "en"
    context = {
        "form": form,
        "texts": form.group("page_text"),
        "program": program,
        "admission": admission,
        "questions": [_line(question, language) for question in admission.questions],
        "most_points": most_points(admission.questions),
        "kinds": list(QUESTION_TYPES.items()),
        "is_full": len(admission.questions) >= MAX_QUESTIONS,
        "publish_url": _url("partners:program-publish", program),
    }
    return render(
        request,
        "partners/applications/admission.html",
        context,
        status=422 if form.is_bound else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.EDIT_PROGRAMS)
def question_new(request: MemberRequest, program_id: UUID) -> HttpResponse:
    """Add a question of the type in the address."""
    kind = request.GET.get("type", "text")
    if kind not in QUESTION_TYPES:
        raise Http404
    program, admission = _both(program_id)
    return _question_page(request, program, admission, kind, None)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.EDIT_PROGRAMS)
def question_edit(request: MemberRequest, program_id: UUID, key: str) -> HttpResponse:
    """Change a question; what was answered before keeps the question as it was asked."""
    program, admission = _both(program_id)
    question = _question(admission, key)
    return _question_page(request, program, admission, question["type"], question)


@require_POST
@needs(Capability.EDIT_PROGRAMS)
def question_move(request: MemberRequest, program_id: UUID, key: str) -> HttpResponse:
    """Move a question up or down, or take it away."""
    program, admission = _both(program_id)
    questions, doing = list(admission.questions), request.POST.get("do")
    place = questions.index(_question(admission, key))
    if doing == "remove":
        questions.pop(place)
    elif doing == "up" and place > 0:
        questions[place - 1], questions[place] = questions[place], questions[place - 1]
    elif doing == "down" and place < len(questions) - 1:
        questions[place + 1], questions[place] = questions[place], questions[place + 1]
    _save(request, program, questions)
    return hx_redirect(request, "partners:admission-edit", program_id=program.id)


@require_safe
@needs(Capability.EDIT_PROGRAMS)
def admission_preview(request: MemberRequest, program_id: UUID) -> HttpResponse:
    """Show both screens as an applicant reads them, in the language of the address; nothing can be sent."""
    program, admission = _both(program_id)
    known = dict(languages())
    language = request.GET.get("language", "")
    language = language if language in known else (get_language() or "en")
    tabs = [Tab(name, f"?language={code}", code == language) for code, name in languages()]
    with translation.override(language):
        context = {
            "program": program,
            "tabs": tabs,
            "shown_language": language,
            "contact": ContactForm(initial={}),
            "questions": QuestionsForm(questions=admission.questions),
            "offer": offer_of(PublicProgram(program, admission), timezone.now()),
        }
    return render(request, "partners/applications/preview.html", context)


def _question_page(
    request: MemberRequest,
    program: Program,
    admission: Admission,
    kind: str,
    question: dict[str, Any] | None,
) -> HttpResponse:
    if question is None and len(admission.questions) >= MAX_QUESTIONS:
        messages.info(request, _("Twenty questions are the most."))
        return hx_redirect(request, "partners:admission-edit", program_id=program.id)
    form = QuestionForm(
        request.POST if request.method == "POST" else None,
        kind=kind,
        row_count=rows_needed(question),
        initial=question_initial(question) if question else {},
        first=request.tenant.language,
    )
    if form.is_bound and form.is_valid():
        taken = {row["key"] for row in admission.questions}
        label = next(iter(form.told("label").values()))
        changed = form.question(question["key"] if question else fresh_key(label, taken))
        rows = [changed if row == question else row for row in admission.questions]
        _save(request, program, rows if question else [*rows, changed])
        messages.success(request, _("The question is saved."))
        return hx_redirect(request, "partners:admission-edit", program_id=program.id)
    context = {
        "form": form,
        "labels": form.group("label"),
        "hints": form.group("hint"),
        "rows": form.rows(),
        "own": form.plain(),
        "declines": form.declines(),
        "program": program,
        "question": question,
        "kind": QUESTION_TYPES[kind],
        "has_choices": kind in CHOICE_TYPES,
    }
    return render(
        request,
        "partners/applications/question.html",
        context,
        status=422 if form.is_bound else 200,
    )


def _line(question: dict[str, Any], language: str) -> dict[str, Any]:
    """Return a question as the list shows it."""
    knocks = (
        any(choice["knock_out"] for choice in question["choices"])
        or question["least"] is not None
        or bool(question["countries"])
    )
    return {
        "key": question["key"],
        "label": said(question["label"], language),
        "kind": QUESTION_TYPES[question["type"]],
        "required": question["required"],
        "knocks_out": knocks,
        "scores": can_score(question),
        "missing": [name for code, name in languages() if not question["label"].get(code)],
    }


def _save(request: MemberRequest, program: Program, questions: list[dict[str, Any]]) -> None:
    edit_admission(
        program_id=program.id, questions=questions, actor=request.member.actor, at=timezone.now()
    )


def _both(program_id: UUID) -> tuple[Program, Admission]:
    program = get_object_or_404(Program, id=program_id)
    return program, admission_of(program.id)


def _question(admission: Admission, key: str) -> dict[str, Any]:
    found = next((row for row in admission.questions if row["key"] == key), None)
    if found is None:
        raise Http404
    return dict(found)


def _url(name: str, program: Program) -> str:
    try:
        return reverse(name, kwargs={"program_id": program.id})
    except NoReverseMatch:
        return ""
