"""Staff bring spreadsheets of referrals in: upload, say what it means, check, import, undo."""

from io import BytesIO
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.web.exports import csv_lines
from prm.web.filters import FilterBar, select_from
from prm.web.formats import number_text
from prm.web.htmx import STOP_POLLING, hx_redirect, render_part, wants_part
from prm.web.paging import keyset_page
from prm.web.parts import Stat
from prm.web.spreadsheets import FileRefused
from referrals.imports.forms import ColumnsForm, NewImportForm, ValuesForm
from referrals.imports.models import Import, ImportState
from referrals.imports.presets import mapping_of_toml, toml_of
from referrals.imports.rules import BadMapping, Mapping, mapping_from
from referrals.imports.selectors import (
    custom_choices,
    plain_amount,
    previews,
    problem_header,
    problem_lines,
    problems_of,
    program_choices,
    proposed_mapping,
    value_questions,
    with_guesses,
)
from referrals.imports.services import (
    NotNow,
    is_read,
    live_job,
    queue_check,
    queue_commit,
    queue_undo,
    set_mapping,
    start_import,
)
from referrals.imports.tables import ImportTable, PartnerTallyTable, ProblemTable, partner_rows
from referrals.imports.words import SEVERITIES, problem_words
from referrals.intake.services import take_import_into_queue
from referrals.pipeline.models import StageKind
from referrals.pipeline.selectors import history_waiting

# A check has said what a commit will do, and it is not done.
CHECKED_STATES = (ImportState.CHECKED, ImportState.COMMITTING, ImportState.FAILED)


@require_GET
@needs(Capability.IMPORT_REFERRALS)
def import_list(request: MemberRequest) -> HttpResponse:
    found = Import.objects.select_related("program", "started_by")
    page = keyset_page(
        found, params=request.GET, orders={"created": ("created_at",)}, default="-created"
    )
    context = {"page": page, "table": ImportTable(page.rows, page=page)}
    return render_part(request, "referrals/imports/list.html", context)


@require_http_methods(["GET", "POST"])
@needs(Capability.IMPORT_REFERRALS)
def import_new(request: MemberRequest) -> HttpResponse:
    """Take the file, and what goes with it."""
    programs = program_choices()
    form = NewImportForm(request.POST or None, request.FILES or None, programs=programs)
    if request.method == "POST" and form.is_valid():
        source = _started(request, form)
        if source is not None:
            # A workbook is read by a job first; the detail page shows it.
            name = "import-values" if source.mapping.get("columns") else "import-map"
            return hx_redirect(request, f"referrals:{name}", import_id=source.id)
    context = {"form": form, "programs": programs}
    return render(
        request, "referrals/imports/new.html", context, status=422 if form.errors else 200
    )


def _started(request: MemberRequest, form: NewImportForm) -> Import | None:
    """Begin the import, or say on the form what is wrong with a file."""
    field = "file"
    try:
        with NamedTemporaryFile() as upload, NamedTemporaryFile() as people:
            _write(form.cleaned_data["file"], upload)
            given = form.cleaned_data["people"]
            if given:
                _write(given, people)
            field = "preset"
            preset = _preset(form.cleaned_data["preset"])
            field = "file"
            return start_import(
                program_id=UUID(form.cleaned_data["program"]),
                upload=Path(upload.name),
                file_name=form.cleaned_data["file"].name,
                actor=request.member.actor,
                at=timezone.now(),
                people=Path(people.name) if given else None,
                preset=preset,
            )
    except FileRefused as refused:
        form.add_error(field, refused.words)
    except BadMapping as error:
        form.add_error("preset", str(error))
    return None


def _write(file: "UploadedFile[Any]", target: Any) -> None:
    for part in file.chunks():
        target.write(part)
    target.flush()


def _preset(file: "UploadedFile[Any] | None") -> Mapping | None:
    if not file:
        return None
    try:
        return mapping_of_toml(file.read().decode("utf-8"))
    except UnicodeDecodeError as error:
        raise BadMapping(gettext("The mapping is not text in UTF-8")) from error


@require_http_methods(["GET", "POST"])
@needs(Capability.IMPORT_REFERRALS)
def import_map(request: MemberRequest, import_id: UUID) -> HttpResponse:
    """Say what each column is."""
    source = _import(import_id)
    if not is_read(source):
        return hx_redirect(request, "referrals:import-detail", import_id=source.id)
    mapping, columns = proposed_mapping(source), previews(source)
    form = ColumnsForm(
        request.POST or None,
        headings=[column.heading for column in columns],
        custom=custom_choices(source.program),
        mapping=mapping,
    )
    if request.method == "POST" and form.is_valid():
        settings = mapping.as_json() | {"columns": form.columns, "custom": form.custom}
        chosen = with_guesses(source, mapping_from(settings), timezone.localdate())
        if _mapped(request, source, chosen, form):
            return hx_redirect(request, "referrals:import-values", import_id=source.id)
    rows = [(column, form[f"column_{place}"]) for place, column in enumerate(columns)]
    context = {"form": form, "source": source, "rows": rows}
    return render(
        request, "referrals/imports/map.html", context, status=422 if form.errors else 200
    )


