"""The vendor's pages about programs."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partners.programs.checklist import checklist, page_of, published_since
from partners.programs.forms import NewProgramForm, ProgramForm, QuestionForm
from partners.programs.models import CustomFieldType, Program
from partners.programs.panels import plan_panel, rules_panel
from partners.programs.recruiting import recruiting_lines
from partners.programs.rules import MAX_FIELDS, fresh_key
from partners.programs.selectors import program_rows
from partners.programs.services import (
    ProgramSlugTaken,
    close_program,
    create_program,
    edit_program,
    reopen_program,
)
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.audit.selectors import history_of
from prm.web.htmx import hx_redirect

EDITED = (
    "name",
    "summary",
    "objective",
    "metric",
    "metric_target",
    "protection_days",
    "answer_hours",
)


@require_safe
@needs(Capability.SEE_PROGRAMS)
def program_list(request: MemberRequest) -> HttpResponse:
    """Show the programs."""
    context = {"rows": program_rows(), "may_edit": request.member.may(Capability.EDIT_PROGRAMS)}
    return render(request, "partners/programs/list.html", context)


@require_safe
@needs(Capability.SEE_PROGRAMS)
def program_detail(request: MemberRequest, program_id: UUID) -> HttpResponse:
    """Show everything about one program, with the ways to its stages, plan, questions and agreement."""
    program = _program(program_id)
    items = checklist(program, timezone.now())
    context = {
        "program": program,
        "recruiting": recruiting_lines(program, items),
        "open_count": sum(not item.is_done for item in items),
        "published_at": published_since(program.id),
        "public_url": page_of("partners:join", program),
        "enrolled": next(
            row.partner_count for row in program_rows() if row.program.id == program.id
        ),
        "types": dict(CustomFieldType.choices),
        "stages_url": _url("referrals:stage-list", program),
        "plan_url": _url("commissions:plan-list", program),
        "plan": plan_panel(program),
        "rules": rules_panel(program, request.member),
        "import_url": _import_url(program)
        if program.is_open and request.member.may(Capability.IMPORT_REFERRALS)
        else "",
        "history": history_of(f"program:{program.id}"),
        "may_edit": request.member.may(Capability.EDIT_PROGRAMS),
    }
    return render(request, "partners/programs/detail.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.EDIT_PROGRAMS)
def program_new(request: MemberRequest) -> HttpResponse:
    """Open a program."""
    initial = {"currency": request.tenant.currency, "protection_days": 90, "answer_hours": 16}
    form = NewProgramForm(request.POST or None, initial=initial, currency=request.tenant.currency)
    if form.is_bound and form.is_valid():
        try:
            program = create_program(
                slug=form.slug, actor=request.member.actor, at=timezone.now(), **form.settings
            )
        except ProgramSlugTaken:
            form.add_error("name", _("Another program has this name"))
        else:
            messages.success(
                request, _("The program is open. Check its stages and publish a plan next.")
            )
            return hx_redirect(request, "partners:program-detail", program_id=program.id)
    return render(
        request, "partners/programs/new.html", {"form": form}, status=422 if form.is_bound else 200
    )


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.EDIT_PROGRAMS)
def program_edit(request: MemberRequest, program_id: UUID) -> HttpResponse:
    """Change a program's settings."""
    program = _program(program_id)
    form = ProgramForm(
        request.POST or None,
        initial={name: getattr(program, name) for name in EDITED},
        currency=program.currency,
    )
    if form.is_bound and form.is_valid():
        edit_program(
            program_id=program.id, actor=request.member.actor, at=timezone.now(), **form.settings
        )
        messages.success(request, _("The changes are saved."))
        return hx_redirect(request, "partners:program-detail", program_id=program.id)
    context = {"form": form, "program": program}
    return render(
        request, "partners/programs/edit.html", context, status=422 if form.is_bound else 200
    )


@require_POST
@needs(Capability.EDIT_PROGRAMS)
def program_close(request: MemberRequest, program_id: UUID) -> HttpResponse:
    """Close a program to new referrals, or open it again."""
    program = _program(program_id)
    change = reopen_program if request.POST.get("do") == "reopen" else close_program
    change(program_id=program.id, actor=request.member.actor, at=timezone.now())
    return hx_redirect(request, "partners:program-detail", program_id=program.id)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.EDIT_PROGRAMS)
def program_fields(request: MemberRequest, program_id: UUID) -> HttpResponse:
    """Edit the program's own questions: the list, and a form that adds one or changes the one named by ?edit=."""
    program = _program(program_id)
    edited = _field(program, request.GET["edit"]) if request.GET.get("edit") else None
    form = QuestionForm(request.POST or None, initial=_initial(edited))
    if form.is_bound and form.is_valid():
        edit_program(
            program_id=program.id,
            custom_fields=_with(program, form.cleaned_data, edited),
            actor=request.member.actor,
            at=timezone.now(),
        )
        return hx_redirect(request, "partners:program-fields", program_id=program.id)
    context = {
        "form": form,
        "program": program,
        "edited": edited,
        "types": dict(CustomFieldType.choices),
        "is_full": len(program.custom_fields) >= MAX_FIELDS and edited is None,
    }
    return render(
        request, "partners/programs/fields.html", context, status=422 if form.is_bound else 200
    )


@require_POST
@needs(Capability.EDIT_PROGRAMS)
def program_field(request: MemberRequest, program_id: UUID, key: str) -> HttpResponse:
    """Move a question up or down, or take it away; answers given before stay with their referrals."""
    program = _program(program_id)
    fields, doing = list(program.custom_fields), request.POST.get("do")
    place = fields.index(_field(program, key))
    if doing == "remove":
        fields.pop(place)
    elif doing == "up" and place > 0:
        fields[place - 1], fields[place] = fields[place], fields[place - 1]
    elif doing == "down" and place < len(fields) - 1:
        fields[place + 1], fields[place] = fields[place], fields[place + 1]
    edit_program(
        program_id=program.id, custom_fields=fields, actor=request.member.actor, at=timezone.now()
    )
    return hx_redirect(request, "partners:program-fields", program_id=program.id)


def _program(program_id: UUID) -> Program:
    return get_object_or_404(Program, id=program_id)


def _field(program: Program, key: str) -> dict[str, Any]:
    found = next((field for field in program.custom_fields if field["key"] == key), None)
    if found is None:
        raise Http404
    return dict(found)


def _initial(field: dict[str, Any] | None) -> dict[str, Any]:
    return {**field, "choices": "\n".join(field["choices"])} if field else {}


def _with(
    program: Program, asked: dict[str, Any], edited: dict[str, Any] | None
) -> list[dict[str, Any]]:
    """Return the questions with the new or changed one; a question keeps its key, so that answers stay with it."""
    keys = {field["key"] for field in program.custom_fields}
    key = edited["key"] if edited else fresh_key(asked["label"], keys)
    field = {**asked, "key": key}
    if edited is None:
        return [*program.custom_fields, field]
    return [field if old["key"] == key else old for old in program.custom_fields]


def _import_url(program: Program) -> str:
    """Return the page that takes this program's history in; empty where nobody imports."""
    try:
        return f"{reverse('referrals:import-new')}?program={program.id}"
    except NoReverseMatch:
        return ""


def _url(name: str, program: Program) -> str:
    """Return the address of a page of a package above, empty while it has none."""
    try:
        return reverse(name, kwargs={"program_id": program.id})
    except NoReverseMatch:
        return ""
