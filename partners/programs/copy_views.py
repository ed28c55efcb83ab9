"""Copy a program, export it as a file, import such a file after a look at what it would make."""

import json
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from partners.programs.copying import (
    Made,
    NotAProgram,
    copy_program,
    make_program,
    previewed,
    program_document,
)
from partners.programs.models import Program
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.web.forms import FileDrop
from prm.web.htmx import hx_redirect

FILE_BYTES = 1_000_000


class CopyForm(forms.Form):
    """The name of the copy."""

    name = forms.CharField(
        label=gettext_lazy("Name of the copy"),
        max_length=120,
        error_messages={"required": gettext_lazy("Enter a name")},
    )


class FileForm(forms.Form):
    """The exported file."""

    file = forms.FileField(
        label=gettext_lazy("Choose the exported file"),
        widget=FileDrop(accept="application/json", limits=gettext_lazy("JSON, at most 1 MB")),
        error_messages={"required": gettext_lazy("Choose a file")},
    )


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.EDIT_PROGRAMS)
def program_copy(request: MemberRequest, program_id: UUID) -> HttpResponse:
    """Make another program with the settings of this one."""
    program = get_object_or_404(Program, id=program_id)
    form = CopyForm(
        request.POST if request.method == "POST" else None,
        initial={"name": _("Copy of %(name)s") % {"name": program.name}},
    )
    if form.is_bound and form.is_valid():
        made = copy_program(
            program_id=program.id,
            name=form.cleaned_data["name"],
            actor=request.member.actor,
            at=timezone.now(),
        )
        _tell(request, made)
        return hx_redirect(request, "partners:program-detail", program_id=made.program.id)
    return render(
        request,
        "partners/programs/copy.html",
        {"form": form, "program": program},
        status=422 if form.is_bound else 200,
    )


@require_safe
@needs(Capability.EDIT_PROGRAMS)
def program_export(_request: MemberRequest, program_id: UUID) -> HttpResponse:
    """Answer the program's settings as a file without anybody's data."""
    program = get_object_or_404(Program, id=program_id)
    document = program_document(program_id=program.id)
    response = HttpResponse(
        json.dumps(document, ensure_ascii=False, indent=2), content_type="application/json"
    )
    response.headers["Content-Disposition"] = f'attachment; filename="program-{program.slug}.json"'
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.EDIT_PROGRAMS)
def program_import(request: MemberRequest) -> HttpResponse:
    """Take a file, show what it would make, and make it once that is confirmed."""
    if request.method == "POST" and request.POST.get("do") == "import":
        return _imported(request)
    form = FileForm(
        request.POST if request.method == "POST" else None,
        request.FILES if request.method == "POST" else None,
    )
    if form.is_bound and form.is_valid():
        file = form.cleaned_data["file"]
        text = file.read(FILE_BYTES + 1)
        try:
            document = _read(text)
            made = previewed(document=document, actor=request.member.actor, at=timezone.now())
        except NotAProgram as refusal:
            form.add_error("file", _refusal(refusal))
        else:
            context = {
                "made": made,
                "document": json.dumps(document, separators=(",", ":")),
                "name": document["program"]["name"],
            }
            return render(request, "partners/programs/import_check.html", context)
    return render(
        request,
        "partners/programs/import.html",
        {"form": form},
        status=422 if form.is_bound else 200,
    )


def _imported(request: MemberRequest) -> HttpResponse:
    try:
        made = make_program(
            document=_read(request.POST.get("document", "").encode()),
            name=request.POST.get("name", "").replace("\x00", "")[:120],
            actor=request.member.actor,
            at=timezone.now(),
        )
    except NotAProgram as refusal:
        form = FileForm({}, MultiValueDict())
        form.add_error("file", _refusal(refusal))
        return render(request, "partners/programs/import.html", {"form": form}, status=422)
    _tell(request, made)
    return hx_redirect(request, "partners:program-detail", program_id=made.program.id)


def _read(text: bytes) -> Any:
    """Return what the file says. Raises NotAProgram for anything but JSON of at most 1 MB that can be written again."""
    if len(text) > FILE_BYTES:
        raise NotAProgram("size")
    try:
        document = json.loads(text.decode("utf-8-sig"))
        # Half a character (a lone surrogate) and what is nested too deep can be read, but neither shown nor kept.
        json.dumps(document, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as refusal:
        raise NotAProgram("json") from refusal
    return document


def _refusal(refusal: NotAProgram) -> str:
    if str(refusal) == "version":
        return _("This file comes from a newer portal. Export it from one of this version.")
    if str(refusal) == "program":
        return _("The program's own settings in this file cannot be read.")
    return _("This file is no exported program. Choose the one that “Export program” gave you.")


def _tell(request: MemberRequest, made: Made) -> None:
    messages.success(
        request, _("The program is there, with everything as a draft. Publish its parts next.")
    )
    for line in made.left_out:
        messages.warning(request, f"{line.title}: {line.problem}")