@require_http_methods(["GET", "POST"])
@needs(Capability.IMPORT_REFERRALS)
def import_values(request: MemberRequest, import_id: UUID) -> HttpResponse:
    """Say how values are read and what happens to incomplete rows; then the check begins."""
    source = _import(import_id)
    if not is_read(source):
        return hx_redirect(request, "referrals:import-detail", import_id=source.id)
    if not source.mapping.get("columns"):
        return hx_redirect(request, "referrals:import-map", import_id=source.id)
    mapping = (
        with_guesses(source, proposed_mapping(source), timezone.localdate())
        if request.method == "GET"
        else proposed_mapping(source)
    )
    asked = value_questions(source, mapping, timezone.localdate())
    form = ValuesForm(
        request.POST or None,
        mapping=mapping,
        orders=asked.orders,
        marks=asked.marks,
        words=asked.words,
        stages=asked.stages,
        people=asked.people,
        hints=asked.hints,
        initial=asked.initial,
    )
    if request.method == "POST" and form.is_valid() and _mapped(request, source, form.result, form):
        queue_check(import_id=source.id, actor=request.member.actor, at=timezone.now())
        return hx_redirect(request, "referrals:import-detail", import_id=source.id)
    context = {"form": form, "source": source, "asked": asked}
    return render(
        request, "referrals/imports/values.html", context, status=422 if form.errors else 200
    )


def _mapped(
    request: MemberRequest, source: Import, mapping: Mapping, form: ColumnsForm | ValuesForm
) -> bool:
    try:
        set_mapping(
            import_id=source.id, mapping=mapping, actor=request.member.actor, at=timezone.now()
        )
    except NotNow:
        form.add_error(
            None, gettext("This import is under way or done; its mapping can no longer change")
        )
    except BadMapping as error:
        form.add_error(None, str(error))
    else:
        return True
    return False


@require_GET
@needs(Capability.IMPORT_REFERRALS)
def import_detail(request: MemberRequest, import_id: UUID) -> HttpResponse:
    """Show how the import stands; while a job works on it, the part asks again every two seconds."""
    source = _import(import_id)
    job = live_job(source.id)
    done = source.state in {ImportState.COMMITTED, ImportState.UNDONE, ImportState.UNDOING}
    report = source.commit_report if done and source.commit_report else source.check_report
    if source.state == ImportState.UNDONE:
        report = {}  # what it counted is gone
    context = {
        "source": source,
        "job": job,
        "is_read": is_read(source),
        "report": report,
        "stats": _stats(report, done=done) if report else [],
        "stages": _stage_counts(report),
        "history": _history_count(source, report),
        "queue_size": _queue_size(source, report),
        "partners": PartnerTallyTable(partner_rows(report)) if report.get("partners") else None,
        "problems": [
            {**said, "words": problem_words(said["code"]), "result": SEVERITIES[said["severity"]]}
            for said in report.get("problems", [])
        ],
        "can_map": is_read(source)
        and source.state
        in {ImportState.UPLOADED, ImportState.CHECKED, ImportState.FAILED, ImportState.UNDONE},
        "can_commit": source.state == ImportState.CHECKED and bool(report.get("ready")),
        "can_undo": source.state == ImportState.COMMITTED,
        "can_repeat": source.state == ImportState.UNDONE and bool(source.mapping.get("columns")),
        "can_retry": source.state == ImportState.FAILED and bool(source.mapping.get("columns")),
    }
    response = render_part(request, "referrals/imports/detail.html", context, part="state")
    if wants_part(request) and job is None:
        # The buttons above the part depend on the state, too: the finished page is asked for as a whole.
        response.headers["HX-Refresh"] = "true"
        response.status_code = STOP_POLLING
    return response


def _history_count(source: Import, report: dict[str, Any]) -> int:
    """Return how many referrals are history without an answer: now, or before the commit, will be."""
    if source.state == ImportState.COMMITTED:
        return history_waiting(import_id=source.id).count()
    return int(report.get("history", 0)) if source.state in CHECKED_STATES else 0


def _queue_size(source: Import, report: dict[str, Any]) -> int:
    """Return how many referrals the commit will put into the queue."""
    if source.state not in CHECKED_STATES:
        return 0
    return int(report.get("stages", {}).get(StageKind.SUBMITTED, 0)) - int(report.get("history", 0))


def _stage_counts(report: dict[str, Any]) -> list[tuple[Any, str]]:
    """Return the report's stages in the pipeline's order."""
    counts = report.get("stages", {})
    return [(kind.label, number_text(counts[kind])) for kind in StageKind if kind in counts]


def _stats(report: dict[str, Any], *, done: bool) -> list[Stat]:
    in_words = gettext("Imported") if done else gettext("Will be imported")
    return [
        Stat(
            in_words,
            number_text(report["ready"]),
            gettext("of %(rows)s rows") % {"rows": number_text(report["rows"])},
        ),
        Stat(gettext("Left out by choice"), number_text(report["skipped"])),
        Stat(gettext("With errors"), number_text(report["errors"])),
        Stat(gettext("Customers"), number_text(report["customers"])),
        Stat(gettext("Revenue"), plain_amount(report)),
        Stat(
            gettext("Partners"),
            number_text(report["partner_count"]),
            gettext("%(count)s new") % {"count": number_text(report["partner_new"])},
        ),
    ]


@require_POST
@needs(Capability.IMPORT_REFERRALS)
def import_check(request: MemberRequest, import_id: UUID) -> HttpResponse:
    return _queued(request, import_id, queue_check)


@require_POST
@needs(Capability.IMPORT_REFERRALS)
def import_commit(request: MemberRequest, import_id: UUID) -> HttpResponse:
    return _queued(request, import_id, queue_commit)


@require_POST
@needs(Capability.IMPORT_REFERRALS)
def import_queue(request: MemberRequest, import_id: UUID) -> HttpResponse:
    """Take the import's history into the queue, where it is owed an answer from now on."""
    source = _import(import_id)
    taken = take_import_into_queue(
        import_id=source.id, actor=request.member.actor, at=timezone.now()
    )
    words = ngettext(
        "%(count)s referral is in the queue now", "%(count)s referrals are in the queue now", taken
    )
    messages.success(request, words % {"count": number_text(taken)})
    return hx_redirect(request, "referrals:import-detail", import_id=source.id)


@require_http_methods(["GET", "POST"])
@needs(Capability.IMPORT_REFERRALS)
def import_undo(request: MemberRequest, import_id: UUID) -> HttpResponse:
    """Ask once more, then take the rows away."""
    source = _import(import_id)
    if request.method == "POST" or source.state != ImportState.COMMITTED:
        return (
            _queued(request, import_id, queue_undo)
            if request.method == "POST"
            else hx_redirect(request, "referrals:import-detail", import_id=source.id)
        )
    return render(
        request, "referrals/imports/undo.html", {"source": source, "report": source.commit_report}
    )


def _queued(request: MemberRequest, import_id: UUID, queue: Any) -> HttpResponse:
    source = _import(import_id)
    try:
        queue(import_id=source.id, actor=request.member.actor, at=timezone.now())
    except NotNow:
        messages.error(
            request, gettext("This cannot be done as the import stands now; nothing was changed")
        )
    return hx_redirect(request, "referrals:import-detail", import_id=source.id)


@require_GET
@needs(Capability.IMPORT_REFERRALS)
def import_problems(request: MemberRequest, import_id: UUID) -> HttpResponse:
    """List what was said about rows, or give them as a file."""
    source = _import(import_id)
    severity = request.GET.get("result", "")
    if request.GET.get("format") == "csv" and is_read(source):
        out = BytesIO()
        for line in csv_lines(problem_header(source), problem_lines(source, severity)):
            out.write(line.encode())
        response = HttpResponse(out.getvalue(), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = 'attachment; filename="rows-with-reasons.csv"'
        return response
    page = keyset_page(
        problems_of(source, severity),
        params=request.GET,
        orders={"line": ("line",)},
        default="line",
    )
    url = reverse("referrals:import-problems", kwargs={"import_id": source.id})
    results = select_from(request.GET, "result", gettext("Result"), list(SEVERITIES.items()))
    bar = FilterBar(url, gettext("Filter rows"), request.GET, "", [results])
    context = {
        "source": source,
        "page": page,
        "table": ProblemTable(page.rows, page=page),
        "bar": bar,
        "severity": severity,
    }
    return render_part(request, "referrals/imports/problems.html", context)


@require_GET
@needs(Capability.IMPORT_REFERRALS)
def import_preset(request: MemberRequest, import_id: UUID) -> HttpResponse:
    source = _import(import_id)
    mapping = proposed_mapping(source)
    response = HttpResponse(
        toml_of(mapping, people_file="people.csv"), content_type="application/toml; charset=utf-8"
    )
    response["Content-Disposition"] = 'attachment; filename="mapping.toml"'
    return response


def _import(import_id: UUID) -> Import:
    return get_object_or_404(Import.objects.select_related("program", "started_by"), id=import_id)
